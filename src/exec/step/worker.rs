//! A thread's part in a run, and where it is.

use crate::exec::futures::FutureSet;
use crate::exec::run::{CurrentTask, Run, RunOwner, current, replace_current};
use crate::exec::segment::{Segment, SegmentPtr};
use crate::exec::wait;
use smallvec::SmallVec;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A node, and the unit that it is executed in.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) segment: SegmentPtr,
    pub(super) unit: usize,
    pub(super) node: usize,
}

/// The outcome of executing one node.
pub(super) enum Step {
    /// The node has finished, with a result or without.
    Done,
    /// It waits, and will be made ready again.
    Parked,
    /// Its body returned a graph: the node finishes with that.
    Expanded(SegmentPtr),
}

/// A thread's part in a run.
pub(in crate::exec) struct Worker {
    pub(in crate::exec) current: Rc<CurrentTask>,
    /// The only thread of the run: it waits itself where units are parked otherwise.
    pub(super) is_alone: bool,
    pub(super) is_observed: bool,
    /// The task whose futures each output is.
    pub(super) task: Option<Arc<dyn RunOwner>>,
    /// The results outside of the unit that is executed whose last user was in it.
    pub(super) ended: RefCell<SmallVec<[u32; 8]>>,
}

impl Worker {
    pub(in crate::exec) fn enter(run: &Arc<Run>, root: SegmentPtr, is_alone: bool) -> Worker {
        let task = Rc::new(CurrentTask::new(run.clone(), root, current()));
        let owner = run.owner.as_ref();
        let owner = owner.filter(|owner| run.is_task && owner.futures().are_many());
        let mut worker = Worker::within(task);
        worker.is_alone = is_alone;
        worker.is_observed = !run.context.observers.is_empty();
        worker.task = owner.cloned();
        worker
    }

    /// Alone and unobserved.
    #[inline]
    pub(in crate::exec) fn within(task: Rc<CurrentTask>) -> Worker {
        replace_current(Some(task.clone()));
        Worker {
            current: task,
            is_alone: true,
            is_observed: false,
            task: None,
            ended: RefCell::default(),
        }
    }

    pub(in crate::exec) fn run(&self) -> &Arc<Run> {
        &self.current.run
    }

    /// The futures that the results of a segment are.
    pub(super) fn futures(&self, segment: &Segment) -> Option<&FutureSet> {
        let task = self.task.as_ref();
        let task = task.filter(|_| segment.continuation.is_none());
        task.map(|task| task.futures())
    }

    /// Whether all nodes of a segment are plain, and none needs care but where something has failed or was asked for before.
    pub(in crate::exec) fn only_calls_bodies(&self, segment: &Segment) -> bool {
        let program = segment.program();
        let is_noted = program.is_light && segment.ledger().is_some();
        // Of a task with many futures all that is an output is a number, or it would be shared.
        (program.is_plain || is_noted && self.task.is_none()) && !self.is_observed
    }

    /// A body that ends takes its slot back, if it has not.
    #[inline]
    pub(in crate::exec) fn rejoin(&self) {
        if self.current.has_seceded() {
            wait::rejoin(&self.current);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        replace_current(self.current.above.clone());
    }
}
