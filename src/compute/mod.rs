//! L6: the entry points: what ties handles, passes, plans and the executor together.

mod compile;
mod compute;
mod config;
mod each;
mod observer;
mod options;
mod plan;
mod run;
mod service;

pub use compute::{compute, compute_all, compute_all_with, compute_with, unwrap_or_carry};
pub use observer::IntoObserver;
pub use options::{Options, RunOptions, Scheduler};
pub use plan::{Explain, Plan};

pub(crate) use service::{Planned, Service};
