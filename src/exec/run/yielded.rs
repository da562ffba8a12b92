//! What a thread has given up while it waits.

use super::run::{Run, RunOwner};
use crate::exec::threads::PausedServing;
use smallvec::SmallVec;
use std::sync::Arc;

/// The permits that a thread has given up, one in each executor that it works for; taken back when this is dropped, ahead of
/// new tasks.
pub(in crate::exec) struct YieldedPermits {
    /// For each permit, a run.
    pub(in crate::exec) runs: SmallVec<[Arc<Run>; 2]>,
    /// The run of the body that waits, unless that had seceded before: the budgets of this run and those around it do not
    /// count on the body meanwhile.
    pub(in crate::exec) uncounted: Option<Arc<Run>>,
    /// Those that the thread has outside of bodies.
    pub(in crate::exec) _served: PausedServing,
    /// Dropped last: a body is suspended until it has its slot.
    pub(in crate::exec) _mark: Option<SuspendedMark>,
}

impl YieldedPermits {
    /// The body of `run` waits: for what is unknown.
    pub(in crate::exec) fn uncount(run: &Option<Arc<Run>>) {
        around(run).for_each(|run| run.queue.slot_yielded());
    }
}

impl Drop for YieldedPermits {
    fn drop(&mut self) {
        for run in &self.runs {
            run.context.executor.take_back();
        }
        around(&self.uncounted).for_each(|run| run.queue.slot_returned());
    }
}

/// A run and those it is nested in.
fn around(run: &Option<Arc<Run>>) -> impl Iterator<Item = &Arc<Run>> {
    std::iter::successors(run.as_ref(), |run| run.parent.as_ref())
}

/// The futures of a body show that it is suspended, until this is dropped.
pub(in crate::exec) struct SuspendedMark {
    owner: Arc<dyn RunOwner>,
    futures: Vec<usize>,
}

impl SuspendedMark {
    /// `node`: the node of the task that the body runs for, if that is known.
    pub(in crate::exec) fn new(owner: Arc<dyn RunOwner>, node: Option<usize>) -> SuspendedMark {
        let futures = owner.futures().shown_by(node);
        for index in &futures {
            owner.futures().suspend_future(*index);
        }
        SuspendedMark { owner, futures }
    }
}

impl Drop for SuspendedMark {
    fn drop(&mut self) {
        for index in &self.futures {
            self.owner.futures().resume_future(*index);
        }
    }
}
