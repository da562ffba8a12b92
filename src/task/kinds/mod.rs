//! The kinds of nodes: calls, sources, recomputed calls; and calls that run without a plan.

mod borrow;
mod call;
mod direct;
mod recompute;
pub(crate) mod source;

pub(crate) use borrow::{ScopeLender, with_lender};
pub(crate) use call::{call_node, flat_node};
pub(crate) use direct::{Caller, DirectCalls, PendingResult};
pub(crate) use recompute::recompute;
