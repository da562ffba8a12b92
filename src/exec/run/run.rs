//! One run: its failure, its end, and which threads take part.

use super::context::Context;
use super::failure::RunFailure;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use crate::base::sync::atomic::{AtomicBool, AtomicUsize};
use crate::base::sync::{Mutex, OnceLock, lock};
use crate::exec::futures::{FutureSet, Standing, Urgency};
use crate::exec::park::{IsCancelled, Limit, Parker};
use crate::exec::queue::Queue;
use crate::exec::segment::{PendingCalls, Segment, SegmentPtr};
use crate::store::memo::Lineage;
use crate::task::Claim;
use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The task that a run belongs to: what the run asks and tells it.
pub(in crate::exec) trait RunOwner: Any + Send + Sync {
    /// The run has something to do. `frees`: it uses the result of a future, which nobody may need after that.
    fn announce(&self, run: &Arc<Run>, frees: bool);
    /// A body has started a nested run: there may be work below.
    fn nested_run_started(&self);
    /// All threads have left the run, and none may join any more.
    fn conclude(self: Arc<Self>, run: &Arc<Run>);
    /// Where it stands among the tasks of its client.
    fn standing(&self) -> &Standing;
    fn futures(&self) -> &FutureSet;
}

/// What works on runs.
pub(in crate::exec) trait Driver: Send + Sync {
    /// Takes part in a run until nothing of it is ready.
    fn visit(&self, run: &Arc<Run>);
}

/// One run of a plan.
///
/// The run itself is only the meeting place: it outlives the execution in invitations that come late. What
/// it works on, the root segment, belongs to its owner, which takes it away when all threads have left.
pub(crate) struct Run {
    pub(crate) context: Arc<Context>,
    pub(in crate::exec) id: u64,
    pub(in crate::exec) parent: Option<Arc<Run>>,
    /// How many runs it is nested in.
    pub(in crate::exec) depth: usize,
    /// The task of a client that it belongs to.
    pub(in crate::exec) owner: Option<Arc<dyn RunOwner>>,
    /// It *is* that task: no thread owns it, the last to leave concludes.
    pub(in crate::exec) is_task: bool,
    pub(in crate::exec) driver: &'static dyn Driver,
    /// Of a task: some body of it has begun.
    begun: AtomicBool,
    /// Of a task: no thread may join any more.
    shut: AtomicBool,
    pub(in crate::exec) queue: Queue,
    /// Participants inside, and `CLOSED`.
    members: AtomicUsize,
    /// The root segment has finished.
    done: AtomicBool,
    /// Nothing may start any more.
    stopped: AtomicBool,
    failure: RunFailure,
    /// Unparked when the owner should look up: finished, stopped, woken from the memo, all others gone.
    pub(in crate::exec) parker: Arc<Parker>,
    /// Futures that its units wait for, if it has an owning thread.
    awaited: Mutex<Vec<Claim>>,
    /// Nested runs that nodes of this run have started.
    children: Mutex<Vec<Arc<Run>>>,
    /// The nearest time limit that it is within.
    pub(in crate::exec) limit: Option<Arc<Limit>>,
    /// Made by the first call that waits with retries or within a limit.
    pending: OnceLock<Box<PendingCalls>>,
    /// Segments of returned graphs that have not been reclaimed.
    pub(in crate::exec) returned: Mutex<BTreeSet<SegmentPtr>>,
}

/// How deep runs may be nested: endless recursion is an error before it has eaten all memory.
pub(in crate::exec) const MAX_DEPTH: usize = 50_000;

const CLOSED: usize = 1 << (usize::BITS - 1);

fn next_id() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

impl Run {
    /// `task`: the run is that task.
    pub(in crate::exec) fn new(
        context: Arc<Context>,
        parent: Option<Arc<Run>>,
        depth: usize,
        task: Option<Arc<dyn RunOwner>>,
        limit: Option<Arc<Limit>>,
        driver: &'static dyn Driver,
    ) -> Arc<Run> {
        let is_task = task.is_some();
        let owner = task.or_else(|| parent.as_ref()?.owner.clone());
        Arc::new(Run {
            context,
            id: next_id(),
            parent,
            depth,
            owner,
            is_task,
            driver,
            begun: AtomicBool::new(false),
            shut: AtomicBool::new(false),
            queue: Queue::default(),
            members: AtomicUsize::new(1),
            done: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            failure: RunFailure::default(),
            parker: Arc::default(),
            awaited: Mutex::default(),
            children: Mutex::default(),
            limit,
            pending: OnceLock::new(),
            returned: Mutex::default(),
        })
    }

    /// Makes another run of one whose work was done without participants; `false` if it cannot be told from one in which
    /// something has happened.
    #[inline]
    pub(in crate::exec) fn renew(&mut self) -> bool {
        self.id = next_id();
        let is_new = !*self.stopped.get_mut() && *self.members.get_mut() == 1;
        is_new
            && lock(&self.children).is_empty()
            && Arc::get_mut(&mut self.context).is_some_and(Context::is_new)
    }

    /// Whether it runs on the same executor as the run it is nested in.
    pub(in crate::exec) fn is_on_executor_of_parent(&self) -> bool {
        let same =
            |parent: &Arc<Run>| Arc::ptr_eq(&parent.context.executor, &self.context.executor);
        self.parent.as_ref().is_some_and(same)
    }

    // -------------------------------------------------------------- its task

    /// The futures of the task that it belongs to.
    pub(in crate::exec) fn futures(&self) -> Option<&FutureSet> {
        self.owner.as_ref().map(|owner| owner.futures())
    }

    #[inline]
    pub(in crate::exec) fn has_begun(&self) -> bool {
        self.begun.load(Relaxed)
    }

    /// A body of it is about to be called.
    #[inline]
    pub(in crate::exec) fn begin_body(&self) {
        if self.is_task && !self.begun.load(Relaxed) {
            self.begun.store(true, Release);
            if let Some(futures) = self.futures() {
                futures.begin_task();
            }
        }
    }

    // -------------------------------------------------------------- the memo

    /// Whether it is the outermost of the runs that use its memo as it does.
    pub(in crate::exec) fn brought_its_memo(&self) -> bool {
        let above = self.parent.as_ref().map(|p| &p.context.memo);
        above.is_none_or(|above| !Arc::ptr_eq(above, &self.context.memo))
    }

    /// Late invitations keep the context for a while: what was remembered ends with the run.
    pub(in crate::exec) fn end_memo(&self) -> Option<Error> {
        let mut left = None;
        self.context.memo.end_run(|value| {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
                left.get_or_insert(drop_panic(payload));
            }
        });
        left
    }

    pub(in crate::exec) fn lineage_of(
        &self,
        segment: &Segment,
        node: usize,
        key: u128,
    ) -> Arc<Lineage> {
        let above = self.lineage_at(segment, node);
        self.context.memo.lineage(key, above)
    }

    /// What an execution of a node holds up: its segment's, and of many futures those that need the node.
    pub(in crate::exec) fn lineage_at(
        &self,
        segment: &Segment,
        node: usize,
    ) -> Option<Arc<Lineage>> {
        let futures = self.futures().filter(|futures| futures.are_many());
        let (true, Some(futures)) = (self.is_task && segment.continuation.is_none(), futures)
        else {
            return segment.lineage.clone();
        };
        let held_up = futures.held_up_by(segment.program(), node);
        let below = |above, index: usize| Some(Lineage::of_future(futures.number(), index, above));
        held_up.into_iter().fold(None, below)
    }

    // -------------------------------------------------------------- stopping

    /// Whether nothing of this run may start any more.
    #[inline]
    pub(in crate::exec) fn is_stopped(&self) -> bool {
        !self.is_undisturbed() && self.is_stopped_somewhere()
    }

    /// Whether, at a glance, nothing has stopped it.
    #[inline]
    pub(in crate::exec) fn is_undisturbed(&self) -> bool {
        !self.stopped.load(Relaxed) & self.context.is_undisturbed()
    }

    #[inline(never)]
    fn is_stopped_somewhere(&self) -> bool {
        self.stopped.load(Relaxed)
            || self.context.is_halted()
            || self.limit.as_ref().is_some_and(|limit| limit.has_passed())
            || (self.context.has_stopped_runs() && self.is_stopped_above())
    }

    #[cold]
    fn is_stopped_above(&self) -> bool {
        let above = std::iter::successors(self.parent.as_deref(), |run| run.parent.as_deref());
        above.into_iter().any(|run| run.stopped.load(Acquire))
    }

    /// The run has failed: nothing starts any more. The first failure is the one that is reported.
    ///
    /// After a halt, what tasks fail with is its consequence: they were told to stop.
    pub(in crate::exec) fn fail(&self, error: Error) {
        self.failure.add(self.halted().unwrap_or(error));
        if !self.stopped.swap(true, AcqRel) {
            self.context.run_stopped();
        }
    }

    /// Why the run has no value, if so.
    pub(in crate::exec) fn outcome(&self) -> Result<(), Error> {
        match self.failure.take() {
            // A failure that is only the echo of the halt is reported as the halt.
            (Some(error), _) if error.is_halt() => Err(self.halted().unwrap_or(error)),
            (Some(error), others) => Err(error.with_others(others)),
            (None, _) if self.done.load(Acquire) && !self.context.has_timed_out() => Ok(()),
            (None, _) => Err(self.why_stopped()),
        }
    }

    /// Why it was told to stop, if so: cancelled, or out of time.
    pub(in crate::exec) fn halted(&self) -> Option<Error> {
        let limit = self.limit.as_ref().filter(|limit| limit.has_passed());
        let halted = self.context.halted();
        halted.or_else(|| limit.map(|limit| limit.error()))
    }

    /// A time limit of a call of this run has passed: what that stands for ends here.
    pub(in crate::exec) fn limit_passed(&self, limit: &Arc<Limit>) {
        let abandon = |segment: &SegmentPtr| segment.get().abandon_if_within(limit);
        lock(&self.returned).iter().for_each(abandon);
        self.context.run_stopped();
        self.pending().wake_parked();
    }

    /// The calls that wait.
    pub(in crate::exec) fn pending(&self) -> &PendingCalls {
        self.pending.get_or_init(Box::default)
    }

    /// Why nothing of this run may start, where it is not its own failure.
    pub(in crate::exec) fn why_stopped(&self) -> Error {
        self.halted().unwrap_or_else(|| {
            Error::run(
                ErrorKind::Cancelled,
                "cancelled because another task of this run, or of an enclosing run, failed",
            )
        })
    }

    // -------------------------------------------------------------- its end

    pub(in crate::exec) fn finish(&self) {
        self.done.store(true, SeqCst);
        self.wake_owner();
    }

    pub(in crate::exec) fn is_done(&self) -> bool {
        self.done.load(Acquire)
    }

    pub(in crate::exec) fn is_over(&self) -> bool {
        self.is_done() || self.is_stopped()
    }

    /// Makes the owner look up, now or when it next would sleep.
    pub(in crate::exec) fn wake_owner(&self) {
        self.parker.unpark();
    }

    /// It has come to rest: units that still wait for resources, for it was stopped, never begin.
    pub(in crate::exec) fn cancel_turns(&self) {
        if !self.is_done()
            && let Some(resources) = self.context.resources()
        {
            resources.forget_run(self.id);
        }
    }

    // -------------------------------------------------------------- members

    /// Takes part, unless the run has closed.
    pub(in crate::exec) fn join(&self) -> bool {
        let mut members = self.members.load(Relaxed);
        while members & CLOSED == 0 {
            match self
                .members
                .compare_exchange_weak(members, members + 1, AcqRel, Relaxed)
            {
                Ok(_) => return true,
                Err(now) => members = now,
            }
        }
        false
    }

    /// Takes part no more: touches none of its segments from here on.
    pub(in crate::exec) fn leave(self: &Arc<Run>) {
        let left = self.members.fetch_sub(1, AcqRel) - 1;
        match (&self.owner, self.is_task) {
            (Some(owner), true) if left == CLOSED => owner.clone().conclude(self),
            (Some(_), true) => {}
            _ if left == CLOSED || self.is_stopped() => self.wake_owner(),
            _ => {}
        }
    }

    /// Of a task: lets no thread in any more; the last to leave concludes. Of several callers, one does it.
    pub(in crate::exec) fn shut(self: &Arc<Run>) {
        if !self.shut.swap(true, AcqRel) {
            self.members.fetch_or(CLOSED, AcqRel);
            // The place that was kept for its being open.
            self.leave();
        }
    }

    /// Of an owner: lets no thread in any more, and leaves; `true` if all others have left.
    pub(in crate::exec) fn close(&self) -> bool {
        if self.members.fetch_sub(1, AcqRel) == 1 {
            // No other thread is inside; late invitations must still be turned away.
            let closed = self.members.compare_exchange(0, CLOSED, AcqRel, Acquire);
            if closed.is_ok() {
                return true;
            }
        }
        self.members.fetch_or(CLOSED, AcqRel) == 0
    }

    /// Whether all have left a run that is closed.
    pub(in crate::exec) fn is_empty(&self) -> bool {
        self.members.load(Acquire) == CLOSED
    }

    pub(in crate::exec) fn has_others(&self) -> bool {
        self.members.load(Relaxed) & !CLOSED > 1 + usize::from(self.is_task)
    }

    /// Whether a participant that is not its owner should leave between two units.
    #[inline]
    pub(in crate::exec) fn is_to_be_left(&self) -> bool {
        let executor = &self.context.executor;
        executor.permits.are_short() || self.is_outranked(executor.urgency())
    }

    /// Whether a task of this urgency goes first.
    #[inline]
    fn is_outranked(&self, urgency: Urgency) -> bool {
        let Some(owner) = self.owner.as_ref().filter(|_| urgency != Urgency::MIN) else {
            return false;
        };
        let has_ended = |index: usize| owner.futures().promises()[index].has_ended();
        let standing = owner.standing();
        standing.yields_to(urgency, || self.frees_memory(), has_ended)
    }

    /// Whether what it does next uses results of futures. Asked by a participant.
    pub(in crate::exec) fn frees_memory(&self) -> bool {
        self.is_task && self.queue.frees_memory()
    }

    // -------------------------------------------------------------- work

    /// Whether there is something to do: in it, or to end it. Asked by a participant.
    pub(in crate::exec) fn has_work(&self) -> bool {
        match self.is_over() {
            true => self.is_task && !self.shut.load(Acquire),
            false => self.queue.has_work(self.context.executor.permits.slots()),
        }
    }

    /// Whether there may be something to do in it or below. Asked by a participant.
    pub(in crate::exec) fn has_work_below(&self) -> bool {
        self.has_work() || lock(&self.children).iter().any(|c| c.find_work().is_some())
    }

    /// Whether nothing of it will be ready until it is announced (a unit is woken, a nested run starts). Asked by a
    /// participant.
    pub(in crate::exec) fn is_idle(&self) -> bool {
        // No other thread is inside, or all of it is one unit.
        let is_alone = || self.members.load(Acquire) == 2;
        let root = self.queue.any_root();
        let is_one_unit = root.is_none_or(|root| {
            let program = root.get().program();
            program.unit_count() == 1 && !program.may_grow()
        });
        (is_one_unit || is_alone()) && !self.has_work_below()
    }

    /// A run at or below this one that has work, the nearest first.
    pub(in crate::exec) fn find_work(self: &Arc<Run>) -> Option<Arc<Run>> {
        let mut runs = VecDeque::from([self.clone()]);
        while let Some(run) = runs.pop_front() {
            if run.join() {
                let found = run.has_work();
                if !found {
                    runs.extend(run.children());
                }
                run.leave();
                if found {
                    return Some(run);
                }
            }
        }
        None
    }

    /// The nested runs that its nodes have started and wait for.
    pub(in crate::exec) fn children(&self) -> Vec<Arc<Run>> {
        lock(&self.children).clone()
    }

    pub(in crate::exec) fn add_child(&self, child: &Arc<Run>) {
        lock(&self.children).push(child.clone());
        if let Some(owner) = &self.owner {
            owner.nested_run_started();
        }
    }

    pub(in crate::exec) fn remove_child(&self, child: &Arc<Run>) {
        lock(&self.children).retain(|c| !Arc::ptr_eq(c, child));
    }

    // -------------------------------------------------------------- futures that its units wait for

    /// A unit of it is parked until a future has ended.
    pub(in crate::exec) fn add_awaited(&self, claim: &Claim) {
        // Where the run is a task, no thread waits in place.
        if !self.is_task {
            lock(&self.awaited).push(claim.clone());
        }
    }

    /// Up to `most` of the futures that its units wait for.
    pub(in crate::exec) fn awaited(&self, most: usize) -> Vec<Claim> {
        let mut awaited = lock(&self.awaited);
        let ended = awaited.extract_if(.., |claim| claim.promise().has_ended());
        let ended: Vec<Claim> = ended.collect();
        let pending = awaited.iter().take(most).cloned().collect();
        drop(awaited);
        // User code, perhaps: the last claim drops the result.
        drop(ended);
        pending
    }

    pub(in crate::exec) fn take_awaited(&self) -> Vec<Claim> {
        std::mem::take(&mut *lock(&self.awaited))
    }
}

/// A body's token: cancelled with its run, and with every run above.
impl IsCancelled for Run {
    fn is_cancelled(&self) -> bool {
        self.is_stopped()
    }
}

/// The panic of a value's `Drop`, as the failure of a run.
pub(in crate::exec) fn drop_panic(payload: Box<dyn Any + Send>) -> Error {
    Error::stray_panic("the `Drop` of a value", payload)
}
