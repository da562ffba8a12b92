//! Which result is evicted first: GreedyDual-Size-Frequency.
//!
//! The priority of a result is `age + uses · cost / bytes`. The age of the memo is the priority of the last evicted result, so
//! newer results overtake one that was expensive long ago and is not used any more. Priorities only grow: the heap holds old
//! ones, and an entry is corrected when it comes up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// The assumed cost of a result that was not timed.
pub(super) const DEFAULT_COST: Duration = Duration::from_micros(10);

/// How much a result is worth keeping, and two more facts about it that cost no room here.
pub(super) struct Score {
    priority: f64,
    /// Distinguishes results stored under one key at different times; among equals, the older is evicted first.
    stamp: u64,
    /// Nanoseconds per byte.
    worth: f32,
    uses: u16,
    /// How many lookups have waited for it and not been repeated yet.
    pub(super) awaited: u8,
    /// It owns memory of unknown size.
    pub(super) estimated: bool,
}

impl Score {
    pub(super) fn new(cost: Option<Duration>, bytes: usize, age: f64, stamp: u64) -> Score {
        let cost = cost.unwrap_or(DEFAULT_COST);
        let worth = (cost.as_nanos() as f64 / bytes.max(1) as f64) as f32;
        Score {
            priority: age + f64::from(worth),
            stamp,
            worth,
            uses: 1,
            awaited: 0,
            estimated: false,
        }
    }

    /// Counts a use.
    #[inline]
    pub(super) fn count_use(&mut self, age: f64) {
        self.uses = self.uses.saturating_add(1);
        self.priority = age + f64::from(self.uses) * f64::from(self.worth);
    }

    pub(super) fn candidate(&self, key: u128) -> Candidate {
        Candidate {
            priority: self.priority.to_bits(),
            stamp: self.stamp,
            key,
        }
    }
}

/// A result that may be evicted, with the priority that it once had.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// The bits of the priority: they have the order of the numbers, which are not negative.
    priority: u64,
    stamp: u64,
    pub(super) key: u128,
}

impl Candidate {
    /// Whether it still is the result with this score.
    pub(super) fn is(&self, score: &Score) -> bool {
        self.stamp == score.stamp
    }

    /// Whether that result has been used since.
    pub(super) fn is_outdated(&self, score: &Score) -> bool {
        self.priority() < score.priority
    }

    pub(super) fn priority(&self) -> f64 {
        f64::from_bits(self.priority)
    }
}

/// All results that may be evicted, the next one on top; for a while also results that were removed otherwise.
#[derive(Default)]
pub(super) struct Candidates(BinaryHeap<Reverse<Candidate>>);

impl Candidates {
    pub(super) fn push(&mut self, candidate: Candidate) {
        self.0.push(Reverse(candidate));
    }

    pub(super) fn pop(&mut self) -> Option<Candidate> {
        self.0.pop().map(|Reverse(first)| first)
    }

    /// Whether most of them were removed otherwise.
    pub(super) fn is_stale(&self, entries: usize) -> bool {
        self.0.len() > 2 * entries + 1024
    }
}
