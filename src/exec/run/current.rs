//! What each thread is executing: how a body finds the run it belongs to.

use super::context::Context;
use super::run::{Run, RunOwner};
use super::yielded::{SuspendedMark, YieldedPermits};
use crate::base::error::Error;
use crate::base::sync::thread_local;
use crate::exec::park::Limit;
use crate::exec::resources::Lease;
use crate::exec::segment::SegmentPtr;
use crate::exec::threads::KnownStack;
use crate::store::memo::{Lineage, awaited_by_bodies};
use crate::task::Claim;
use smallvec::SmallVec;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// What a thread is executing.
pub(in crate::exec) struct CurrentTask {
    pub(in crate::exec) run: Arc<Run>,
    pub(in crate::exec) segment: Cell<SegmentPtr>,
    pub(in crate::exec) node: Cell<usize>,
    /// Where the nodes end that the thread executes one after the other: before this one.
    pub(in crate::exec) end: Cell<usize>,
    /// The time limit of the call whose body runs, if it has one.
    pub(in crate::exec) own_limit: RefCell<Option<Arc<Limit>>>,
    /// The entry of the memo that the node's execution settles, if it does.
    pub(in crate::exec) key: Cell<Option<u128>>,
    /// How many direct nested computes it is inside of.
    pub(in crate::exec) direct_depth: Cell<usize>,
    /// The stack that those are on.
    pub(in crate::exec) stack: Cell<KnownStack>,
    /// The body that runs has given up its slot, and works on without.
    pub(in crate::exec) seceded: RefCell<Option<YieldedPermits>>,
    /// It has a slot again nevertheless, for what it helps with.
    pub(in crate::exec) is_helping: Cell<bool>,
    /// The resources that the body which runs uses.
    pub(in crate::exec) lease: RefCell<Option<Lease>>,
    /// How many times the body that runs has said that it keeps its slot while it waits.
    pub(in crate::exec) slot_holds: Cell<usize>,
    /// What this thread was executing before.
    pub(in crate::exec) above: Option<Rc<CurrentTask>>,
}

thread_local! {
    static CURRENT: Cell<Option<Rc<CurrentTask>>> = const { Cell::new(None) };
}

/// What this thread is executing; `None` outside of tasks.
#[inline]
pub(in crate::exec) fn current() -> Option<Rc<CurrentTask>> {
    let copied = |here: &Cell<Option<Rc<CurrentTask>>>| {
        let current = here.take();
        // In its place is nothing now.
        std::mem::forget(here.replace(current.clone()));
        current
    };
    CURRENT.try_with(copied).ok()?
}

/// From here on this thread executes another task, or none.
#[inline]
pub(in crate::exec) fn replace_current(task: Option<Rc<CurrentTask>>) {
    let _ = CURRENT.try_with(|here| here.replace(task));
}

/// Whether the body of a task is running on this thread.
#[inline]
pub(crate) fn is_inside_task() -> bool {
    current().is_some()
}

/// The context of the run that this thread's body belongs to.
pub(crate) fn current_context() -> Option<Arc<Context>> {
    Some(current()?.run.context.clone())
}

/// Whose executor this thread's body runs on: the nearest that has an owner.
pub(crate) fn current_owner() -> Option<Arc<dyn Any + Send + Sync>> {
    let context = current_context()?;
    let mut contexts = std::iter::successors(Some(&context), |c| c.above.as_ref());
    contexts.find_map(|context| context.executor.owner())
}

/// Futures that one of this priority waits for are at least so urgent, and what they wait for in turn.
pub(in crate::exec) fn raise(mut claims: Vec<Claim>, priority: i32) {
    while let Some(claim) = claims.pop() {
        let (work, index) = (claim.producer(), claim.index());
        if !claim.promise().has_ended() && work.raise(index, priority) {
            claims.extend(work.needs_of(index));
            claims.extend(awaited_by_bodies(&claim));
        }
    }
}

/// The body on this thread is about to wait for futures: they are as urgent as what it works on.
pub(crate) fn raise_awaited(claims: impl FnOnce() -> Vec<Claim>) {
    if let Some(priority) = current().and_then(|task| task.priority()) {
        raise(claims(), priority);
    }
}

impl CurrentTask {
    /// Of a thread that takes part in a run, whose root is `root`.
    pub(in crate::exec) fn new(
        run: Arc<Run>,
        root: SegmentPtr,
        above: Option<Rc<CurrentTask>>,
    ) -> CurrentTask {
        CurrentTask {
            run,
            segment: Cell::new(root),
            node: Cell::new(0),
            end: Cell::new(0),
            own_limit: RefCell::new(None),
            key: Cell::new(None),
            direct_depth: Cell::new(0),
            stack: Cell::new(KnownStack::NOTHING),
            seceded: RefCell::new(None),
            is_helping: Cell::new(false),
            lease: RefCell::new(None),
            slot_holds: Cell::new(0),
            above,
        }
    }

    // -------------------------------------------------------------- which node

    /// The run, and the node of it.
    pub(in crate::exec) fn place(&self) -> (u64, usize) {
        (self.run.id, self.node.get())
    }

    /// How deep what the body starts is nested.
    pub(in crate::exec) fn depth_below(&self) -> usize {
        self.run.depth + self.direct_depth.get() + 1
    }

    /// The running memo entries that the body holds up.
    pub(in crate::exec) fn lineage(&self) -> Option<Arc<Lineage>> {
        let (segment, node) = (self.segment.get().get(), self.node.get());
        let key = self.key.get().or_else(|| segment.noted_key(node));
        match key {
            Some(key) => Some(self.run.lineage_of(segment, node, key)),
            None => self.run.lineage_at(segment, node),
        }
    }

    /// The node of the task's own plan that is being executed, or has returned the graph that is.
    pub(in crate::exec) fn node_of_task(&self) -> Option<usize> {
        let (mut segment, mut node) = (self.segment.get().get(), self.node.get());
        while let Some(to) = &segment.continuation {
            (segment, node) = (to.segment.get(), to.node);
        }
        self.run.is_task.then_some(node)
    }

    /// The task and the node of it that the body runs for, if each of the task's outputs is a future of its own.
    pub(in crate::exec) fn element(&self) -> Option<(Arc<dyn RunOwner>, usize)> {
        let owner = self.run.owner.as_ref();
        let owner = owner.filter(|owner| owner.futures().are_many())?;
        Some((owner.clone(), self.node_of_task()?))
    }

    /// Whether the outcome of the body is not wanted, though its task goes on.
    pub(in crate::exec) fn is_unwanted(&self) -> bool {
        let element = self.element();
        element.is_some_and(|(owner, node)| !owner.futures().wants_node(node))
    }

    // -------------------------------------------------------------- its deadline

    /// The nearest time limit that the body is within: of its call, of one that has returned the graph it is in, or of one
    /// around its run.
    pub(in crate::exec) fn limit(&self) -> Option<Arc<Limit>> {
        let own = self.own_limit.borrow().clone();
        own.or_else(|| self.limit_around())
    }

    /// The same without that of the call itself.
    pub(in crate::exec) fn limit_around(&self) -> Option<Arc<Limit>> {
        let segment = self.segment.get().get();
        segment.limit.clone().or_else(|| self.run.limit.clone())
    }

    pub(in crate::exec) fn has_deadline(&self) -> bool {
        self.limit().is_some()
    }

    /// Whether a time limit that the body is within has passed.
    pub(in crate::exec) fn is_overdue(&self) -> bool {
        self.limit().is_some_and(|limit| limit.has_passed())
    }

    /// Whether nothing that the body computes on this thread may start any more.
    #[inline]
    pub(in crate::exec) fn is_stopped(&self) -> bool {
        !self.run.is_undisturbed() && (self.run.is_stopped() || self.is_overdue())
    }

    /// Why not.
    pub(in crate::exec) fn why_stopped(&self) -> Error {
        match self.limit().filter(|limit| limit.has_passed()) {
            Some(limit) if self.run.context.halted().is_none() => limit.error(),
            _ => self.run.why_stopped(),
        }
    }

    // -------------------------------------------------------------- its priority

    /// The priority of the futures that the body works on; `None` where no task has had one.
    pub(in crate::exec) fn priority(&self) -> Option<i32> {
        let owner = self.run.owner.as_ref()?;
        let (futures, standing) = (owner.futures(), owner.standing());
        if !futures.progress().has_priorities() {
            return None;
        }
        let node = self.node_of_task().filter(|_| futures.are_many());
        let held_up = match (node, futures.plan()) {
            (Some(node), Some(program)) => futures.held_up_by(&program, node),
            _ => Vec::new(),
        };
        let of = held_up.into_iter().map(|index| standing.priority_of(index));
        Some(of.max().unwrap_or_else(|| standing.priority()))
    }

    /// Whether the body is to stop: with its run, or on its own.
    pub(in crate::exec) fn is_to_stop(&self) -> bool {
        self.run.is_stopped() || self.is_unwanted() || self.is_overdue()
    }

    // -------------------------------------------------------------- its slot

    /// Whether the body has given up its slot.
    pub(in crate::exec) fn has_seceded(&self) -> bool {
        self.seceded.borrow().is_some()
    }

    /// Whether the body keeps its slot while it waits.
    pub(in crate::exec) fn keeps_slot(&self) -> bool {
        self.slot_holds.get() > 0
    }

    /// For each permit that the body has given up by seceding, a run.
    pub(in crate::exec) fn seceded_runs(&self) -> SmallVec<[Arc<Run>; 2]> {
        let seceded = self.seceded.borrow();
        seceded
            .as_ref()
            .map_or_else(SmallVec::new, |yielded| yielded.runs.clone())
    }

    /// Its futures show that the body is suspended, until the mark is dropped.
    pub(in crate::exec) fn mark_suspended(&self) -> Option<SuspendedMark> {
        let owner = self.run.owner.clone()?;
        Some(SuspendedMark::new(owner, self.node_of_task()))
    }
}
