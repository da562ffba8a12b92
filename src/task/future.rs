//! The state of futures: what was started, and what came of it. Who runs it is somebody else's business ([`Work`]).

use crate::base::error::{Error, drop_payload};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::base::sync::atomic::{AtomicBool, AtomicU32};
use crate::base::sync::{Mutex, lock};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

/// A result that is shared.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

/// Called once, when a future has come to its end. It must be quick and must not panic.
pub(crate) type OnEnd = Box<dyn FnOnce() + Send>;

struct Listener {
    call: OnEnd,
    /// For whom it is: `None`, or gone, or there.
    of: Option<Weak<dyn Any + Send + Sync>>,
}

impl Listener {
    fn is_there(&self) -> bool {
        self.of.as_ref().is_none_or(|of| of.strong_count() > 0)
    }
}

/// What runs behind some futures.
pub(crate) trait Work: Send + Sync + 'static {
    /// Its futures.
    fn promises(&self) -> &[Promise];
    /// Nobody wants this one any more.
    fn unwanted(&self, index: usize);
    /// The call behind it, for people.
    fn call(&self, index: usize) -> String;
    /// Unique in the process.
    fn id(&self) -> u64;
    fn as_any(self: Arc<Self>) -> Shared;
    /// The futures that this one waits for: it cannot end before they have.
    fn needs(&self) -> Vec<Claim>;
}

/// One future: pending, then at its end.
pub(crate) struct Promise {
    state: Mutex<State>,
    /// Which state it is, to look at without the lock; changed under it. While it is pending, how often it was tried.
    stage: AtomicU32,
    /// How many claims there are.
    claims: AtomicU32,
    /// How many threads wait in its body with their slot given up.
    suspended: AtomicU32,
    begun: AtomicBool,
    detached: AtomicBool,
}

enum State {
    Pending {
        /// It was tried so many times before.
        round: u32,
        /// It is about to end well: too late to cancel.
        sealed: bool,
        listeners: Vec<Listener>,
    },
    Ended(Result<Shared, Error>),
    /// It has ended, and nobody wanted to know.
    Forgotten,
}

const ENDED: u32 = u32::MAX;
const FORGOTTEN: u32 = u32::MAX - 1;

impl State {
    fn pending(round: u32) -> State {
        State::Pending {
            round,
            sealed: false,
            listeners: Vec::new(),
        }
    }
}

impl Promise {
    pub(crate) fn new() -> Promise {
        Promise {
            state: Mutex::new(State::pending(0)),
            stage: AtomicU32::new(0),
            claims: AtomicU32::new(0),
            suspended: AtomicU32::new(0),
            begun: AtomicBool::new(false),
            detached: AtomicBool::new(false),
        }
    }

    /// Its body begins for the `round`th time, and calls `and`; not if it had begun before, or waits for no such round.
    pub(crate) fn begin(&self, round: u32, and: impl FnOnce()) {
        if self.begun.load(Acquire) {
            return;
        }
        // Under the lock, for `end` asks whether it has begun.
        let _state = lock(&self.state);
        if self.is_pending_in(round) && !self.begun.load(Relaxed) {
            self.begun.store(true, Release);
            and();
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Acquire)
    }

    /// It goes on though nobody wants to know.
    pub(crate) fn detach(&self) {
        self.detached.store(true, Release);
    }

    pub(crate) fn is_detached(&self) -> bool {
        self.detached.load(Acquire)
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

    pub(crate) fn is_wanted(&self) -> bool {
        self.claims.load(Acquire) > 0
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.stage.load(Acquire) >= FORGOTTEN
    }

    /// Whether it waits for what comes of the `round`th try, or of one before.
    pub(crate) fn is_pending_in(&self, round: u32) -> bool {
        let stage = self.stage.load(Acquire);
        stage < FORGOTTEN && stage <= round
    }

    /// What came of it, if it has ended.
    pub(crate) fn outcome(&self) -> Option<Result<Shared, Error>> {
        match &*lock(&self.state) {
            State::Ended(outcome) => Some(outcome.clone()),
            _ => None,
        }
    }

    /// Whether it has its value, or is about to: then it cannot be cancelled any more.
    pub(crate) fn seal(&self, round: u32) -> bool {
        match &mut *lock(&self.state) {
            State::Pending {
                round: waits_for,
                sealed,
                ..
            } => {
                *sealed = *waits_for <= round;
                *sealed
            }
            State::Ended(outcome) => outcome.is_ok(),
            State::Forgotten => true,
        }
    }

    /// Ends it with what came of its `round`th try, and calls `and` before anybody is told; `false` if it has ended
    /// before or waits for a later try. `u32::MAX`: it is cancelled, unless it is about to end.
    pub(crate) fn end(
        &self,
        round: u32,
        outcome: Result<Shared, Error>,
        and: impl FnOnce(),
    ) -> bool {
        let mut state = lock(&self.state);
        let mut told = None;
        let mut unused = Some(outcome);
        if let State::Pending {
            round: waits_for,
            sealed,
            listeners,
        } = &mut *state
            && *waits_for <= round
            && !(*sealed && round == u32::MAX)
        {
            and();
            told = Some(std::mem::take(listeners));
            let ended = match unused.take_if(|_| self.is_wanted()) {
                Some(outcome) => State::Ended(outcome),
                None => State::Forgotten,
            };
            self.set(&mut state, ended);
        }
        drop(state);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(unused))) {
            // Nobody wanted the value, and nobody is left to be told.
            drop_payload(payload);
        }
        let has_ended = told.is_some();
        for listener in told.into_iter().flatten() {
            (listener.call)();
        }
        has_ended
    }

    /// Ends it before there is a claim.
    pub(crate) fn fail_unclaimed(&self, error: Error) {
        self.set(&mut lock(&self.state), State::Ended(Err(error)));
    }

    /// Calls `call` when it has ended; at once, if it has.
    pub(crate) fn on_end(&self, call: OnEnd) {
        self.listen(Listener { call, of: None });
    }

    /// As `on_end`, if `of` is still there by then.
    pub(crate) fn on_end_for<L: Send + Sync + 'static>(
        &self,
        of: &Arc<L>,
        call: impl FnOnce(Arc<L>) + Send + 'static,
    ) {
        let weak = Arc::downgrade(of);
        let call = Box::new({
            let weak = weak.clone();
            move || {
                if let Some(of) = weak.upgrade() {
                    call(of);
                }
            }
        });
        let of = Some(weak as Weak<dyn Any + Send + Sync>);
        self.listen(Listener { call, of });
    }

    fn listen(&self, listener: Listener) {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Pending { listeners, .. } => {
                if listeners.len() == listeners.capacity() {
                    // Who asks again and again, with a limit, leaves many behind.
                    listeners.retain(Listener::is_there);
                }
                listeners.push(listener);
            }
            _ => {
                drop(state);
                (listener.call)();
            }
        }
    }

    /// Makes it pending again if it has failed, for what comes of the `round`th try, and calls `and`; `true` if so.
    pub(crate) fn begin_again(&self, round: u32, and: impl FnOnce()) -> bool {
        let mut state = lock(&self.state);
        let failed = matches!(&*state, State::Ended(Err(_)));
        if !failed {
            return false;
        }
        and();
        let former = self.set(&mut state, State::pending(round));
        self.begun.store(false, Release);
        drop(state);
        // Users' errors may look at this future when they are dropped.
        drop(former);
        true
    }

    fn forget(&self) {
        let mut state = lock(&self.state);
        if matches!(&*state, State::Ended(_)) {
            let ended = self.set(&mut state, State::Forgotten);
            drop(state);
            drop(ended);
        }
    }

    fn is_forgotten(&self) -> bool {
        self.stage.load(Acquire) == FORGOTTEN
    }

    /// From one state to another, under the lock; gives the former.
    fn set(&self, state: &mut State, to: State) -> State {
        let stage = match to {
            State::Pending { round, .. } => round,
            State::Ended(_) => ENDED,
            State::Forgotten => FORGOTTEN,
        };
        let former = std::mem::replace(state, to);
        self.stage.store(stage, Release);
        former
    }
}

/// A claim on a future: while there is one, its work is wanted and its result kept.
pub(crate) struct Claim {
    work: Arc<dyn Work>,
    index: u32,
}

impl Claim {
    pub(crate) fn new(work: Arc<dyn Work>, index: usize) -> Claim {
        work.promises()[index].claims.fetch_add(1, Relaxed);
        let index = index as u32;
        Claim { work, index }
    }

    pub(crate) fn promise(&self) -> &Promise {
        &self.work.promises()[self.index as usize]
    }

    pub(crate) fn work(&self) -> &Arc<dyn Work> {
        &self.work
    }

    pub(crate) fn index(&self) -> usize {
        self.index as usize
    }

    /// Which future it is, of all in the process.
    pub(crate) fn id(&self) -> (u64, u32) {
        (self.work.id(), self.index)
    }

    pub(crate) fn call(&self) -> String {
        self.work.call(self.index())
    }

    /// Takes the result out if nobody else has a claim on it, else another handle to it.
    pub(crate) fn into_outcome(self) -> Option<Result<Shared, Error>> {
        let promise = self.promise();
        let mut state = lock(&promise.state);
        match &*state {
            State::Ended(outcome) if promise.claims.load(Acquire) > 1 => Some(outcome.clone()),
            State::Ended(_) => match promise.set(&mut state, State::Forgotten) {
                State::Ended(outcome) => Some(outcome),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Clone for Claim {
    fn clone(&self) -> Claim {
        Claim::new(self.work.clone(), self.index())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let promise = self.promise();
        if promise.claims.fetch_sub(1, AcqRel) == 1 && !promise.is_forgotten() {
            promise.forget();
            self.work.unwanted(self.index());
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.call())
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
        let listeners = match &*lock(&promise.state) {
            State::Pending { listeners, .. } => listeners.len(),
            _ => 0,
        };
        // Each of those who stay is there twice, as the listener and in its call.
        assert!((100..=512).contains(&listeners), "{listeners}");
        promise.end(0, Err(Error::run(ErrorKind::Cancelled, "")), || ());
        assert_eq!(stays.load(Acquire), 100);
    }
}
