//! A client's tasks: runs that no thread owns, their futures, and the queue in which they wait for threads.

mod job;
mod queue;

pub(crate) use job::{Job, JobOptions};
pub(crate) use queue::{ClientCounts, JobQueue};
