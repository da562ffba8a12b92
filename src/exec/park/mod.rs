//! How a thread sleeps and is woken, and what may tell it to stop. Knows no run.

mod cancel;
mod limit;
mod parker;
mod timer;
mod wake_list;
mod wake_once;

pub(super) use cancel::OnStop;
pub(crate) use cancel::{Cancel, IsCancelled};
pub(super) use limit::{Limit, RunningLimit};
pub(crate) use parker::Parker;
pub(super) use timer::{TimerHandle, call_at};
pub(super) use wake_list::WakeList;
pub(super) use wake_once::{WakeOnce, WakeOnceList};
