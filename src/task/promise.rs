//! The state of a future: pending, then at its end, with what came of it.
//!
//! The protocol. All that is asked often is in one word, which is changed by compare-exchange; a number that came of it is
//! in another. The rest is behind a lock that is made when it is first needed: those who are to be told, and what came of
//! it if that is no number.
//!
//! - *Pending* → *ending*: by one thread, which nobody disturbs until it says what came of it. It puts that down, then
//!   ends the future: *number*, *kept* (what came of it is behind the lock) or *forgotten* (nobody wanted it).
//!   Who asks from outside meanwhile waits for that: it holds no lock that the end takes.
//! - What is *kept* becomes *forgotten* when the last claim is given up, and pending again, for a later round, if it is a
//!   failure that is tried again. Both happen under the lock, as does the end that keeps something.
//! - A number is read by whoever sees *number*: it is written before, and never again.
//! - Who wants to be told puts itself on the list, under the lock, and marks the word. If it was pending by then, who
//!   ends it sees the mark.
//! - Who gives the last claim up looks at the word after that, and who keeps something looks at the claims after that:
//!   one of both sees the other (hence `SeqCst`), and forgets it.

use super::listener::{Listener, OnEnd};
use super::number::Number;
use super::payload::Payload;
use super::word::Word;
use crate::base::Shared;
use crate::base::buffer_pool::pooled_as;
use crate::base::error::{Error, drop_payload};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use crate::base::sync::atomic::{AtomicU32, AtomicU64};
use crate::base::sync::{Mutex, OnceLock, lock, yield_now};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One future: pending, then at its end.
pub(crate) struct Promise {
    word: AtomicU64,
    /// The number that came of it.
    bits: AtomicU64,
    /// How many claims there are.
    claims: AtomicU32,
    /// How many threads wait in its body with their slot given up.
    suspended: AtomicU32,
    more: OnceLock<Box<Mutex<More>>>,
}

#[derive(Default)]
struct More {
    listeners: Vec<Listener>,
    /// What came of it, while it is kept.
    outcome: Option<Result<Shared, KeptError>>,
}

/// Why a future has failed, and what to try it again with: kept for as long as somebody may ask for that.
pub(crate) struct KeptError {
    pub(crate) error: Error,
    pub(crate) again: Option<Shared>,
}

pooled_as!(Promise, [u64; 5]);

/// The round of who cancels: any.
const CANCELLED: u32 = u32::MAX;

impl Promise {
    /// Pending, with one claim on it: see `Claim::first`.
    pub(crate) fn new() -> Promise {
        Promise {
            word: AtomicU64::new(Word::PENDING),
            bits: AtomicU64::new(0),
            claims: AtomicU32::new(1),
            suspended: AtomicU32::new(0),
            more: OnceLock::new(),
        }
    }

    #[inline]
    fn word(&self) -> Word {
        Word(self.word.load(Acquire))
    }

    fn more(&self) -> &Mutex<More> {
        self.more.get_or_init(Box::default)
    }

    /// Changes the word if `to` says so; gives it as it was then.
    #[inline]
    fn change(&self, to: impl Fn(Word) -> Option<u64>) -> Result<Word, Word> {
        let mut now = Word(self.word.load(Acquire));
        while let Some(next) = to(now) {
            match self
                .word
                .compare_exchange_weak(now.0, next, SeqCst, Acquire)
            {
                Ok(_) => return Ok(now),
                Err(other) => now = Word(other),
            }
        }
        Err(now)
    }

    // -------------------------------------------------------------- what is asked

    /// Its body begins for the `round`th time; `false` if it had begun before, or waits for no such round.
    #[inline]
    pub(crate) fn begin(&self, round: u32) -> bool {
        let to = |now: Word| {
            let may = now.is_pending_in(round) && !now.has(Word::BEGUN);
            may.then_some(now.0 | Word::BEGUN)
        };
        self.change(to).is_ok()
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.word().has(Word::BEGUN)
    }

    /// It goes on though nobody wants to know.
    pub(crate) fn detach(&self) {
        self.word.fetch_or(Word::DETACHED, AcqRel);
    }

    pub(crate) fn is_detached(&self) -> bool {
        self.word().has(Word::DETACHED)
    }

    /// A thread waits in its body; `true` if it is the first.
    pub(crate) fn suspend(&self) -> bool {
        self.suspended.fetch_add(1, AcqRel) == 0
    }

    /// A thread goes on in its body; `true` if it was the last that waited.
    pub(crate) fn resume(&self) -> bool {
        self.suspended.fetch_sub(1, AcqRel) == 1
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.suspended.load(Acquire) > 0
    }

    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        !self.word().is(Word::PENDING)
    }

    /// Whether it has ended, or somebody is about to say what came of it: nothing is left to do for it.
    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        let now = self.word();
        !now.is(Word::PENDING) || now.has(Word::ENDING)
    }

    /// As `has_ended`, for those who know that somebody has come to its end: a cancel, a close.
    pub(crate) fn is_over(&self) -> bool {
        !self.at_rest().is(Word::PENDING)
    }

    /// The word while nobody is about to say what came of it. That takes as long as to count and to tell its story.
    #[inline]
    fn at_rest(&self) -> Word {
        let mut now = self.word();
        while now.has(Word::ENDING) {
            yield_now();
            now = self.word();
        }
        now
    }

    /// Whether it waits for what comes of the `round`th try, or of one before, and nobody is about to say.
    #[inline]
    pub(crate) fn is_pending_in(&self, round: u32) -> bool {
        self.word().is_pending_in(round)
    }

    /// What came of it, if it has ended. Who asks has a claim on it.
    #[inline]
    pub(crate) fn outcome(&self) -> Option<Result<Payload, Error>> {
        let now = self.at_rest();
        if now.is(Word::NUMBER) {
            return Some(Ok(self.number(now)));
        }
        self.copied(now)
    }

    #[inline(never)]
    fn copied(&self, now: Word) -> Option<Result<Payload, Error>> {
        let more = now.is(Word::KEPT).then(|| lock(self.more()))?;
        Some(match more.outcome.as_ref()? {
            Ok(shared) => Ok(Payload::Shared(shared.clone())),
            Err(failure) => Err(failure.error.clone()),
        })
    }

    /// What to try it again with, if it has failed.
    pub(crate) fn again(&self) -> Option<Shared> {
        let more = self.word().is(Word::KEPT).then(|| lock(self.more()))?;
        more.outcome.as_ref()?.as_ref().err()?.again.clone()
    }

    #[inline]
    fn number(&self, now: Word) -> Payload {
        Payload::Number(Number::of_word(now.kind(), self.bits.load(Relaxed)))
    }

    // -------------------------------------------------------------- claims

    #[inline]
    pub(super) fn claim(&self) {
        self.claims.fetch_add(1, Relaxed);
    }

    /// As `outcome`, and takes it out if there is but the caller's claim.
    #[inline]
    pub(super) fn take(&self) -> Option<Result<Payload, Error>> {
        let now = self.at_rest();
        if now.is(Word::NUMBER) {
            return Some(Ok(self.number(now)));
        }
        match self.claims.load(Acquire) {
            1 => self.taken(now),
            _ => self.copied(now),
        }
    }

    #[inline(never)]
    fn taken(&self, now: Word) -> Option<Result<Payload, Error>> {
        let mut more = now.is(Word::KEPT).then(|| lock(self.more()))?;
        let outcome = more.outcome.take()?;
        self.turn(Word::FORGOTTEN);
        drop(more);
        Some(outcome.map_or_else(
            |failure| Err(failure.error),
            |shared| Ok(Payload::Shared(shared)),
        ))
    }

    /// Gives a claim up; `true` if nobody wants to know any more, and nobody has learnt.
    #[inline]
    pub(super) fn disclaim(&self) -> bool {
        let is_number = self.word().is(Word::NUMBER);
        if is_number && self.claims.load(Acquire) == 1 {
            // Nobody else is there to make another, and there is nothing to forget.
            self.claims.store(0, Relaxed);
            return false;
        }
        if self.claims.fetch_sub(1, SeqCst) > 1 || is_number {
            return false;
        }
        if Word(self.word.load(SeqCst)).is(Word::KEPT) {
            self.forget();
            return false;
        }
        !self.has_ended()
    }

    fn is_wanted(&self) -> bool {
        self.claims.load(SeqCst) > 0
    }

    fn forget(&self) {
        let mut more = lock(self.more());
        let outcome = match self.word().is(Word::KEPT) {
            true => {
                self.turn(Word::FORGOTTEN);
                more.outcome.take()
            }
            false => None,
        };
        drop(more);
        // Nobody wants it: nobody is left to be told.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(outcome))) {
            drop_payload(payload);
        }
    }

    /// Into another phase, for who may do it alone; gives the word as it was.
    #[inline]
    fn turn(&self, phase: u64) -> Word {
        let cleared = Word::PHASE | Word::ENDING;
        match self.change(|now| Some(now.0 & !cleared | phase)) {
            Ok(before) | Err(before) => before,
        }
    }

    // -------------------------------------------------------------- its end

    /// Whether it has its value, or is about to: then it cannot be cancelled any more.
    pub(crate) fn seal(&self, round: u32) -> bool {
        let to = |now: Word| {
            let may = now.is_pending_in(round);
            may.then_some(now.0 | Word::SEALED)
        };
        match self.change(to) {
            Ok(_) => true,
            Err(now) if now.is(Word::KEPT) => {
                matches!(lock(self.more()).outcome, Some(Ok(_)))
            }
            Err(now) => !now.is(Word::PENDING),
        }
    }

    /// Ends it with what came of its `round`th try; `false` if it has ended before or waits for a later try. `u32::MAX`: it is
    /// cancelled, unless it is about to end.
    ///
    /// Calls `before` while nobody can know of the end, and `after` when what came of it is kept or dropped, before those who
    /// listen are told.
    #[inline]
    pub(crate) fn end(
        &self,
        round: u32,
        outcome: Result<Payload, KeptError>,
        before: impl FnOnce(),
        after: impl FnOnce(),
    ) -> bool {
        if !self.is_to_end(round) {
            drop_unused(outcome);
            return false;
        }
        before();
        match outcome {
            Ok(Payload::Number(number)) => self.end_as(number, after),
            Ok(Payload::Shared(shared)) => self.end_kept(Ok(shared), after),
            Err(failure) => self.end_kept(Err(failure), after),
        }
        true
    }

    /// As `end`, with a number.
    #[inline]
    pub(crate) fn end_with_number(
        &self,
        round: u32,
        number: Number,
        before: impl FnOnce(),
        after: impl FnOnce(),
    ) {
        if self.is_to_end(round) {
            before();
            self.end_as(number, after);
        }
    }

    /// Whether it waits for what comes of the `round`th try: then the caller says what that is.
    #[inline]
    fn is_to_end(&self, round: u32) -> bool {
        let to = |now: Word| {
            let is_late = now.has(Word::SEALED) && round == CANCELLED;
            let may = now.is_pending_in(round) && !is_late;
            may.then_some(now.0 | Word::ENDING)
        };
        let is_so = self.change(to).is_ok();
        if !is_so && round == CANCELLED {
            // Who cancels may look at it next.
            self.at_rest();
        }
        is_so
    }

    #[inline]
    fn end_as(&self, number: Number, after: impl FnOnce()) {
        self.bits.store(number.bits(), Relaxed);
        let kind = u64::from(number.kind()) << Word::KIND;
        // One step from *ending* to *number*.
        let flip = Word::ENDING ^ Word::NUMBER ^ kind;
        let before = Word(self.word.fetch_xor(flip, SeqCst));
        after();
        if before.has(Word::LISTENED) {
            let listeners = std::mem::take(&mut lock(self.more()).listeners);
            listeners.into_iter().for_each(Listener::tell);
        }
    }

    fn end_kept(&self, outcome: Result<Shared, KeptError>, after: impl FnOnce()) {
        let mut unused = Some(outcome);
        let mut more = lock(self.more());
        let phase = match self.is_wanted() {
            true => {
                more.outcome = unused.take();
                Word::KEPT
            }
            false => Word::FORGOTTEN,
        };
        self.turn(phase);
        let listeners = std::mem::take(&mut more.listeners);
        drop(more);
        if phase == Word::KEPT && !self.is_wanted() {
            self.forget();
        }
        if let Some(outcome) = unused {
            drop_unused(outcome.map(Payload::Shared));
        }
        after();
        listeners.into_iter().for_each(Listener::tell);
    }

    /// Ends it before anybody has it.
    pub(crate) fn fail_at_once(&self, error: Error) {
        let mut more = lock(self.more());
        more.outcome = Some(Err(KeptError { error, again: None }));
        self.turn(Word::KEPT);
    }

    /// Makes it pending again if it has failed and can be tried again, for what comes of the `round`th try, and calls `and`.
    /// Gives what it was, to be dropped under no lock: users' errors may look at this future then.
    pub(crate) fn begin_again(&self, round: u32, and: impl FnOnce()) -> Option<KeptError> {
        if !self.at_rest().is(Word::KEPT) {
            return None;
        }
        let mut more = lock(self.more());
        let can_be_tried =
            |outcome: &mut _| matches!(outcome, Err(KeptError { again: Some(_), .. }));
        let former = more.outcome.take_if(can_be_tried)?;
        and();
        let round = u64::from(round) << Word::ROUND;
        let _ = self.change(|now| Some(now.0 & Word::DETACHED | Word::PENDING | round));
        former.err()
    }

    // -------------------------------------------------------------- those who are told

    /// Calls `call` when it has ended; at once, if it has.
    pub(crate) fn on_end(&self, call: OnEnd) {
        self.listen(Listener::new(call));
    }

    /// As `on_end`, if `of` is still there by then.
    pub(crate) fn on_end_for<L: Send + Sync + 'static>(
        &self,
        of: &Arc<L>,
        call: impl FnOnce(Arc<L>) + Send + 'static,
    ) {
        self.listen(Listener::of(of, call));
    }

    fn listen(&self, listener: Listener) {
        if self.has_ended() {
            return listener.tell();
        }
        let mut more = lock(self.more());
        if more.listeners.len() == more.listeners.capacity() {
            // Who asks again and again, with a limit, leaves many behind.
            more.listeners.retain(Listener::is_there);
        }
        let to = |now: Word| now.is(Word::PENDING).then_some(now.0 | Word::LISTENED);
        match self.change(to) {
            Ok(_) => more.listeners.push(listener),
            Err(_) => {
                drop(more);
                listener.tell();
            }
        }
    }
}

/// Drops what nobody is to have.
fn drop_unused(outcome: Result<Payload, KeptError>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(outcome))) {
        // Nobody wanted the value, and nobody is left to be told.
        drop_payload(payload);
    }
}
#[cfg(all(test, not(lazygraph_shuttle)))]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;

    #[test]
    fn listeners_that_are_gone_make_room_for_others() {
        let promise = Promise::new();
        let stays = Arc::new(AtomicU32::new(0));
        for _ in 0..100_000 {
            promise.on_end_for(&Arc::new(()), |_| panic!("nobody is there"));
            promise.on_end_for(&stays, |stays| _ = stays.fetch_add(1, AcqRel));
            if Arc::weak_count(&stays) == 200 {
                break;
            }
        }
        let listeners = lock(promise.more()).listeners.len();
        // Each of those who stay is there twice, as the listener and in its call.
        assert!((100..=512).contains(&listeners), "{listeners}");
        let error = Error::run(ErrorKind::Cancelled, "");
        let failure = KeptError { error, again: None };
        promise.end(0, Err(failure), || (), || ());
        assert_eq!(stays.load(Acquire), 100);
    }
}
