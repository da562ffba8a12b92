//! The order in which units take resources.

use crate::exec::futures::Rank;
use std::cmp::Reverse;

/// The place of a unit among those that wait for resources: by the rank of its task, how deep in that it is, the node's own
/// priority, then the plan's order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::exec) struct Turn {
    pub(in crate::exec) rank: Rank,
    pub(in crate::exec) depth: Reverse<usize>,
    pub(in crate::exec) priority: Reverse<i32>,
    pub(in crate::exec) run: u64,
    pub(in crate::exec) node: usize,
    /// Where the segment lies: tells apart the graphs that one run executes.
    pub(in crate::exec) segment: usize,
}
