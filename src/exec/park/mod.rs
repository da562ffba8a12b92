//! How a thread sleeps and is woken, and what may tell it to stop. Knows no run.

mod cancel;
mod parker;
mod timer;
mod wake_list;

pub(super) use cancel::OnStop;
pub(crate) use cancel::{Cancel, IsCancelled};
pub(crate) use parker::Parker;
pub(super) use timer::{TimerHandle, call_at};
pub(super) use wake_list::WakeList;
