//! The state of a future, and the protocol of its end.
//!
//! Everything that is asked often is in one word, the state, which is changed by compare-exchange; a number that the future
//! ends with is in another. The rest is behind a lock that is made when it is first needed: the listeners, and the outcome
//! if it is not a number.
//!
//! - *Pending* → *completing*: by one thread, which owns the future until it ends it. It writes the outcome, then ends the
//!   future: as *number*, *stored* (the outcome is behind the lock) or *discarded* (there was no claim on it). Readers wait
//!   meanwhile: the completing thread takes no lock that they hold.
//! - *Stored* becomes *discarded* when the last claim is released, and *pending* again, for a later round, if the outcome is
//!   a failure that is retried. Both happen under the lock, and so does the end that stores something.
//! - A number may be read by any thread that sees *number*: it is written before, and never again.
//! - A listener enters itself into the list, under the lock, and sets a flag in the state. If the future was pending by then,
//!   the completing thread sees the flag.
//! - A thread that releases the last claim looks at the state after that, and a thread that stores an outcome looks at the
//!   claims after that: one of both sees the other (hence `SeqCst`), and discards the outcome.

use super::listener::{Listener, OnEnd};
use super::payload::{Payload, RetryableError};
use super::state::{
    COMPLETING, DETACHED, DISCARDED, FutureState, HAS_LISTENERS, KIND, NUMBER, PENDING, PHASE,
    ROUND, Released, SEALED, STARTED, STORED,
};
use crate::base::Owners;
use crate::base::Shared;
use crate::base::buffer_pool::pooled_as;
use crate::base::error::{Error, drop_payload};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use crate::base::sync::atomic::{AtomicU32, AtomicU64};
use crate::base::sync::{Mutex, OnceLock, lock, yield_now};
use crate::task::Number;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One future, from its beginning to its end.
pub(crate) struct Promise {
    state: AtomicU64,
    /// The number that it ended with.
    bits: AtomicU64,
    claims: AtomicU32,
    /// How many threads wait inside its body with their slot given up.
    suspended: AtomicU32,
    locked: OnceLock<Box<Mutex<Locked>>>,
}

#[derive(Default)]
struct Locked {
    listeners: Vec<Listener>,
    /// The outcome, while it is stored.
    outcome: Option<Result<Shared, RetryableError>>,
    /// Somebody has looked at the outcome.
    is_seen: bool,
}

pooled_as!(Promise, [u64; 5]);

/// The round of a cancellation: any.
const CANCELLED: u32 = u32::MAX;

impl Promise {
    /// A pending future with one claim on it: see `Claim::first`.
    pub(crate) fn new() -> Promise {
        Promise {
            state: AtomicU64::new(PENDING),
            bits: AtomicU64::new(0),
            claims: AtomicU32::new(1),
            suspended: AtomicU32::new(0),
            locked: OnceLock::new(),
        }
    }

    #[inline]
    fn state(&self) -> FutureState {
        FutureState(self.state.load(Acquire))
    }

    fn locked(&self) -> &Mutex<Locked> {
        self.locked.get_or_init(Box::default)
    }

    /// Changes the state to what `to` returns, if it returns something.
    ///
    /// # Errors
    /// The current state, if `to` returns `None` for it. Else returns the state before the change.
    #[inline]
    fn update(&self, to: impl Fn(FutureState) -> Option<u64>) -> Result<FutureState, FutureState> {
        let mut now = FutureState(self.state.load(Acquire));
        while let Some(next) = to(now) {
            match self
                .state
                .compare_exchange_weak(now.0, next, SeqCst, Acquire)
            {
                Ok(_) => return Ok(now),
                Err(other) => now = FutureState(other),
            }
        }
        Err(now)
    }

    // -------------------------------------------------------------- queries, and the life of its body

    /// Its body begins for round `round`; `false` if it had begun before, or the future does not wait for this round.
    #[inline]
    pub(crate) fn begin_body(&self, round: u32) -> bool {
        let to = |now: FutureState| {
            let may = now.is_pending_in(round) && !now.has(STARTED);
            may.then_some(now.0 | STARTED)
        };
        self.update(to).is_ok()
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.state().has(STARTED)
    }

    /// Lets its work go on without a claim.
    pub(crate) fn detach(&self) {
        self.state.fetch_or(DETACHED, AcqRel);
    }

    pub(crate) fn is_detached(&self) -> bool {
        self.state().has(DETACHED)
    }

    /// A thread begins to wait inside its body; `true` if it is the first.
    pub(crate) fn suspend(&self) -> bool {
        self.suspended.fetch_add(1, AcqRel) == 0
    }

    /// A thread resumes inside its body; `true` if it was the last that waited.
    pub(crate) fn resume(&self) -> bool {
        self.suspended.fetch_sub(1, AcqRel) == 1
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.suspended.load(Acquire) > 0
    }

    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        !self.state().is(PENDING)
    }

    /// Whether it has ended or is being completed: nothing is left to do for it.
    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        let now = self.state();
        !now.is(PENDING) || now.has(COMPLETING)
    }

    /// As `has_ended`, but waits for a completion that has begun: for callers that know of one, by a cancel or a close.
    pub(crate) fn is_over(&self) -> bool {
        !self.stable_state().is(PENDING)
    }

    /// The state while no thread is completing it. The wait is short: that thread only updates counters and the history.
    #[inline]
    fn stable_state(&self) -> FutureState {
        let mut now = self.state();
        while now.has(COMPLETING) {
            yield_now();
            now = self.state();
        }
        now
    }

    /// Whether it waits for round `round` or an earlier one, and no thread is completing it.
    #[inline]
    pub(crate) fn is_pending_in(&self, round: u32) -> bool {
        self.state().is_pending_in(round)
    }

    /// Whether it has ended, and its outcome is not there any more.
    pub(crate) fn is_discarded(&self) -> bool {
        self.stable_state().is(DISCARDED)
    }

    /// The outcome, if it has ended. The caller has a claim on it.
    #[inline]
    pub(crate) fn outcome(&self) -> Option<Result<Payload, Error>> {
        let now = self.stable_state();
        if now.is(NUMBER) {
            return Some(Ok(self.number(now)));
        }
        self.clone_outcome(now)
    }

    #[inline(never)]
    fn clone_outcome(&self, now: FutureState) -> Option<Result<Payload, Error>> {
        let mut locked = now.is(STORED).then(|| lock(self.locked()))?;
        locked.is_seen = true;
        Some(match locked.outcome.as_ref()? {
            Ok(shared) => Ok(Payload::Shared(shared.clone())),
            Err(failure) => Err(failure.error.clone()),
        })
    }

    /// Somebody who waits for several has looked at the failure of another.
    pub(crate) fn note_seen(&self) {
        if self.state().is(STORED) {
            lock(self.locked()).is_seen = true;
        }
    }

    /// What to retry it with, if it has failed.
    pub(crate) fn retry_with(&self) -> Option<Shared> {
        let is_stored = self.state().is(STORED);
        let locked = is_stored.then(|| lock(self.locked()))?;
        let failure = locked.outcome.as_ref()?.as_ref().err()?;
        failure.retry_with.clone()
    }

    #[inline]
    fn number(&self, now: FutureState) -> Payload {
        Payload::Number(Number::from_parts(now.kind(), self.bits.load(Relaxed)))
    }

    // -------------------------------------------------------------- claims

    #[inline]
    pub(super) fn add_claim(&self) {
        Owners::check(self.claims.fetch_add(1, Relaxed));
    }

    /// As `outcome`, but moves the outcome out if the caller's claim is the only one.
    #[inline]
    pub(super) fn take(&self) -> Option<Result<Payload, Error>> {
        let now = self.stable_state();
        if now.is(NUMBER) {
            return Some(Ok(self.number(now)));
        }
        match self.claims.load(Acquire) {
            1 => self.take_outcome(now),
            _ => self.clone_outcome(now),
        }
    }

    #[inline(never)]
    fn take_outcome(&self, now: FutureState) -> Option<Result<Payload, Error>> {
        let mut locked = now.is(STORED).then(|| lock(self.locked()))?;
        let outcome = locked.outcome.take()?;
        self.set_phase(DISCARDED);
        drop(locked);
        Some(outcome.map_or_else(
            |failure| Err(failure.error),
            |shared| Ok(Payload::Shared(shared)),
        ))
    }

    /// Releases a claim.
    #[inline]
    pub(super) fn release_claim(&self) -> Released {
        let is_number = self.state().is(NUMBER);
        if is_number && self.claims.load(Acquire) == 1 {
            // No one else can add a claim any more, and there is nothing to discard.
            self.claims.store(0, Relaxed);
            return Released::Nothing;
        }
        if self.claims.fetch_sub(1, SeqCst) > 1 || is_number {
            return Released::Nothing;
        }
        if FutureState(self.state.load(SeqCst)).is(STORED) {
            return self.discard().map_or(Released::Nothing, Released::Unseen);
        }
        match self.has_ended() {
            true => Released::Nothing,
            false => Released::Unwanted,
        }
    }

    pub(crate) fn has_claims(&self) -> bool {
        self.claims.load(SeqCst) > 0
    }

    /// Drops the stored outcome; returns a failure that nobody has looked at.
    fn discard(&self) -> Option<Error> {
        let mut locked = lock(self.locked());
        let is_seen = locked.is_seen;
        let outcome = match self.state().is(STORED) {
            true => {
                self.set_phase(DISCARDED);
                locked.outcome.take()
            }
            false => None,
        };
        drop(locked);
        let unseen = outcome.as_ref().filter(|_| !is_seen);
        let unseen = unseen
            .and_then(|outcome| outcome.as_ref().err())
            .map(|f| f.error.clone());
        drop_unclaimed(outcome);
        unseen
    }

    /// Sets the phase. Only for callers that own the next change; returns the state before.
    #[inline]
    fn set_phase(&self, phase: u64) -> FutureState {
        let cleared = PHASE | COMPLETING;
        match self.update(|now| Some(now.0 & !cleared | phase)) {
            Ok(before) | Err(before) => before,
        }
    }

    // -------------------------------------------------------------- its end

    /// Whether it has succeeded, or is about to: from then on it cannot be cancelled.
    pub(crate) fn seal(&self, round: u32) -> bool {
        let to = |now: FutureState| {
            let may = now.is_pending_in(round);
            may.then_some(now.0 | SEALED)
        };
        match self.update(to) {
            Ok(_) => true,
            Err(now) if now.is(STORED) => {
                matches!(lock(self.locked()).outcome, Some(Ok(_)))
            }
            Err(now) => !now.is(PENDING),
        }
    }

    /// Completes it with the outcome of round `round`; `false` if it has ended before or waits for a later round.
    /// `u32::MAX` cancels it, unless it is sealed.
    ///
    /// Calls `before` while no other thread can know of the end, and `after` when the outcome is stored or dropped, before
    /// the listeners are called; `after` is given a failure that nobody can look at.
    #[inline]
    pub(crate) fn complete(
        &self,
        round: u32,
        outcome: Result<Payload, RetryableError>,
        before: impl FnOnce(),
        after: impl FnOnce(Option<&Error>),
    ) -> bool {
        if !self.begin_completing(round) {
            drop_unclaimed(outcome);
            return false;
        }
        before();
        match outcome {
            Ok(Payload::Number(number)) => self.end_with_number(number, after),
            Ok(Payload::Shared(shared)) => self.end_with(Ok(shared), after),
            Err(failure) => self.end_with(Err(failure), after),
        }
        true
    }

    /// As `complete`, with a number.
    #[inline]
    pub(crate) fn complete_with_number(
        &self,
        round: u32,
        number: Number,
        before: impl FnOnce(),
        after: impl FnOnce(Option<&Error>),
    ) {
        if self.begin_completing(round) {
            before();
            self.end_with_number(number, after);
        }
    }

    /// Whether it waits for round `round`: then the caller must end it.
    #[inline]
    fn begin_completing(&self, round: u32) -> bool {
        let to = |now: FutureState| {
            let is_late = now.has(SEALED) && round == CANCELLED;
            let may = now.is_pending_in(round) && !is_late;
            may.then_some(now.0 | COMPLETING)
        };
        let may = self.update(to).is_ok();
        if !may && round == CANCELLED {
            // The caller may look at the outcome next.
            self.stable_state();
        }
        may
    }

    #[inline]
    fn end_with_number(&self, number: Number, after: impl FnOnce(Option<&Error>)) {
        self.bits.store(number.bits(), Relaxed);
        let kind = u64::from(number.kind()) << KIND;
        // One step from *completing* to *number*.
        let flip = COMPLETING ^ NUMBER ^ kind;
        let before = FutureState(self.state.fetch_xor(flip, SeqCst));
        after(None);
        if before.has(HAS_LISTENERS) {
            let listeners = std::mem::take(&mut lock(self.locked()).listeners);
            Listener::notify_all(listeners);
        }
    }

    fn end_with(
        &self,
        outcome: Result<Shared, RetryableError>,
        after: impl FnOnce(Option<&Error>),
    ) {
        let mut unclaimed = Some(outcome);
        let mut locked = lock(self.locked());
        let phase = match self.has_claims() {
            true => {
                locked.outcome = unclaimed.take();
                STORED
            }
            false => DISCARDED,
        };
        self.set_phase(phase);
        locked.is_seen = false;
        let listeners = std::mem::take(&mut locked.listeners);
        drop(locked);
        let mut unseen = unclaimed
            .as_ref()
            .and_then(|outcome| outcome.as_ref().err())
            .map(|f| f.error.clone());
        if phase == STORED && !self.has_claims() {
            unseen = self.discard();
        }
        drop_unclaimed(unclaimed);
        after(unseen.as_ref());
        Listener::notify_all(listeners);
    }

    /// Ends it with an error before anything else has a part of it.
    pub(crate) fn fail_at_once(&self, error: Error) {
        let mut locked = lock(self.locked());
        let retry_with = None;
        locked.outcome = Some(Err(RetryableError { error, retry_with }));
        self.set_phase(STORED);
    }

    /// Makes it pending again, for round `round`, if it has failed and can be retried; calls `and` before.
    ///
    /// Returns the old failure. Drop it under no lock: users' errors may look at this future then.
    pub(crate) fn reopen(&self, round: u32, and: impl FnOnce()) -> Option<RetryableError> {
        if !self.stable_state().is(STORED) {
            return None;
        }
        let mut locked = lock(self.locked());
        let can_be_retried = |outcome: &mut Result<_, RetryableError>| {
            (outcome.as_ref()).is_err_and(|failure| failure.retry_with.is_some())
        };
        let former = locked.outcome.take_if(can_be_retried)?;
        and();
        let round = u64::from(round) << ROUND;
        let _ = self.update(|now| Some(now.0 & DETACHED | PENDING | round));
        former.err()
    }

    // -------------------------------------------------------------- listeners

    /// Calls `call` when it has ended; at once, if it has.
    pub(crate) fn on_end(&self, call: OnEnd) {
        self.listen(Listener::new(call));
    }

    /// As `on_end`, of user code: called after all others.
    pub(crate) fn on_end_last(&self, call: OnEnd) {
        self.listen(Listener::of_user(call));
    }

    /// As `on_end`, if `owner` still exists by then.
    pub(crate) fn on_end_for<L: Send + Sync + 'static>(
        &self,
        owner: &Arc<L>,
        call: impl FnOnce(Arc<L>) + Send + 'static,
    ) {
        self.listen(Listener::for_owner(owner, call));
    }

    fn listen(&self, listener: Listener) {
        if self.has_ended() {
            return listener.notify();
        }
        let mut locked = lock(self.locked());
        if locked.listeners.len() == locked.listeners.capacity() {
            // Repeated waits with a timeout leave many behind.
            locked.listeners.retain(Listener::is_alive);
        }
        let to = |now: FutureState| {
            let is_pending = now.is(PENDING);
            is_pending.then_some(now.0 | HAS_LISTENERS)
        };
        match self.update(to) {
            Ok(_) => locked.listeners.push(listener),
            Err(_) => {
                drop(locked);
                listener.notify();
            }
        }
    }
}

/// Drops an outcome that no one has a claim on, and so no one can be told of a panic of its `Drop`.
fn drop_unclaimed<T>(outcome: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(outcome))) {
        drop_payload(payload);
    }
}

#[cfg(all(test, not(lazygraph_shuttle), not(lazygraph_loom)))]
mod tests;
