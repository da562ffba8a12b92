//! What is done to a task from outside: it is cancelled, or tried again.

use super::Job;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::Ordering::SeqCst;
use crate::base::sync::atomic::fence;
use crate::base::sync::lock;
use crate::exec::futures::Transition;
use crate::task::RetryableError;
use std::sync::Arc;

impl Job {
    /// Stops it, and all that its bodies have started. Those who wait for it are told at once. Nothing happens if all of it
    /// has ended.
    pub(crate) fn cancel(&self) {
        self.cancel_tree(true);
    }

    /// `detached`: also what is to go on though nobody waits for it.
    fn cancel_tree(&self, detached: bool) {
        let mut jobs: Vec<Arc<Job>> = self.this.upgrade().into_iter().collect();
        while let Some(job) = jobs.pop() {
            let round = job.futures.round();
            let (mut any, mut last) = (false, None::<(&Arc<str>, Error)>);
            for (index, promise) in job.futures.promises().iter().enumerate() {
                if !detached && promise.is_detached() {
                    continue;
                }
                let label = job.label(index);
                let same = last.take().filter(|(of, _)| Arc::ptr_eq(of, label));
                let error = same.map_or_else(|| job.cancelled(index), |(_, error)| error);
                any |= job.futures.end_future(index, u32::MAX, Err(error.clone()));
                last = Some((label, error));
            }
            if any {
                job.stop_ended(round);
                jobs.extend(job.unwanted_children());
            }
        }
    }

    /// Cancels one future.
    pub(crate) fn cancel_one(&self, index: usize) {
        if self.futures.promises().len() == 1 {
            return self.cancel();
        }
        if self.end_one(index) {
            for child in self.unwanted_children() {
                child.cancel();
            }
        }
    }

    /// Nobody wants a future any more: it is cancelled, with what its body has started, except what is detached.
    ///
    /// Another future of the task may need it: then it goes on until nobody wants that either.
    pub(super) fn abandon(&self, index: usize) {
        let mut unwanted = vec![index];
        while let Some(index) = unwanted.pop() {
            let promise = &self.futures.promises()[index];
            let is_wanted = promise.has_claims() || promise.is_detached();
            if is_wanted || self.futures.is_needed_within(index) {
                continue;
            }
            if self.end_one(index) {
                // Of two threads that let go of one future each, the later one sees that the other is not wanted.
                fence(SeqCst);
                unwanted.extend(self.futures.needed_within(index));
                for child in self.unwanted_children() {
                    child.cancel_tree(false);
                }
            }
        }
    }

    /// Ends a future as cancelled; `false`: it has ended.
    fn end_one(&self, index: usize) -> bool {
        let round = self.futures.round();
        let error = Err(self.cancelled(index));
        if !self.futures.end_future(index, u32::MAX, error) {
            return false;
        }
        self.stop_ended(round);
        true
    }

    /// Some futures have been cancelled: stops the `round`th run if all have ended, else tells the bodies of these.
    fn stop_ended(&self, round: u32) {
        if self.futures.have_ended() {
            return self.stop_run(round);
        }
        // They may sleep.
        let context = lock(&self.state).context.clone();
        if let Some(context) = context {
            context.wake_sleepers();
        }
    }

    fn unwanted_children(&self) -> Vec<Arc<Job>> {
        let children = lock(&self.children).clone();
        let unwanted = children
            .iter()
            .filter(|(node, _)| !self.futures.is_wanted(*node));
        unwanted.filter_map(|(_, child)| child.upgrade()).collect()
    }

    fn cancelled(&self, index: usize) -> Error {
        let message = format!("the task `{}` was cancelled", self.label(index));
        Error::run(ErrorKind::Cancelled, message)
    }

    /// Stops its `round`th run, if it has come to that.
    pub(super) fn stop_run(&self, round: u32) {
        let (run, context) = {
            let state = lock(&self.state);
            let run = state.run.clone();
            let run = run.filter(|_| self.futures.round() == round);
            (run, state.context.clone())
        };
        if let (Some(run), Some(context)) = (run, context) {
            context.close();
            run.shut();
        }
    }

    /// Tries again what has failed or was cancelled; `false` if it has not.
    ///
    /// What is still running of it is of no interest any more: when that has come to rest, the task is opened once more.
    pub(crate) fn retry(self: &Arc<Job>, index: usize) -> bool {
        let mut state = lock(&self.state);
        let futures = &self.futures;
        let expect = || {
            futures.progress().expect(1);
            futures.history().record(index, Transition::Retried);
        };
        let former = futures.promises()[index].reopen(futures.round() + 1, expect);
        let Some(RetryableError {
            error,
            retry_with: again,
        }) = former
        else {
            return false;
        };
        if futures.plan().is_none() {
            futures.set_plan(again.and_then(|plan| plan.downcast().ok()));
        }
        let is_open = std::mem::replace(&mut state.is_open, true);
        match is_open {
            true => state.again = true,
            false => futures.next_round(),
        }
        drop(state);
        drop(error);
        if !is_open {
            self.open_again();
        }
        true
    }
}
