//! L5: plan → values. The protocol is written in `README.md` beside this file.

mod active;
mod agenda;
mod ahead;
mod bell;
mod cancel;
mod context;
mod equip;
mod executor;
mod fork;
mod invite;
mod job;
mod keep;
mod lone;
mod noted;
mod observe;
mod parallel;
mod permits;
#[allow(unsafe_code)]
mod pool;
mod press;
mod promised;
mod queue;
mod recall;
mod resources;
mod run;
#[allow(unsafe_code)]
pub(crate) mod segment;
mod serial;
mod stack;
mod story;
mod stretch;
mod suspend;
mod task;
mod timer;
mod wait;
mod warmup;
mod worker;

pub(crate) use bell::Bell;
pub(crate) use cancel::Cancel;
pub use cancel::{CancelToken, check};
pub(crate) use context::{Compile, Context, Current};
pub(crate) use executor::Executor;
pub(crate) use fork::fork;
pub(crate) use job::{Job, Terms, job_of};
pub(crate) use lone::lone;
pub(crate) use pool::Pool;
pub(crate) use resources::Resources;
pub(crate) use run::{Finished, Origin, execute};
pub(crate) use stack::on_enough_stack;
pub use story::{Chapter, Times};
pub(crate) use wait::{Awaited, holding, rejoin_here, secede, wait};
