//! The stay of an invited thread inside an executor.

use super::executor::Executor;
use super::serving::Serving;
use std::sync::Arc;

/// Counts a thread as inside until it is dropped.
///
/// One that was invited only looks for work at first. It takes part as soon as it has found a run
/// (`Executor::caller_takes_part`): a thread that comes too late does not show in the counts of a client at rest.
pub(in crate::exec) struct Inside {
    executor: Arc<Executor>,
    is_lent: bool,
    is_looking: bool,
}

impl Inside {
    /// A thread that was invited comes, and takes the permit that it was promised; `None`: that is gone.
    pub(super) fn enter(executor: &Arc<Executor>, is_lent: bool) -> Option<Inside> {
        let has_come = executor.headcount.take_promised_and_look();
        has_come.then(|| Inside {
            executor: executor.clone(),
            is_lent,
            is_looking: true,
        })
    }

    /// A lent thread is about to come, has a permit, and knows where it takes part.
    pub(in crate::exec) fn enter_with_permit(executor: &Arc<Executor>) -> Inside {
        executor.headcount.enter();
        executor.headcount.add_lent();
        Inside {
            executor: executor.clone(),
            is_lent: true,
            is_looking: false,
        }
    }

    /// Works: what the work calls can find out that it is inside.
    pub(in crate::exec) fn work(mut self, work: impl FnOnce()) {
        let executor = self.executor.clone();
        let _serving = Serving::begin(&executor, true, None);
        executor
            .headcount
            .work(self.is_lent, &mut self.is_looking, work);
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let headcount = &self.executor.headcount;
        if self.is_lent && !self.is_looking {
            headcount.remove_lent();
        }
        if headcount.leave(self.is_looking)
            && let Some(client) = &self.executor.client
        {
            client.progress.notify();
        }
    }
}
