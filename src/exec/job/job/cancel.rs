//! What is done to a task from outside: it is cancelled, or tried again.

use super::Job;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::lock;
use crate::exec::futures::Transition;
use crate::task::RetryableError;
use std::sync::Arc;

impl Job {
    /// Stops it, and all that its bodies have started. Those who wait for it are told at once. Nothing happens if all of it
    /// has ended.
    pub(crate) fn cancel(&self) {
        let mut jobs: Vec<Arc<Job>> = self.this.upgrade().into_iter().collect();
        while let Some(job) = jobs.pop() {
            let round = job.futures.round();
            let (mut any, mut last) = (false, None::<(&Arc<str>, Error)>);
            for index in 0..job.futures.promises().len() {
                let label = job.label(index);
                let same = last.take().filter(|(of, _)| Arc::ptr_eq(of, label));
                let error = same.map_or_else(|| job.cancelled(index), |(_, error)| error);
                any |= job.futures.end_future(index, u32::MAX, Err(error.clone()));
                last = Some((label, error));
            }
            if any {
                job.stop_run(round);
                jobs.extend(job.unwanted_children());
            }
        }
    }

    /// Cancels one future.
    pub(crate) fn cancel_one(&self, index: usize) {
        if self.futures.promises().len() == 1 {
            return self.cancel();
        }
        let round = self.futures.round();
        let error = Err(self.cancelled(index));
        if !self.futures.end_future(index, u32::MAX, error) {
            return;
        }
        if self.futures.have_ended() {
            self.stop_run(round);
        }
        // Its body may sleep.
        let context = lock(&self.state).context.clone();
        if let Some(context) = context {
            context.wake_sleepers();
        }
        for child in self.unwanted_children() {
            child.cancel();
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
            context.cancel_quietly();
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
