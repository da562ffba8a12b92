//! The place of the thread that a compute begins on.

use super::run::Run;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::AcqRel;
use crate::exec::threads::Executor;

/// The place of the thread that a compute begins on: it holds a permit, and a thread of the pool if it is one.
pub(in crate::exec) struct CallerPermit<'r> {
    executor: &'r Executor,
    is_pooled: bool,
}

impl<'r> CallerPermit<'r> {
    /// `None` for a nested run: its owner has the permit of the run it is in.
    #[inline]
    pub(in crate::exec) fn take(run: &'r Run) -> Option<CallerPermit<'r>> {
        if run.is_on_executor_of_parent() {
            return None;
        }
        let executor = &*run.context.executor;
        executor.permits.take();
        let is_pooled = rayon::current_thread_index().is_some();
        let caller_permit = CallerPermit {
            executor,
            is_pooled,
        };
        caller_permit.count().fetch_add(1, AcqRel);
        Some(caller_permit)
    }
}

impl CallerPermit<'_> {
    fn count(&self) -> &AtomicUsize {
        match self.is_pooled {
            true => &self.executor.occupied,
            false => &self.executor.outside,
        }
    }
}

impl Drop for CallerPermit<'_> {
    fn drop(&mut self) {
        self.count().fetch_sub(1, AcqRel);
        self.executor.permits.give();
    }
}
