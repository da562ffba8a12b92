//! Running a plan: how threads take the units of a run, to its end.

mod execute;
mod parallel;
mod participant;
mod probe;
mod serial;
mod visit;

pub(crate) use execute::{Finished, execute};
pub(super) use execute::{end_run, settle, tell_end};
pub(super) use probe::may_be_probed;
pub(super) use visit::RAYON;
