//! The results of one execution of a plan, and which units wait for what. `unsafe` room 2 of 3.

#[cfg(lazygraph_shuttle)]
mod census;
mod failures;
mod groups;
mod liveness;
mod pending;
mod progress;
mod segment;
mod slots;

pub(super) use groups::Ready;
pub(super) use pending::PendingCalls;
pub(super) use segment::{Continuation, Segment, SegmentPtr, is_noted};
