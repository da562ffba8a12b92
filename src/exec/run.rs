//! One run: its failure, its end, and who takes part.

use super::bell::Bell;
use super::cancel::IsCancelled;
use super::context::Context;
use super::equip::unequipped;
use super::executor::Executor;
use super::job::Job;
use super::observe;
use super::queue::Queue;
use super::segment::{Segment, SegmentPtr};
use super::{parallel, serial, suspend};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use crate::base::sync::atomic::{AtomicBool, AtomicUsize};
use crate::base::sync::{self, Mutex, lock};
use crate::event::RunEvent;
use crate::plan::Program;
use crate::store::memo::Lineage;
use crate::task::{Claim, Frame};
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// Where a nested run was started.
pub(crate) struct Origin {
    pub(super) run: Arc<Run>,
    pub(super) node: usize,
    /// How many direct nested computes lie between.
    pub(super) forks: usize,
    pub(super) lineage: Option<Arc<Lineage>>,
}

impl Origin {
    /// The task whose body is running on this thread, if any.
    pub(crate) fn here() -> Option<Origin> {
        super::active::with_active(|active| active.origin())
    }
}

/// One run of a plan.
///
/// The run itself is only the meeting place: it outlives the execution in invitations that come late. What
/// it works on, the root segment, belongs to its owner, who takes it away when everybody has left.
pub(crate) struct Run {
    pub(crate) context: Arc<Context>,
    pub(super) id: u64,
    pub(super) parent: Option<Arc<Run>>,
    /// How many runs it is nested in.
    pub(super) depth: usize,
    /// The task of a client that it belongs to.
    pub(super) job: Option<Arc<Job>>,
    /// It *is* that task: nobody owns it, the last to leave concludes.
    pub(super) is_task: bool,
    /// Of a task: some body of it has begun.
    pub(super) begun: AtomicBool,
    /// Of a task: nobody new may join.
    pub(super) shut: AtomicBool,
    pub(super) queue: Queue,
    /// Participants inside, and `CLOSED`.
    pub(super) members: AtomicUsize,
    /// The root segment has finished.
    pub(super) done: AtomicBool,
    /// Nothing may start any more.
    stopped: AtomicBool,
    failure: Mutex<Failure>,
    /// Rings when the owner should look up: finished, stopped, woken from the memo, everybody gone.
    pub(super) bell: Arc<Bell>,
    /// Futures that its units wait for, if it has an owner.
    pub(super) awaited: Mutex<Vec<Claim>>,
    /// Nested runs that nodes of this run have started.
    pub(super) children: Mutex<Vec<Arc<Run>>>,
    /// Segments of returned graphs that have not been reclaimed.
    pub(super) returned: Mutex<BTreeSet<SegmentPtr>>,
}

#[derive(Default)]
struct Failure {
    first: Option<Error>,
    others: usize,
}

/// How deep runs may be nested: endless recursion is an error before it has eaten all memory.
pub(super) const DEEPEST: usize = 50_000;

pub(super) const CLOSED: usize = 1 << (usize::BITS - 1);

fn next_id() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

impl Run {
    pub(super) fn new(
        context: Arc<Context>,
        parent: Option<Arc<Run>>,
        depth: usize,
        task: Option<Arc<Job>>,
    ) -> Arc<Run> {
        let is_task = task.is_some();
        let job = task.or_else(|| parent.as_ref()?.job.clone());
        Arc::new(Run {
            context,
            id: next_id(),
            depth,
            job,
            is_task,
            begun: AtomicBool::new(false),
            shut: AtomicBool::new(false),
            parent,
            queue: Queue::default(),
            members: AtomicUsize::new(1),
            done: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            failure: Mutex::default(),
            bell: Arc::default(),
            awaited: Mutex::default(),
            children: Mutex::default(),
            returned: Mutex::default(),
        })
    }

    /// Makes another run of one whose work was done without participants; `false` if it cannot be told from one in which
    /// something has happened.
    pub(super) fn renew(&mut self) -> bool {
        self.id = next_id();
        let is_new = !*self.stopped.get_mut() && *self.members.get_mut() == 1;
        is_new
            && lock(&self.children).is_empty()
            && Arc::get_mut(&mut self.context).is_some_and(Context::is_new)
    }

    /// Whether it is the outermost of the runs that use its memo as it does.
    pub(super) fn brought_its_memo(&self) -> bool {
        let above = self.parent.as_ref().map(|p| &p.context.memo);
        above.is_none_or(|above| !Arc::ptr_eq(above, &self.context.memo))
    }

    /// Late invitations keep the context for a while: what was remembered ends with the run.
    pub(super) fn end_memo(&self) -> Option<Error> {
        let mut left = None;
        self.context.memo.end(|value| {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
                left.get_or_insert(drop_panic(payload));
            }
        });
        left
    }

    // -------------------------------------------------------------- stopping

    /// Whether nothing of this run may start any more.
    #[inline]
    pub(super) fn is_stopped(&self) -> bool {
        let is_at_ease = !self.stopped.load(Relaxed) & self.context.is_at_ease();
        !is_at_ease && self.is_stopped_somewhere()
    }

    #[inline(never)]
    fn is_stopped_somewhere(&self) -> bool {
        self.stopped.load(Relaxed)
            || self.context.is_halted()
            || (self.context.may_be_stopped() && self.is_stopped_above())
    }

    #[cold]
    fn is_stopped_above(&self) -> bool {
        let above = std::iter::successors(self.parent.as_deref(), |run| run.parent.as_deref());
        above.into_iter().any(|run| run.stopped.load(Acquire))
    }

    /// The run has failed: nothing starts any more. The first failure is the one that is told.
    ///
    /// After a halt, what tasks fail with is its consequence: they were told to stop.
    pub(super) fn fail(&self, error: Error) {
        let error = self.context.halted().unwrap_or(error);
        let mut failure = lock(&self.failure);
        match failure.first {
            None => failure.first = Some(error),
            Some(_) => failure.others += 1,
        }
        drop(failure);
        if !self.stopped.swap(true, AcqRel) {
            self.context.stops.store(true, Release);
            self.context.sleepers.wake();
        }
    }

    // -------------------------------------------------------------- members

    /// Takes part, unless the run has closed.
    pub(super) fn join(&self) -> bool {
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
    pub(super) fn leave(self: &Arc<Run>) {
        let left = self.members.fetch_sub(1, AcqRel) - 1;
        match (&self.job, self.is_task) {
            (Some(job), true) if left == CLOSED => job.conclude(self),
            (Some(_), true) => {}
            _ if left == CLOSED || self.is_stopped() => self.ring(),
            _ => {}
        }
    }

    // -------------------------------------------------------------- an owner's run

    /// Lets nobody in any more and waits until everybody else has left. The owner's last step.
    fn close(self: &Arc<Run>) {
        if self.members.fetch_sub(1, AcqRel) == 1 {
            // Nobody else is inside; late invitations must still be turned away.
            if self
                .members
                .compare_exchange(0, CLOSED, AcqRel, Acquire)
                .is_ok()
            {
                return;
            }
        }
        self.members.fetch_or(CLOSED, AcqRel);
        let is_empty = || self.members.load(Acquire) == CLOSED;
        for _ in 0..sync::LOOKS {
            if is_empty() {
                return;
            }
            (0..sync::SPINS).for_each(|_| sync::spin_loop());
        }
        // A body of theirs may wait for what needs the slot of this thread.
        suspend::without_slot(self, || self.bell.until(is_empty));
    }

    pub(super) fn has_others(&self) -> bool {
        self.members.load(Relaxed) & !CLOSED > 1 + usize::from(self.is_task)
    }

    /// Makes the owner look up, now or when it next would sleep.
    pub(super) fn ring(&self) {
        self.bell.ring();
    }

    pub(super) fn finish(&self) {
        self.done.store(true, SeqCst);
        self.ring();
    }

    /// Why the run has no value, if so.
    pub(super) fn outcome(&self) -> Result<(), Error> {
        let mut failure = lock(&self.failure);
        match failure.first.take() {
            // A failure that is only the echo of the halt is told as the halt.
            Some(error) if error.is_halt() => Err(self.context.halted().unwrap_or(error)),
            Some(error) => Err(error.with_others(failure.others)),
            None if self.done.load(Acquire) => Ok(()),
            None => Err(self.why_stopped()),
        }
    }

    /// Why nothing of this run may start, where it is not its own failure.
    pub(super) fn why_stopped(&self) -> Error {
        self.context.halted().unwrap_or_else(|| {
            Error::run(
                ErrorKind::Cancelled,
                "the run was cancelled: a task of it, or above it, has failed",
            )
        })
    }
}

/// A body's token: cancelled with its run, and with every run above.
impl IsCancelled for Run {
    fn is_cancelled(&self) -> bool {
        self.is_stopped()
    }
}

/// A run that has come to rest, with its outputs unread.
pub(crate) struct Finished {
    run: Arc<Run>,
    root: Box<Segment>,
    since: Instant,
}

/// Runs a plan.
///
/// # Errors
/// If nothing was run: the context is halted, or an observer panics at once. How the run itself went is
/// told by [`Finished::read`].
pub(crate) fn execute(
    program: &Arc<Program>,
    context: &Arc<Context>,
    origin: Option<Origin>,
) -> Result<Finished, Error> {
    let since = Instant::now();
    if let Some(error) = context.halted() {
        return Err(error);
    }
    context.check(program)?;
    let (parent, from, lineage, depth) = match origin {
        Some(o) => {
            let depth = o.run.depth + o.forks + 1;
            (
                Some(o.run.clone()),
                Some((o.run.id, o.node)),
                o.lineage,
                depth,
            )
        }
        None => (None, None, None, 0),
    };
    let run = Run::new(context.clone(), parent, depth, None);
    if depth > DEEPEST {
        let message =
            format!("computes are nested more than {DEEPEST} deep: does the recursion end?");
        return Err(Error::run(ErrorKind::Invalid, message));
    }
    let (nodes, units) = (program.len(), program.unit_count());
    observe::tell(
        context,
        &RunEvent::RunStarted {
            run: run.id,
            parent: from,
            nodes,
            units,
        },
    )?;
    let seat = Seat::take(&run);
    let alone = context.executor.pool.is_serial() || units <= 1 && !program.may_grow();
    let root = {
        let observed = !context.observers.is_empty();
        SegmentPtr::new(Segment::new(
            program.clone(),
            alone,
            observed,
            None,
            lineage,
        ))
    };
    run.note_results(root);
    unequipped(|| {
        match alone {
            true => serial::drive(&run, root),
            false => parallel::drive(&run, root),
        }
        run.close();
    });
    drop(seat);
    drop(std::mem::take(&mut *lock(&run.awaited)));
    run.needs_nothing();
    let returned = std::mem::take(&mut *lock(&run.returned));
    for child in returned {
        if let Some(error) = clear(&run, child.reclaim()) {
            run.fail(error);
        }
    }
    Ok(Finished {
        run,
        root: root.reclaim(),
        since,
    })
}

/// The place of the thread that a compute begins on: it holds a permit, and a thread of the pool if it is one.
pub(super) struct Seat<'r> {
    executor: &'r Executor,
    pooled: bool,
}

impl<'r> Seat<'r> {
    /// `None` for a nested run: its owner has the permit of the run it is in.
    pub(super) fn take(run: &'r Run) -> Option<Seat<'r>> {
        let executor = &*run.context.executor;
        if run
            .parent
            .as_ref()
            .is_some_and(|p| std::ptr::eq(&*p.context.executor, executor))
        {
            return None;
        }
        executor.permits.take();
        let pooled = rayon::current_thread_index().is_some();
        let seat = Seat { executor, pooled };
        seat.count().fetch_add(1, AcqRel);
        Some(seat)
    }
}

impl Seat<'_> {
    fn count(&self) -> &AtomicUsize {
        match self.pooled {
            true => &self.executor.occupied,
            false => &self.executor.outside,
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.count().fetch_sub(1, AcqRel);
        self.executor.permits.give();
    }
}

impl Finished {
    /// Reads the outputs, then clears away what is left.
    ///
    /// # Errors
    /// Why the run has no outputs; see `README.md`, "Failure".
    pub(crate) fn read<R>(self, read: impl FnOnce(&Frame<'_>) -> R) -> Result<R, Error> {
        let Finished { run, root, since } = self;
        let result = run.outcome().and_then(|()| {
            catch_unwind(AssertUnwindSafe(|| root.outputs(read))).map_err(output_panic)
        });
        let mut left = clear(&run, root);
        if run.brought_its_memo()
            && let Some(panic) = run.end_memo()
        {
            left.get_or_insert(panic);
        }
        let result = match (result, left) {
            (Ok(_), Some(error)) => Err(error),
            (result, _) => result,
        };
        let error = result.as_ref().err();
        let finished = RunEvent::RunFinished {
            run: run.id,
            error,
            elapsed: since.elapsed(),
        };
        match observe::tell(&run.context, &finished) {
            Err(panic) if result.is_ok() => Err(panic),
            _ => result,
        }
    }
}

pub(super) fn clear(run: &Run, mut segment: Box<Segment>) -> Option<Error> {
    let panic = segment.clear().map(drop_panic);
    observe::ended(run, &segment, segment.left_alive());
    panic
}

fn drop_panic(payload: Box<dyn Any + Send>) -> Error {
    Error::stray_panic("the `Drop` of a value", payload)
}

fn output_panic(payload: Box<dyn Any + Send>) -> Error {
    Error::stray_panic("the `Clone` of an output", payload)
}
