//! Which of a client's tasks goes first.

use std::cmp::Reverse;

/// The order of tasks: the higher priority, then the deeper, then the earlier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::exec) struct Rank {
    priority: Reverse<i32>,
    depth: Reverse<u32>,
    number: u64,
}

impl Rank {
    pub(in crate::exec) fn new(priority: i32, depth: u32, number: u64) -> Rank {
        Rank {
            priority: Reverse(priority),
            depth: Reverse(depth),
            number,
        }
    }

    pub(in crate::exec) fn priority(self) -> i32 {
        self.priority.0
    }
}
