//! L5: plan → values. The protocol is written in `README.md` beside this file.

mod direct;
mod drive;
mod futures;
mod job;
mod park;
mod queue;
mod resources;
mod run;
#[allow(unsafe_code)]
pub(crate) mod segment;
mod step;
mod threads;
mod tuning;
mod wait;

pub(crate) use direct::{compute_nested, compute_outermost};
pub(crate) use drive::{Finished, execute};
pub(crate) use futures::{OnChange, OnUnseenError};
pub use futures::{Times, Transition};
pub(crate) use job::{ClientCounts, Job, JobOptions, JobQueue};
pub(crate) use park::{Cancel, Parker};
pub(crate) use resources::Resources;
pub(crate) use run::raise_awaited;
pub use run::{CancelToken, check};
pub(crate) use run::{Compile, Context, Origin, current_context, current_owner, is_inside_task};
pub(crate) use threads::{Executor, Pool, is_served_here, on_enough_stack};
pub(crate) use wait::{Awaited, holding_slot, rejoin_here, secede, wait};
