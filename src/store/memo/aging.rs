//! Which result goes first when room is needed: GreedyDual-Size-Frequency.
//!
//! The priority of a result is `age + uses · cost / bytes`. The age of the memo is the priority of what was
//! dropped last, so that what was dear long ago and is not asked for any more is overtaken by what comes.
//! Priorities only grow: a heap of what they once were is corrected when an entry comes up.

use super::Memo;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

/// How much a result is worth keeping, and, where it costs no room, what else is known of it.
pub(super) struct Rank {
    priority: f64,
    /// Tells apart what was kept under one key at different times; among equals, the older goes first.
    stamp: u64,
    /// Nanoseconds for a byte.
    worth: f32,
    uses: u16,
    /// How many have waited for it and not come back yet.
    pub(super) awaited: u8,
    /// It owns something of unknown size.
    pub(super) estimated: bool,
}

impl Rank {
    pub(super) fn new(cost: Option<Duration>, bytes: usize, age: f64, stamp: u64) -> Rank {
        let cost = cost.unwrap_or(Memo::DEFAULT_COST);
        let worth = (cost.as_nanos() as f64 / bytes.max(1) as f64) as f32;
        Rank {
            priority: age + f64::from(worth),
            stamp,
            worth,
            uses: 1,
            awaited: 0,
            estimated: false,
        }
    }

    /// It has been asked for.
    #[inline]
    pub(super) fn used(&mut self, age: f64) {
        self.uses = self.uses.saturating_add(1);
        self.priority = age + f64::from(self.uses) * f64::from(self.worth);
    }

    pub(super) fn candidate(&self, key: u128) -> Candidate {
        Candidate {
            priority: self.priority,
            stamp: self.stamp,
            key,
        }
    }
}

/// A result that may be dropped, with the priority that it once had.
pub(super) struct Candidate {
    pub(super) priority: f64,
    stamp: u64,
    pub(super) key: u128,
}

impl Candidate {
    /// Whether it still is the result of this rank.
    pub(super) fn is(&self, rank: &Rank) -> bool {
        self.stamp == rank.stamp
    }

    /// Whether that result has been asked for since.
    pub(super) fn is_behind(&self, rank: &Rank) -> bool {
        self.priority < rank.priority
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Candidate) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Candidate {}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Candidate) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Candidate {
    fn cmp(&self, other: &Candidate) -> Ordering {
        let by_priority = self.priority.total_cmp(&other.priority);
        by_priority.then(self.stamp.cmp(&other.stamp))
    }
}

/// All that may be dropped, the first to go on top. Holds what has gone by other ways, too, for a while.
#[derive(Default)]
pub(super) struct Candidates(BinaryHeap<Reverse<Candidate>>);

impl Candidates {
    pub(super) fn push(&mut self, candidate: Candidate) {
        self.0.push(Reverse(candidate));
    }

    pub(super) fn pop(&mut self) -> Option<Candidate> {
        self.0.pop().map(|Reverse(first)| first)
    }

    /// Most of it has gone by other ways.
    pub(super) fn is_stale(&self, entries: usize) -> bool {
        self.0.len() > 2 * entries + 1024
    }
}
