//! The worker slots of one compute, as a semaphore.
//!
//! A thread that works holds a permit; one that waits gives it up, so that another may work meanwhile, and
//! takes one again when it comes back. Coming back goes before new units: participants that only help leave
//! between two units while a thread waits to come back.
//!
//! The wait to come back is bounded. A body that comes back may hold a lock that the holders of all permits
//! want: it must never depend on them. It goes on with one thread too many then, until a helper leaves. With
//! each that is too many already the next waits much longer, and only while no permit is given up: what holds
//! a lock is mostly among the first, and bodies that merely take their time are not joined by all others.

use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::base::sync::{Condvar, Mutex, TimedWait, lock};
use crate::exec::tuning::{LONG_PATIENCE, PATIENCE_DOUBLINGS, RETURN_PATIENCE};
use std::time::Duration;

/// The worker slots of one compute.
#[derive(Debug)]
pub(in crate::exec) struct Permits {
    slots: usize,
    /// Held, or promised to threads that were invited.
    held: AtomicUsize,
    /// Threads that wait to come back.
    returning: AtomicUsize,
    /// How many permits were given up while threads waited.
    gate: Mutex<usize>,
    freed: Condvar,
}

impl Permits {
    pub(super) fn new(slots: usize) -> Permits {
        Permits {
            slots,
            held: AtomicUsize::new(0),
            returning: AtomicUsize::new(0),
            gate: Mutex::new(0),
            freed: Condvar::new(),
        }
    }

    pub(in crate::exec) fn slots(&self) -> usize {
        self.slots
    }

    /// Whether one is free. A guess: cheap, for deciding whether to try.
    #[inline]
    pub(in crate::exec) fn may_be_free(&self) -> bool {
        self.held.load(Relaxed) < self.slots
    }

    /// Takes one, if one is free and no thread waits to come back.
    pub(in crate::exec) fn try_take(&self) -> bool {
        self.returning.load(Acquire) == 0 && self.try_take_any()
    }

    fn try_take_any(&self) -> bool {
        let more = |held| (held < self.slots).then_some(held + 1);
        self.held.fetch_update(AcqRel, Acquire, more).is_ok()
    }

    /// Takes one, free or not: for the thread that a compute begins on.
    pub(in crate::exec) fn take(&self) {
        self.held.fetch_add(1, AcqRel);
    }

    /// Gives one up.
    pub(in crate::exec) fn give(&self) {
        let held = self.held.fetch_sub(1, AcqRel);
        debug_assert!(held > 0, "a permit that was not held");
        if self.returning.load(Acquire) > 0 {
            let mut given = lock(&self.gate);
            *given = given.wrapping_add(1);
            drop(given);
            self.freed.notify_one();
        }
    }

    /// Takes one after a wait: the next that is free, or one too many if none has become free for long.
    pub(in crate::exec) fn take_back(&self) {
        if self.try_take_any() {
            return;
        }
        self.returning.fetch_add(1, AcqRel);
        let mut gate = lock(&self.gate);
        let (mut seen, mut excess) = (*gate, self.excess());
        let mut patience = TimedWait::new(patience(excess));
        while !self.try_take_any() {
            gate = match patience.wait(&self.gate, &self.freed, gate) {
                Ok(gate) => gate,
                Err(gate) if seen == *gate && excess == self.excess() => {
                    self.take();
                    drop(gate);
                    break;
                }
                Err(gate) => {
                    (seen, excess) = (*gate, self.excess());
                    patience = TimedWait::new(self::patience(excess));
                    gate
                }
            }
        }
        self.returning.fetch_sub(1, AcqRel);
    }

    /// How many are held that are too many.
    fn excess(&self) -> usize {
        self.held.load(Acquire).saturating_sub(self.slots)
    }

    /// Whether all are free. Exact only while none is taken or given.
    pub(in crate::exec) fn are_all_free(&self) -> bool {
        self.held.load(Acquire) == 0 && self.returning.load(Acquire) == 0
    }

    pub(in crate::exec) fn free(&self) -> usize {
        self.slots.saturating_sub(self.held.load(Acquire))
    }

    /// None is held, and no thread waits for one.
    pub(super) fn assert_at_rest(&mut self) {
        let counts = (*self.held.get_mut(), *self.returning.get_mut());
        assert_eq!(counts, (0, 0), "permits held, and waits for one");
    }

    /// Whether a thread that only helps should leave before its next unit.
    #[inline]
    pub(in crate::exec) fn are_short(&self) -> bool {
        self.returning.load(Relaxed) > 0 || self.held.load(Relaxed) > self.slots
    }
}

/// How long a thread waits for a permit where so many too many are held, if none is given up meanwhile.
fn patience(excess: usize) -> Duration {
    match excess {
        0 => RETURN_PATIENCE,
        _ => LONG_PATIENCE * (1 << (excess - 1).min(PATIENCE_DOUBLINGS)),
    }
}
