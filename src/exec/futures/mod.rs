//! What the nodes of a task tell its futures. Concrete types, so that the calls are inlined; knows no run.

mod history;
mod outputs;
mod progress;
mod rank;
mod set;
mod unseen;

pub use history::{Times, Transition};
pub(super) use outputs::Outputs;
pub(super) use progress::ClientProgress;
pub(crate) use progress::OnChange;
pub(super) use rank::{Rank, Standing, Urgency};
pub(super) use set::FutureSet;
pub(crate) use unseen::OnUnseenError;
