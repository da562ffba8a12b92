//! Who gets how much of a client's named resources, and in which order. Knows no run.

mod lease;
mod table;
mod turn;

pub(super) use lease::Lease;
pub(super) use table::Reacquired;
pub(crate) use table::Resources;
pub(super) use turn::Turn;
