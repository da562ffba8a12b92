//! What each thread is executing: how a body finds the run it belongs to.

use super::cancel::{CancelToken, IsCancelled};
use super::equip::Equipment;
use super::job::Job;
use super::run::{Origin, Run};
use super::segment::{Segment, SegmentPtr};
use super::stack::Known;
use super::wait::Away;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::thread_local;
use crate::store::memo::Lineage;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// What a thread is executing.
pub(super) struct Active {
    pub(super) run: Arc<Run>,
    pub(super) segment: Cell<SegmentPtr>,
    pub(super) node: Cell<usize>,
    /// Where the stretch that is under way ends: before this node.
    pub(super) until: Cell<usize>,
    /// Set by the deadline of the node.
    pub(super) overdue: RefCell<Option<Arc<AtomicBool>>>,
    /// The entry of the memo that the node's execution settles, if it does.
    pub(super) key: Cell<Option<u128>>,
    /// How many direct nested computes (see `fork`) it is inside of.
    pub(super) forks: Cell<usize>,
    /// The stack that those are on.
    pub(super) stack: Cell<Known>,
    /// The body that runs has given its slot up, and works on without.
    pub(super) seceded: RefCell<Option<Away>>,
    /// It has a slot again nevertheless, for what it helps with.
    pub(super) helps: Cell<bool>,
    /// The resources that the body which runs uses.
    pub(super) equipment: RefCell<Option<Equipment>>,
    /// The body that runs keeps its slot while it waits.
    pub(super) holds: Cell<usize>,
    /// What this thread was executing before.
    pub(super) above: Option<Rc<Active>>,
}

thread_local! {
    pub(super) static ACTIVE: Cell<Option<Rc<Active>>> = const { Cell::new(None) };
}

/// What this thread is executing; `None` outside of tasks.
#[inline]
pub(super) fn active() -> Option<Rc<Active>> {
    let copied = |here: &Cell<Option<Rc<Active>>>| {
        let active = here.take();
        // In its place is nothing now.
        std::mem::forget(here.replace(active.clone()));
        active
    };
    ACTIVE.try_with(copied).ok()?
}

/// Looks at what this thread is executing; `None` outside of tasks.
pub(super) fn with_active<R>(look: impl FnOnce(&Rc<Active>) -> R) -> Option<R> {
    active().as_ref().map(look)
}

/// Whether this thread is executing a task.
#[inline]
pub(super) fn is_any_active() -> bool {
    active().is_some()
}

/// The token of the task whose body is running on this thread.
pub(super) fn current_token() -> Option<CancelToken> {
    struct Task {
        run: Arc<Run>,
        overdue: Option<Arc<AtomicBool>>,
        element: Option<(Arc<Job>, usize)>,
    }
    impl IsCancelled for Task {
        fn is_cancelled(&self) -> bool {
            self.overdue
                .as_ref()
                .is_some_and(|o| o.load(Ordering::Acquire))
                || self.run.is_cancelled()
                || self
                    .element
                    .as_ref()
                    .is_some_and(|(job, node)| !job.wants(*node))
        }
    }
    with_active(|active| {
        let task = Task {
            run: active.run.clone(),
            overdue: active.overdue.borrow().clone(),
            element: active.element(),
        };
        CancelToken::under(Some(Arc::new(task)))
    })
}

impl Active {
    /// A thread that takes part in a run, whose root is `root`.
    pub(super) fn new(run: Arc<Run>, root: SegmentPtr, above: Option<Rc<Active>>) -> Active {
        Active {
            run,
            segment: Cell::new(root),
            node: Cell::new(0),
            until: Cell::new(0),
            overdue: RefCell::new(None),
            key: Cell::new(None),
            forks: Cell::new(0),
            stack: Cell::new(Known::NOTHING),
            seceded: RefCell::new(None),
            helps: Cell::new(false),
            equipment: RefCell::new(None),
            holds: Cell::new(0),
            above,
        }
    }

    /// This execution, as the origin of a nested run.
    pub(super) fn origin(&self) -> Origin {
        let segment = self.segment.get().get();
        let node = self.node.get();
        let key = self.key.get().or_else(|| segment.noted_key(node));
        let lineage = match key {
            Some(key) => Some(self.run.lineage_of(segment, node, key)),
            None => self.run.lineage_at(segment, node),
        };
        Origin {
            run: self.run.clone(),
            node,
            forks: self.forks.get(),
            lineage,
        }
    }

    /// The run, and the node of it.
    pub(super) fn place(&self) -> (u64, usize) {
        (self.run.id, self.node.get())
    }

    /// The node of the task's own plan that is being executed, or has returned the graph that is.
    pub(super) fn node_of_task(&self) -> Option<usize> {
        let (mut segment, mut node) = (self.segment.get().get(), self.node.get());
        while let Some(to) = &segment.continuation {
            (segment, node) = (to.segment.get(), to.node);
        }
        self.run.is_task.then_some(node)
    }

    /// The node whose futures the body that runs is for, if each of its task's outputs is a future of its own.
    fn element(&self) -> Option<(Arc<Job>, usize)> {
        let job = self.run.job.as_ref().filter(|job| job.is_many())?;
        Some((job.clone(), self.node_of_task()?))
    }

    /// Whether nobody wants what the body that runs is for, though its task goes on.
    pub(super) fn is_unwanted(&self) -> bool {
        self.element().is_some_and(|(job, node)| !job.wants(node))
    }

    /// Whether the body that runs has given its slot up.
    pub(super) fn has_seceded(&self) -> bool {
        self.seceded.borrow().is_some()
    }

    /// Whether the body that runs is to end in time.
    pub(super) fn has_deadline(&self) -> bool {
        self.overdue.borrow().is_some()
    }

    /// Whether the deadline of the node has passed.
    pub(super) fn is_overdue(&self) -> bool {
        let overdue = self.overdue.borrow();
        overdue.as_ref().is_some_and(|o| o.load(Ordering::Acquire))
    }
}

impl Run {
    pub(super) fn lineage_of(&self, segment: &Segment, node: usize, key: u128) -> Arc<Lineage> {
        let above = self.lineage_at(segment, node);
        self.context.memo.lineage(key, above)
    }

    /// What an execution of a node holds up: its segment's, and of many futures those that need the node.
    pub(super) fn lineage_at(&self, segment: &Segment, node: usize) -> Option<Arc<Lineage>> {
        let job = self.job.as_ref().filter(|job| job.is_many());
        let (true, Some(job)) = (self.is_task && segment.continuation.is_none(), job) else {
            return segment.lineage.clone();
        };
        let held = job.held_up_by(&segment.program, node);
        let below = |above, index: usize| Some(Lineage::of_future(job.number(), index, above));
        held.into_iter().fold(None, below)
    }
}
