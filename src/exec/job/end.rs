//! How a task comes to its end: what came of it is told to its futures, and what it was made of is let go.

use super::super::observe;
use super::super::run::{self, Run};
use super::super::story::Chapter;
use super::Job;
use crate::base::error::{Error, ErrorKind, drop_payload};
use crate::base::sync::lock;
use crate::event::Event;
use crate::plan::Program;
use crate::task::{Ended, Promise, Shared};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Job {
    pub(super) fn end(&self, index: usize, outcome: Result<Shared, Error>) {
        self.settle(index, outcome).tell();
    }

    fn settle(&self, index: usize, outcome: Result<Shared, Error>) -> Ended {
        let chapter = match &outcome {
            Ok(_) => Chapter::Finished,
            Err(e) if e.kind() == ErrorKind::Cancelled => Chapter::Cancelled,
            Err(_) => Chapter::Failed,
        };
        let promise = &self.promises[index];
        let agenda = &self.executor.agenda;
        promise.end(outcome, || {
            self.story.tell(index, chapter);
            if let Some(agenda) = agenda {
                agenda.has_ended(promise.has_begun());
            }
        })
    }

    /// It has come to rest: ends what has not ended. `false` if it is to be opened once more: then what is pending was
    /// asked for anew, and is not ended.
    pub(super) fn end_all(&self, outcome: Result<Shared, Error>) -> bool {
        let mut outcome = Some(outcome);
        let mut ended = Vec::new();
        let again = {
            // Under the lock, for a retry makes pending what this must not end.
            let mut state = lock(&self.state);
            state.run = None;
            self.agenda(|agenda| agenda.conclude(self.number, self.rank));
            let again = std::mem::take(&mut state.again);
            state.busy = again;
            let pending = |index: &usize| !again && !self.promises[*index].has_ended();
            let mut pending = (0..self.promises.len()).filter(pending).peekable();
            while let Some(index) = pending.next() {
                // The last gets the value itself, not one more handle to it.
                let mine = match pending.peek() {
                    Some(_) => outcome.clone(),
                    None => outcome.take(),
                };
                ended.extend(mine.map(|mine| self.settle(index, mine)));
            }
            again
        };
        ended.into_iter().for_each(Ended::tell);
        drop_quietly(outcome.and_then(Result::ok));
        !again
    }

    /// Ends a promised future from outside, once.
    pub(crate) fn complete(&self, outcome: Result<Shared, Error>) {
        self.end_all(outcome);
    }

    /// Its run was stopped, by its deadline or by somebody: if nobody works on it, somebody is to end it.
    pub(in crate::exec) fn was_stopped(&self) {
        if let Some(run) = self.run() {
            self.announce(&run);
        }
    }

    /// Everybody has left its run, and nobody may join any more.
    pub(in crate::exec) fn conclude(self: &Arc<Job>, run: &Arc<Run>) {
        let Some(root) = run.queue.root() else {
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
            value = root.output();
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
        let program = {
            let mut state = lock(&self.state);
            match state.again || outcome.is_err() || self.any_failed() {
                true => None,
                // From here on there is no other try.
                false => state.program.take(),
            }
        };
        if let Err(panic) = let_go(program) {
            outcome = outcome.and(Err(panic));
        }
        let finished = Event::RunFinished {
            run: run.id,
            error: outcome.as_ref().err(),
            elapsed: self.since.elapsed(),
        };
        if let Err(panic) = observe::tell(&run.context, &finished) {
            outcome = outcome.and(Err(panic));
        }
        let (outcome, unused) = match (outcome, value) {
            (Ok(()), Some(value)) => (Ok(value), None),
            (Ok(()), None) => {
                let gone = Error::run(ErrorKind::Cancelled, "nobody wanted the result");
                (Err(gone), None)
            }
            (Err(error), value) => (Err(error), value),
        };
        if !self.end_all(outcome) {
            self.open();
        }
        drop_quietly(unused);
    }

    /// Ends what cannot be begun.
    pub(super) fn refuse(&self, error: Error) {
        let program = lock(&self.state).program.take();
        // Nobody is left to be told of a panic: it ends with another error already.
        let _ = let_go(program);
        // A retry that was asked for before is refused as well.
        while !self.end_all(Err(error.clone())) {}
    }

    fn any_failed(&self) -> bool {
        let failed = |promise: &Promise| matches!(promise.outcome(), Some(Err(_)));
        self.promises.iter().any(failed)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.promises.iter().all(Promise::has_ended)
    }
}

/// What its arguments were is dropped here, if nobody else holds it: user code.
fn let_go(program: Option<Arc<Program>>) -> Result<(), Error> {
    catch_unwind(AssertUnwindSafe(|| drop(program)))
        .map_err(|payload| Error::stray_panic("the `Drop` of an argument", payload))
}

/// Drops a value that nobody is to have; nobody is left to be told of a panic.
fn drop_quietly(value: Option<Shared>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        drop_payload(payload);
    }
}
