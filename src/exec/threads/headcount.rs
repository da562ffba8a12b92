//! The threads that an executor has invited: those that are to come, those that look for work, and those that take part.

use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, SeqCst};
use crate::base::sync::atomic::{AtomicU64, AtomicUsize};
use crate::base::sync::thread_local;
use std::cell::Cell;
use std::ptr;

/// Where a thread is counted.
#[derive(Clone, Copy)]
struct Stay {
    /// Only compared.
    at: *const Headcount,
    is_lent: bool,
    is_looking: bool,
}

thread_local! {
    static STAY: Cell<Stay> = const {
        Cell::new(Stay { at: ptr::null(), is_lent: false, is_looking: false })
    };
}

/// How many threads have been invited.
///
/// All counts but one are in one word, so that a promised permit is either promised or with a thread that is counted.
#[derive(Default)]
pub(super) struct Headcount {
    /// From below, each of 21 bits: threads that take part; those that only look for work; permits that are promised
    /// to threads that have not come.
    counts: AtomicU64,
    /// Of those that take part: lent ones.
    lent: AtomicUsize,
}

const TAKES_PART: u64 = 1;
const LOOKS: u64 = 1 << 21;
const PROMISE: u64 = 1 << 42;

fn takes_part(counts: u64) -> usize {
    (counts % LOOKS) as usize
}

fn looks(counts: u64) -> usize {
    (counts % PROMISE / LOOKS) as usize
}

fn promised(counts: u64) -> usize {
    (counts / PROMISE) as usize
}

impl Headcount {
    /// A permit is for a thread that will come.
    pub(super) fn promise(&self) {
        self.counts.fetch_add(PROMISE, SeqCst);
    }

    pub(super) fn promised(&self) -> usize {
        promised(self.counts.load(SeqCst))
    }

    /// Takes a promised permit.
    pub(super) fn take_promised(&self) -> bool {
        let less = |counts: u64| counts.checked_sub(PROMISE);
        self.counts.fetch_update(SeqCst, SeqCst, less).is_ok()
    }

    /// A thread comes, takes a promised permit and looks for work; `false`: there is no permit for it.
    pub(super) fn take_promised_and_look(&self) -> bool {
        let comes = |counts: u64| counts.checked_sub(PROMISE).map(|counts| counts + LOOKS);
        self.counts.fetch_update(SeqCst, SeqCst, comes).is_ok()
    }

    /// The calling thread has found a run: it takes part from here on, if it looked for work.
    #[inline]
    pub(super) fn caller_takes_part(&self) {
        let stay = STAY.with(Cell::get);
        if stay.is_looking && ptr::eq(stay.at, self) {
            self.looker_takes_part(stay);
        }
    }

    #[cold]
    fn looker_takes_part(&self, stay: Stay) {
        self.counts
            .fetch_add(TAKES_PART.wrapping_sub(LOOKS), SeqCst);
        if stay.is_lent {
            self.add_lent();
        }
        STAY.with(|now| {
            now.set(Stay {
                is_looking: false,
                ..stay
            });
        });
    }

    /// A thread with a permit comes, and takes part.
    pub(super) fn enter(&self) {
        self.counts.fetch_add(TAKES_PART, SeqCst);
    }

    /// A thread leaves. Whether it was the last.
    pub(super) fn leave(&self, is_looking: bool) -> bool {
        let one = if is_looking { LOOKS } else { TAKES_PART };
        let left = self.counts.fetch_sub(one, SeqCst) - one;
        looks(left) + takes_part(left) == 0
    }

    /// How many take part, and how many of those are lent.
    pub(super) fn taking_part(&self) -> (usize, usize) {
        let all = takes_part(self.counts.load(SeqCst));
        (all, self.lent.load(Acquire))
    }

    pub(super) fn is_empty(&self) -> bool {
        let counts = self.counts.load(SeqCst);
        looks(counts) + takes_part(counts) == 0
    }

    /// Permits that are promised, or with threads that only look.
    pub(super) fn unused(&self) -> usize {
        let counts = self.counts.load(SeqCst);
        looks(counts) + promised(counts)
    }

    pub(super) fn add_lent(&self) {
        self.lent.fetch_add(1, AcqRel);
    }

    pub(super) fn remove_lent(&self) {
        self.lent.fetch_sub(1, AcqRel);
    }

    /// Works: what the work calls can find out that it is inside. `is_looking`: whether it takes no part, before and
    /// after.
    pub(super) fn work(&self, is_lent: bool, is_looking: &mut bool, work: impl FnOnce()) {
        struct Before<'a>(Stay, &'a mut bool);
        impl Drop for Before<'_> {
            fn drop(&mut self) {
                *self.1 = STAY.with(|stay| stay.replace(self.0)).is_looking;
            }
        }
        let stay = Stay {
            at: self,
            is_lent,
            is_looking: *is_looking,
        };
        let _before = Before(STAY.with(|now| now.replace(stay)), is_looking);
        work();
    }
}
