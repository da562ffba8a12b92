//! How a task comes to its end: what came of it is told to its futures, and what it was made of is let go.

use super::super::observe;
use super::super::run::{self, Run};
use super::super::story::Chapter;
use super::Job;
use crate::base::error::{Error, ErrorKind, drop_payload};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::base::sync::lock;
use crate::event::RunEvent;
use crate::plan::Program;
use crate::task::{KeptError, Number, Payload, Promise, Shared};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Job {
    /// Ends a future with what came of its `round`th try; `false` if that is not for it.
    #[inline]
    pub(super) fn end(&self, index: usize, round: u32, outcome: Result<Payload, Error>) -> bool {
        let chapter = match &outcome {
            Ok(_) => Chapter::Finished,
            Err(e) if e.kind() == ErrorKind::Cancelled => Chapter::Cancelled,
            Err(_) => Chapter::Failed,
        };
        let outcome = outcome.map_err(|error| KeptError {
            error,
            again: lock(&self.state).program.clone().map(|plan| plan as _),
        });
        let tell = || self.story.tell(index, chapter);
        self.promises[index].end(round, outcome, tell, || self.count_end())
    }

    /// As `end`, with a number.
    #[inline]
    pub(super) fn end_with_number(&self, index: usize, round: u32, number: Number) {
        let tell = || self.story.tell(index, Chapter::Finished);
        self.promises[index].end_with_number(round, number, tell, || self.count_end());
    }

    /// A future has ended, and what came of it is kept or dropped: who closes the client may go on.
    #[inline]
    fn count_end(&self) {
        if let Some(agenda) = &self.executor.agenda {
            agenda.has_ended();
        }
    }

    /// Ends what has not ended, except what waits for a later try than `round`.
    fn end_all(&self, round: u32, outcome: Result<Payload, Error>) {
        let last = self.promises.len() - 1;
        for index in (0..last).filter(|index| !self.promises[*index].has_ended()) {
            self.end(index, round, outcome.clone());
        }
        self.end(last, round, outcome);
    }

    /// Ends what has not ended, of what nobody works on.
    pub(super) fn end_at_rest(&self, outcome: Result<Payload, Error>) {
        self.end_all(u32::MAX, outcome);
        self.rest();
    }

    /// Ends a promised future from outside, once, when nothing of its work is left.
    pub(crate) fn complete(&self, outcome: Result<Shared, Error>) {
        self.end_at_rest(outcome.map(Payload::Shared));
    }

    /// It has come to rest: who closes the client waits for this, and is to find nothing of it that lives.
    pub(crate) fn rest(&self) {
        self.agenda(|agenda| agenda.conclude(self.number, self.rank));
    }

    /// Its run was stopped, by its deadline or by somebody: if nobody works on it, somebody is to end it.
    pub(in crate::exec) fn was_stopped(&self) {
        if let Some(run) = self.run() {
            self.announce(&run);
        }
    }

    /// Everybody has left its run, and nobody may join any more.
    pub(in crate::exec) fn conclude(self: &Arc<Job>, run: &Arc<Run>) {
        let Some(root) = run.queue.any_root() else {
            return;
        };
        run.needs_nothing();
        let returned = std::mem::take(&mut *lock(&run.returned));
        for child in returned {
            if let Some(error) = run::clear(run, child.reclaim()) {
                run.fail(error);
            }
        }
        let mut outcome = run.outcome();
        let root = root.reclaim();
        let mut value = None;
        if outcome.is_ok() && !self.is_many() {
            value = root.payload_of_output();
            if value.is_none() {
                outcome = Err(Error::run(
                    ErrorKind::Invalid,
                    "a future cannot be what a scope lends: it would outlive the scope",
                ));
            }
        }
        let left = run::clear(run, root).into_iter().chain(run.end_memo());
        for panic in left {
            outcome = outcome.and(Err(panic));
        }
        // The labels are found as long as there is a plan.
        self.label(0);
        if outcome.is_ok() && self.seal() {
            // What its arguments were is dropped here, if nobody else holds it: user code, too.
            let program = self.let_plan_go();
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(program))) {
                outcome = Err(Error::stray_panic("the `Drop` of an argument", payload));
            }
        }
        let finished = RunEvent::RunFinished {
            run: run.id,
            error: outcome.as_ref().err(),
            elapsed: self.since.elapsed(),
        };
        if let Err(panic) = observe::tell(&run.context, &finished) {
            outcome = outcome.and(Err(panic));
        }
        let round = self.round();
        match (outcome, value) {
            (Ok(()), Some(value)) => self.end_all(round, Ok(value)),
            (Ok(()), None) => {
                let gone = Error::run(ErrorKind::Cancelled, "nobody wanted the result");
                self.end_all(round, Err(gone));
            }
            (Err(error), value) => {
                self.end_all(round, Err(error));
                drop_quietly(value);
            }
        }
        if !self.comes_to_rest() {
            self.open_again();
        }
    }

    /// Its run is over; `false`: something of it is tried again.
    fn comes_to_rest(&self) -> bool {
        loop {
            let mut state = lock(&self.state);
            state.run = None;
            if std::mem::take(&mut state.again) && !self.has_ended() {
                self.round.fetch_add(1, AcqRel);
                return false;
            }
            // What has failed, and may be tried again, has the plan for that.
            if let Some(program) = state.program.take() {
                drop(state);
                drop_quietly(program);
                continue;
            }
            state.is_open = false;
            // Under the lock: who opens it once more enters it again.
            self.rest();
            return true;
        }
    }

    /// The plan, if nothing is tried again.
    fn let_plan_go(&self) -> Option<Arc<Program>> {
        let mut state = lock(&self.state);
        let again = state.again;
        state.program.take_if(|_| !again)
    }

    /// From here on no cancel comes in time; `false`: one of its futures has failed.
    fn seal(&self) -> bool {
        self.promises.iter().all(|p| p.seal(self.round()))
    }

    /// How often it was opened anew.
    pub(super) fn round(&self) -> u32 {
        self.round.load(Acquire)
    }

    /// Whether nothing is left to do for its futures.
    ///
    /// Looks first where it last found one that was open, so that all who give up one after the other do not look at all
    /// of them each.
    pub(crate) fn has_ended(&self) -> bool {
        let from = self.open_one.load(Relaxed);
        let (before, behind) = self.promises.split_at(from);
        let open = |promise: &Promise| !promise.is_settled();
        let found = behind.iter().position(open).map(|at| from + at);
        match found.or_else(|| before.iter().position(open)) {
            Some(at) => self.open_one.store(at, Relaxed),
            None => return true,
        }
        false
    }
}

/// Drops a value that nobody is to have; nobody is left to be told of a panic.
fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        drop_payload(payload);
    }
}
