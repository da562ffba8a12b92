//! How a task comes to its end: its futures end, and what it was made of is dropped.

use super::Job;
use crate::base::error::{Error, ErrorKind, drop_payload};
use crate::base::sync::lock;
use crate::exec::drive::{end_run, settle, tell_end};
use crate::exec::run::Run;
use crate::exec::threads::Serving;
use crate::plan::Program;
use crate::task::{Payload, Shared};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Job {
    /// Ends an external future, once, when nothing of its work is left.
    pub(crate) fn complete(&self, outcome: Result<Shared, Error>) {
        self.end_at_rest(outcome.map(Payload::Shared));
    }

    /// Ends what is pending, where no thread works on it.
    pub(super) fn end_at_rest(&self, outcome: Result<Payload, Error>) {
        self.futures.end_all(u32::MAX, outcome);
        self.unregister();
    }

    /// It has come to rest: closing the client waits for this, and then nothing of it is alive.
    pub(crate) fn unregister(&self) {
        let number = self.futures.number();
        self.options.queue.unregister(number, &self.standing);
    }

    /// Whether all its futures have ended.
    #[cfg(feature = "async")]
    pub(crate) fn has_ended(&self) -> bool {
        self.futures.have_ended()
    }

    /// The work on an external future begins.
    #[cfg(feature = "async")]
    pub(crate) fn begin(&self) {
        self.futures.begin_task();
    }

    /// All threads have left its run, and none may join any more.
    pub(super) fn conclude_run(self: &Arc<Job>, run: &Arc<Run>) {
        let Some(root) = run.queue.any_root() else {
            return;
        };
        // What user code is called from here on may wait, for anything but this; and close the client.
        let held_up = Some(self.futures.number()).filter(|_| !self.futures.are_many());
        let _serving = Serving::join(&run.context.executor, held_up);
        settle(run);
        let root = root.reclaim();
        let mut value = None;
        let outcome = run.outcome().and_then(|()| {
            if !self.futures.are_many() {
                value = Some(root.payload_of_output().ok_or_else(borrowed)?);
            }
            Ok(())
        });
        let mut outcome = end_run(run, root, outcome);
        // The labels are found as long as there is a plan.
        self.label(0);
        if outcome.is_ok() && self.futures.seal() {
            // What its arguments were is dropped here, if nothing else holds it: user code, too.
            let program = self.take_plan();
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(program))) {
                outcome = Err(Error::stray_panic("the `Drop` of an argument", payload));
            }
        }
        let since = self.futures.history().since();
        let round = self.futures.round();
        match (tell_end(run, since, outcome), value) {
            (Ok(()), Some(value)) => self.futures.end_all(round, Ok(value)),
            (Ok(()), None) => self.futures.end_all(round, Err(discarded())),
            (Err(error), value) => {
                self.futures.end_all(round, Err(error));
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
            if std::mem::take(&mut state.again) && !self.futures.have_ended() {
                self.futures.next_round();
                return false;
            }
            // What has failed, and may be tried again, has the plan for that.
            if let Some(program) = self.futures.take_plan() {
                drop(state);
                drop_quietly(program);
                continue;
            }
            state.is_open = false;
            // Under the lock: opening it once more registers it again.
            self.unregister();
            return true;
        }
    }

    /// The plan, if nothing is tried again.
    fn take_plan(&self) -> Option<Arc<Program>> {
        let state = lock(&self.state);
        match state.again {
            true => None,
            false => self.futures.take_plan(),
        }
    }
}

fn borrowed() -> Error {
    let message = "cannot submit a value borrowed from a `scope`: the future may outlive it";
    Error::run(ErrorKind::Invalid, message)
}

fn discarded() -> Error {
    let message = "the result was discarded: its last handle was dropped";
    Error::run(ErrorKind::Cancelled, message)
}

/// Drops a value that is not wanted; a panic of it is reported nowhere.
fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        drop_payload(payload);
    }
}
