//! Which of a client's tasks goes first.

use crate::base::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::base::sync::atomic::{AtomicBool, AtomicI64};
use crate::base::sync::{Mutex, lock};
use std::cmp::Reverse;

/// The order of tasks: the higher priority, then the deeper, then those that free memory, then the earlier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::exec) struct Rank {
    /// From the top: the priority as an unsigned number, 31 bits of the depth, whether what it does next uses the result of a
    /// future, which nobody may need after that.
    standing: Reverse<u64>,
    number: u64,
}

/// What makes a thread leave a run for another: see [`Rank::urgency`].
pub(in crate::exec) type Urgency = i64;

const DEEPEST: u32 = (1 << 31) - 1;

impl Rank {
    pub(in crate::exec) fn new(priority: i32, depth: u32, number: u64) -> Rank {
        let rank = Rank {
            standing: Reverse(u64::from(depth.min(DEEPEST)) << 1),
            number,
        };
        rank.with(priority, false)
    }

    /// The same task, if its priority and what it does next are these.
    fn with(self, priority: i32, frees: bool) -> Rank {
        let priority = u64::from(priority.wrapping_sub(i32::MIN) as u32);
        let standing = priority << 32 | u64::from(self.depth()) << 1 | u64::from(frees);
        Rank {
            standing: Reverse(standing),
            ..self
        }
    }

    pub(in crate::exec) fn priority(self) -> i32 {
        ((self.standing.0 >> 32) as i32).wrapping_add(i32::MIN)
    }

    fn depth(self) -> u32 {
        self.standing.0 as u32 >> 1
    }

    pub(in crate::exec) fn frees(self) -> bool {
        self.standing.0 & 1 != 0
    }

    /// How urgent a task is that waits for a thread. Threads do not leave a run for one that is only deeper, or earlier.
    pub(in crate::exec) fn urgency(self) -> Urgency {
        let (priority, depth) = (Urgency::from(self.priority()), Urgency::from(self.depth()));
        priority << 32 | Urgency::from(self.frees()) << 31 | depth
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
        self.first.with(self.priority(), self.frees.load(Acquire))
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
        self.first.with(priority, true).urgency()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_ordered_and_read_back() {
        let priorities = [i32::MAX, 5, 1, 0, -1, -5, i32::MIN];
        let mut before: Option<Rank> = None;
        for priority in priorities {
            for depth in [DEEPEST, 7, 0] {
                for frees in [true, false] {
                    for number in [1, 2] {
                        let rank = Rank::new(0, depth, number).with(priority, frees);
                        let read = (rank.priority(), rank.depth(), rank.frees());
                        assert_eq!(read, (priority, depth, frees));
                        assert!(before.is_none_or(|before| before < rank));
                        before = Some(rank);
                    }
                }
            }
        }
    }

    #[test]
    fn a_run_is_left_for_a_higher_priority_or_to_free_memory() {
        let standing = Standing::new(Rank::new(3, 2, 1), Vec::new());
        let yields = |priority, depth, frees, own: bool| {
            let other = Rank::new(priority, depth, 9).with(priority, frees);
            standing.yields_to(other.urgency(), || own, |_| false)
        };
        assert!(yields(4, 0, false, true) && yields(i32::MAX, 0, false, true));
        assert!(!yields(3, 9, false, false) && !yields(2, 9, true, false));
        assert!(yields(3, 2, true, false) && yields(3, 9, true, false));
        assert!(!yields(3, 1, true, false) && !yields(3, 2, true, true));
        assert!(!yields(i32::MIN, 0, true, false));
    }

    #[test]
    fn futures_that_have_ended_make_nothing_urgent() {
        let standing = Standing::new(Rank::new(0, 0, 1), vec![(5, 0), (7, 1)]);
        assert!(!standing.raise(1, 7) && standing.raise(2, 9) && !standing.raise(2, 9));
        assert_eq!((standing.priority(), standing.priority_of(0)), (9, 5));
        assert_eq!(standing.priority_of(3), 0);
        standing.lower(|index| index == 2);
        assert_eq!(standing.rank().priority(), 7);
        standing.lower(|_| true);
        assert_eq!(standing.rank(), standing.first_rank());
    }
}
