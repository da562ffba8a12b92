//! What the nodes of a task tell its futures. Concrete types, so that the calls are inlined; knows no run.

mod activity;
mod history;
mod outputs;
mod rank;
mod set;

pub(super) use activity::Activity;
pub use history::{Times, Transition};
pub(super) use outputs::Outputs;
pub(super) use rank::Rank;
pub(super) use set::FutureSet;
