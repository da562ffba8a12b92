//! Whether a client gets on: how many of its futures have begun and ended, and which task is urgent.

use super::rank::Urgency;
use super::unseen::{OnUnseenError, UnseenErrors};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use crate::base::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, fence};
use crate::base::sync::{self, Condvar, Mutex, OnceLock, lock, unpoisoned};
use crate::exec::park::Parker;
use crate::exec::tuning::{STUCK_AFTER, STUCK_DOUBLINGS};
use std::sync::{Arc, Weak};

/// Counters of a client's futures.
#[derive(Default)]
pub(in crate::exec) struct ClientProgress {
    /// All futures that there were.
    expected: AtomicUsize,
    /// Bodies that have begun, several futures of one node counted once.
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// The urgency of a task that waits for a thread: those that it outranks let it go first.
    urgent: AtomicI64,
    /// Some task has, or had, a priority: only then may one have to be passed on.
    has_priorities: AtomicBool,
    /// One more than `steps` when the sleeping threads were asked for help last.
    asked: AtomicUsize,
    stuck: Mutex<Stuck>,
    /// Those who wait in `wait_until`.
    waiting: AtomicUsize,
    gate: Mutex<Vec<Weak<Parker>>>,
    changed: Condvar,
    /// Told of failures that nobody has looked at.
    unseen: OnceLock<Arc<UnseenErrors>>,
}

/// How long it has not got on.
#[derive(Default)]
struct Stuck {
    steps: usize,
    deadline: Option<sync::Countdown>,
    times: u32,
}

impl ClientProgress {
    // -------------------------------------------------------------- futures

    /// `futures` more are pending from here on.
    pub(in crate::exec) fn expect(&self, futures: usize) {
        self.expected.fetch_add(futures, AcqRel);
    }

    #[inline]
    pub(in crate::exec) fn body_begins(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    /// A future has ended, and its outcome is kept or dropped.
    #[inline]
    pub(in crate::exec) fn future_has_ended(&self) {
        let ended = self.ended.fetch_add(1, AcqRel).wrapping_add(1);
        if ended == self.expected.load(Acquire) {
            self.notify();
        }
    }

    /// How many futures have not ended.
    pub(in crate::exec) fn pending(&self) -> usize {
        let ended = self.ended.load(Acquire);
        self.expected.load(Acquire).wrapping_sub(ended)
    }

    /// Those who wait in `wait_until` look again.
    pub(in crate::exec) fn notify(&self) {
        // Whoever does not see that one waits has changed what that one is about to look at.
        fence(SeqCst);
        if self.waiting.load(Relaxed) > 0 {
            let gate = lock(&self.gate);
            let parkers = gate.iter().filter_map(Weak::upgrade).collect::<Vec<_>>();
            drop(gate);
            self.changed.notify_all();
            parkers.iter().for_each(|parker| parker.unpark());
        }
    }

    /// Waits until `condition` holds, which is asked again after each `notify` and when the last future has ended.
    pub(in crate::exec) fn wait_until(&self, condition: impl Fn() -> bool) {
        self.waiting.fetch_add(1, AcqRel);
        fence(SeqCst);
        let mut gate = lock(&self.gate);
        while !condition() {
            gate = unpoisoned(self.changed.wait(gate));
        }
        drop(gate);
        self.waiting.fetch_sub(1, AcqRel);
    }

    /// Has a parker unparked after each `notify` and when the last future has ended, until what this returns is dropped.
    pub(in crate::exec) fn unpark_on_change(self: &Arc<Self>, parker: &Arc<Parker>) -> OnChange {
        self.waiting.fetch_add(1, AcqRel);
        fence(SeqCst);
        lock(&self.gate).push(Arc::downgrade(parker));
        OnChange(self.clone(), Arc::downgrade(parker))
    }

    // -------------------------------------------------------------- failures that nobody has looked at

    /// From here on `call` is told of them.
    pub(in crate::exec) fn tell_unseen_errors(&self, call: OnUnseenError) {
        let _ = self.unseen.set(UnseenErrors::new(call));
    }

    /// A future has failed, and nobody can look at that any more. A cancelled one is no failure.
    pub(in crate::exec) fn report_unseen(self: &Arc<Self>, error: &Error) {
        if let Some(unseen) = self.unseen.get()
            && error.kind() != ErrorKind::Cancelled
        {
            let progress = self.clone();
            unseen.report(error.clone(), move || progress.notify());
        }
    }

    /// Whether there are failures to be told of. For what is told, there are none.
    pub(in crate::exec) fn has_unseen_errors(&self) -> bool {
        self.unseen.get().is_some_and(|unseen| unseen.are_left())
    }

    // -------------------------------------------------------------- urgency

    /// A task of this urgency waits for a thread.
    pub(in crate::exec) fn raise_urgency(&self, urgency: Urgency) {
        self.urgent.fetch_max(urgency, AcqRel);
    }

    /// The urgency of the first of those that wait for a thread; `None`: there are none.
    pub(in crate::exec) fn set_urgency(&self, urgency: Option<Urgency>) {
        self.urgent.store(urgency.unwrap_or(Urgency::MIN), Release);
    }

    #[inline]
    pub(in crate::exec) fn urgency(&self) -> Urgency {
        self.urgent.load(Relaxed)
    }

    pub(in crate::exec) fn note_priorities(&self) {
        self.has_priorities.store(true, Release);
    }

    pub(in crate::exec) fn has_priorities(&self) -> bool {
        self.has_priorities.load(Acquire)
    }

    // -------------------------------------------------------------- progress

    fn steps(&self) -> usize {
        (self.begun.load(Relaxed)).wrapping_add(self.ended.load(Relaxed))
    }

    /// Asks the sleeping threads that could for help; `false` if they have been asked since the last step.
    pub(in crate::exec) fn ask_for_help(&self) -> bool {
        let steps = self.steps().wrapping_add(1);
        self.asked.swap(steps, AcqRel) != steps
    }

    pub(in crate::exec) fn is_asked_for_help(&self) -> bool {
        self.asked.load(Acquire) == self.steps().wrapping_add(1)
    }

    /// Whether there has been no step for a while. Says so to one caller, then to the next after twice as long.
    pub(in crate::exec) fn is_stuck(&self) -> bool {
        let mut stuck = lock(&self.stuck);
        let steps = self.steps();
        if stuck.steps != steps {
            (stuck.steps, stuck.times, stuck.deadline) = (steps, 0, None);
        }
        let patience = STUCK_AFTER * (1 << stuck.times);
        let deadline = (stuck.deadline).get_or_insert_with(|| sync::Countdown::new(patience));
        let is_stuck = deadline.is_over();
        if is_stuck {
            stuck.deadline = None;
            stuck.times = (stuck.times + 1).min(STUCK_DOUBLINGS);
        }
        is_stuck
    }
}

/// A parker is unparked when a client changes, until this is dropped.
pub(crate) struct OnChange(Arc<ClientProgress>, Weak<Parker>);

impl Drop for OnChange {
    fn drop(&mut self) {
        let OnChange(progress, parker) = self;
        lock(&progress.gate).retain(|other| !other.ptr_eq(parker));
        progress.waiting.fetch_sub(1, AcqRel);
    }
}
