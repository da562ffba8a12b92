//! L5: plan → values. The protocol is written in `README.md` beside this file.

mod ahead;
mod bell;
mod cancel;
mod context;
mod fork;
mod keep;
mod observe;
mod parallel;
mod permits;
#[allow(unsafe_code)]
mod pool;
mod queue;
mod recall;
mod run;
#[allow(unsafe_code)]
pub(crate) mod segment;
mod serial;
mod stack;
mod timer;
mod worker;

pub use cancel::{CancelToken, check};
pub(crate) use context::{Compile, Context, Current};
pub(crate) use fork::Fork;
pub(crate) use pool::Pool;
pub(crate) use run::{Finished, Origin, execute};
pub(crate) use stack::on_enough_stack;
