//! What is done to a task from outside: it is cancelled, or tried again.

use super::super::story::Chapter;
use super::Job;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::Ordering::AcqRel;
use crate::base::sync::lock;
use crate::task::RetryableError;
use std::sync::Arc;

impl Job {
    /// Stops it, and all that its bodies have started. Who waits for it is told at once. Nothing happens if all of it
    /// has ended.
    pub(crate) fn cancel(&self) {
        let mut jobs: Vec<Arc<Job>> = self.this.upgrade().into_iter().collect();
        while let Some(job) = jobs.pop() {
            let round = job.round();
            let (mut any, mut last) = (false, None::<(&Arc<str>, Error)>);
            for index in 0..job.promises.len() {
                let label = job.label(index);
                let same = last.take().filter(|(of, _)| Arc::ptr_eq(of, label));
                let error = same.map_or_else(|| job.cancelled(index), |(_, error)| error);
                any |= job.end(index, u32::MAX, Err(error.clone()));
                last = Some((label, error));
            }
            if !any {
                continue;
            }
            job.stop(round);
            jobs.extend(job.unwanted_children());
        }
    }

    fn unwanted_children(&self) -> Vec<Arc<Job>> {
        let children = lock(&self.children).clone();
        let unwanted = children.iter().filter(|(node, _)| !self.is_wanted(*node));
        unwanted.filter_map(|(_, child)| child.upgrade()).collect()
    }

    fn cancelled(&self, index: usize) -> Error {
        let message = format!("the task `{}` was cancelled", self.label(index));
        Error::run(ErrorKind::Cancelled, message)
    }

    /// Stops its `round`th run, if it has come to that.
    pub(super) fn stop(&self, round: u32) {
        let (run, context) = {
            let state = lock(&self.state);
            let run = state.run.clone().filter(|_| self.round() == round);
            (run, state.context.clone())
        };
        if let (Some(run), Some(context)) = (run, context) {
            context.cancel_quietly();
            run.shut();
        }
    }

    /// Cancels one future.
    pub(crate) fn cancel_one(&self, index: usize) {
        if self.promises.len() == 1 {
            return self.cancel();
        }
        let round = self.round();
        if !self.end(index, u32::MAX, Err(self.cancelled(index))) {
            return;
        }
        if self.has_ended() {
            self.stop(round);
        }
        // Its body may sleep.
        let context = lock(&self.state).context.clone();
        if let Some(context) = context {
            context.sleepers.wake();
        }
        self.unwanted_children()
            .iter()
            .for_each(|child| child.cancel());
    }

    /// Tries again what has failed or was cancelled; `false` if it has not.
    ///
    /// What is still running of it is of no interest any more: when that has come to rest, it is opened once more.
    pub(crate) fn retry(self: &Arc<Job>, index: usize) -> bool {
        let mut state = lock(&self.state);
        let expect = || {
            self.expect(1);
            self.story.tell(index, Chapter::Retried);
        };
        let former = self.promises[index].reopen(self.round() + 1, expect);
        let Some(RetryableError {
            error,
            retry_with: plan,
        }) = former
        else {
            return false;
        };
        if state.program.is_none() {
            state.program = plan.and_then(|plan| plan.downcast().ok());
        }
        let is_open = std::mem::replace(&mut state.is_open, true);
        match is_open {
            true => state.again = true,
            false => _ = self.round.fetch_add(1, AcqRel),
        }
        drop(state);
        drop(error);
        if !is_open {
            self.open_again();
        }
        true
    }
}
