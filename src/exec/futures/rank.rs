//! Which of a client's tasks goes first.

use crate::base::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::base::sync::atomic::{AtomicBool, AtomicI64};
use crate::base::sync::{Mutex, lock};
use std::cmp::Reverse;

/// The order of tasks: the higher priority, then the deeper, then those that free memory, then the earlier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::exec) struct Rank {
    priority: Reverse<i32>,
    depth: Reverse<u32>,
    /// What it does next uses the result of a future, which nobody may need after that.
    frees: Reverse<bool>,
    number: u64,
}

/// What makes a thread leave a run for another: see [`Rank::urgency`].
pub(in crate::exec) type Urgency = i64;

impl Rank {
    pub(in crate::exec) fn new(priority: i32, depth: u32, number: u64) -> Rank {
        Rank {
            priority: Reverse(priority),
            depth: Reverse(depth),
            frees: Reverse(false),
            number,
        }
    }

    pub(in crate::exec) fn priority(self) -> i32 {
        self.priority.0
    }

    pub(in crate::exec) fn frees(self) -> bool {
        self.frees.0
    }

    /// How urgent a task is that waits for a thread. Threads do not leave a run for one that is only deeper, or earlier.
    pub(in crate::exec) fn urgency(self) -> Urgency {
        let depth = Urgency::from(self.depth.0.min(i32::MAX as u32));
        Urgency::from(self.priority.0) << 32 | Urgency::from(self.frees.0) << 31 | depth
    }
}

/// Where a task stands among those of its client. The queue changes it, under its lock.
pub(in crate::exec) struct Standing {
    first: Rank,
    /// From this urgency on another task goes first, unless this one frees memory itself.
    outranked_from: AtomicI64,
    frees: AtomicBool,
    /// Futures of it with a priority of their own, or of those who wait for them, the highest last.
    raised: Mutex<Vec<(i32, usize)>>,
}

impl Standing {
    /// `raised`: futures with a higher priority than the others have.
    pub(in crate::exec) fn new(first: Rank, mut raised: Vec<(i32, usize)>) -> Standing {
        raised.sort_unstable();
        let highest = raised.last().map_or(first.priority(), |(p, _)| *p);
        let standing = Standing {
            first,
            outranked_from: AtomicI64::new(0),
            frees: AtomicBool::new(false),
            raised: Mutex::new(raised),
        };
        standing.set_priority(highest);
        standing
    }

    /// As it was made: it never changes.
    pub(in crate::exec) fn first_rank(&self) -> Rank {
        self.first
    }

    pub(in crate::exec) fn rank(&self) -> Rank {
        Rank {
            priority: Reverse(self.priority()),
            frees: Reverse(self.frees.load(Acquire)),
            ..self.first
        }
    }

    /// The highest priority of its futures, and of those who wait for them.
    pub(in crate::exec) fn priority(&self) -> i32 {
        (self.outranked_from.load(Acquire) >> 32) as i32
    }

    fn set_priority(&self, priority: i32) {
        self.outranked_from
            .store(self.outranked_at(priority), Release);
    }

    fn outranked_at(&self, priority: i32) -> Urgency {
        let (priority, frees) = (Reverse(priority), Reverse(true));
        let least = Rank {
            priority,
            frees,
            ..self.first
        };
        least.urgency()
    }

    pub(in crate::exec) fn set_frees(&self, frees: bool) {
        self.frees.store(frees, Release);
    }

    /// Whether a task of this urgency goes first. `frees`: whether what this one does next frees memory. `has_ended`: whether
    /// a future has.
    #[inline]
    pub(in crate::exec) fn yields_to(
        &self,
        urgency: Urgency,
        frees: impl FnOnce() -> bool,
        has_ended: impl Fn(usize) -> bool,
    ) -> bool {
        let mut from = self.outranked_from.load(Relaxed);
        if from >> 32 != Urgency::from(self.first.priority()) {
            from = self.outranked_at(self.highest(&lock(&self.raised), has_ended));
        }
        urgency >= from && (urgency >> 32 > from >> 32 || !frees())
    }

    fn highest(&self, raised: &[(i32, usize)], has_ended: impl Fn(usize) -> bool) -> i32 {
        let mut pending = raised.iter().rev().filter(|(_, index)| !has_ended(*index));
        pending
            .next()
            .map_or(self.first.priority(), |(priority, _)| *priority)
    }

    /// The priority of one of its futures.
    pub(in crate::exec) fn priority_of(&self, index: usize) -> i32 {
        let raised = lock(&self.raised);
        let own = raised.iter().rev().find(|(_, of)| *of == index);
        own.map_or(self.first.priority(), |(priority, _)| *priority)
    }

    /// A future is as urgent as one that waits for it; `false`: it is at least so urgent.
    pub(in crate::exec) fn raise(&self, index: usize, priority: i32) -> bool {
        if self.priority_of(index) >= priority {
            return false;
        }
        let mut raised = lock(&self.raised);
        let at = raised.partition_point(|of| *of < (priority, index));
        raised.insert(at, (priority, index));
        let highest = self.highest(&raised, |_| false);
        drop(raised);
        self.set_priority(highest);
        true
    }

    /// Futures that have ended make nothing urgent any more.
    pub(in crate::exec) fn lower(&self, has_ended: impl Fn(usize) -> bool) {
        let mut raised = lock(&self.raised);
        if raised.is_empty() {
            return;
        }
        while raised.pop_if(|(_, index)| has_ended(*index)).is_some() {}
        let highest = self.highest(&raised, |_| false);
        drop(raised);
        self.set_priority(highest);
    }
}
