//! Asking the memo for the result of a node before it is computed, and a future for its own.

use super::worker::{At, Worker};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::{Mutex, lock};
use crate::exec::park::{Parker, call_at};
use crate::exec::queue::ReadyUnit;
use crate::exec::run::{raise, unit_woken};
use crate::exec::segment::SegmentPtr;
use crate::exec::wait::{sleep_as_owner, sleep_without_slot, with_lease_released};
use crate::plan::NodeFlags;
use crate::store::memo::{IsOver, Lookup, Ticket, Wait, Waker, await_futures};
use crate::task::{Claim, Guard};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is known of a node's result before it is computed.
pub(super) enum Recall {
    /// Nothing: it is to be computed, and remembered if there is a ticket.
    Compute(Option<Ticket>),
    /// It is in place.
    Remembered,
    Failed(Error),
    Parked,
}

/// Asks the memo for a node; waits for it where this thread is alone.
pub(super) fn ask_memo(w: &Worker, at: At) -> Recall {
    let (segment, i, run) = (at.segment.get(), at.node, w.run());
    let (memo, program) = (&run.context.memo, segment.program());
    let guard = match program.flags[i].has(NodeFlags::GUARDED) {
        true => program.guard(i),
        false => Guard::default(),
    };
    let wait = EqualCall::new(w, at, &guard);
    loop {
        let recall = match memo.look_up(program.content_key(i), guard.retries > 0) {
            Lookup::Claimed(ticket) => Recall::Compute(Some(ticket)),
            Lookup::Hit(value) if segment.import(i, &value) => Recall::Remembered,
            Lookup::Hit(_) | Lookup::Foreign => Recall::Compute(None),
            Lookup::Failed(error) | Lookup::Conflict(error) => Recall::Failed(error),
            Lookup::Busy if wait.is_overdue() => {
                let limit = guard.timeout.unwrap_or_default();
                Recall::Failed(Error::task_timeout(program.culprit(i), limit))
            }
            Lookup::Busy => Recall::Parked,
        };
        if !matches!(recall, Recall::Parked) {
            wait.end();
            return recall;
        }
        let call = program.culprit(i).call;
        let lineage = run.lineage_at(segment, i);
        let (waker, is_over) = wait.begin();
        match memo.register_wait(program.keys[i], &call, lineage.as_ref(), waker, is_over) {
            Wait::Registered if w.is_alone => {
                with_lease_released(|| sleep_without_slot(run, &run.parker, Parker::park));
                if run.is_stopped() {
                    wait.end();
                    return Recall::Failed(cancelled());
                }
            }
            Wait::Registered => return Recall::Parked,
            Wait::Changed => {}
            Wait::Deadlock(circle) => {
                wait.end();
                return Recall::Failed(Error::run(ErrorKind::Deadlock, circle));
            }
        }
    }
}

/// A wait for an equal call that is running elsewhere, which may be tried in another way: the limit of this one holds.
struct EqualCall<'w> {
    worker: &'w Worker,
    at: At,
    /// How long all its attempts may take.
    limit: Option<Duration>,
}

impl<'w> EqualCall<'w> {
    fn new(worker: &'w Worker, at: At, guard: &Guard<'_>) -> Self {
        let attempts = guard.retries.saturating_add(1);
        let limit = guard.timeout.map(|limit| limit.saturating_mul(attempts));
        EqualCall { worker, at, limit }
    }

    fn place(&self) -> (SegmentPtr, usize) {
        (self.at.segment, self.at.node)
    }

    /// When the limit ends, from the first time that it was asked for; `None` if never.
    fn deadline(&self) -> Option<Instant> {
        let limit = self.limit?;
        let mut deadlines = lock(&self.worker.run().deadlines);
        let first = || Instant::now().checked_add(limit);
        *deadlines.entry(self.place()).or_insert_with(first)
    }

    fn is_overdue(&self) -> bool {
        self.deadline().is_some_and(|at| at <= Instant::now())
    }

    /// What wakes the node when the other call has ended, or when the limit has; and what tells that it waits no more.
    fn begin(&self) -> (Waker, IsOver) {
        let wake = waker(self.worker, self.at, false);
        let run = Arc::downgrade(self.worker.run());
        let is_stopped = move || run.upgrade().is_none_or(|run| run.is_stopped());
        let Some(deadline) = self.deadline() else {
            return (wake, Box::new(is_stopped));
        };
        let waker = Arc::new(Mutex::new(Some(wake)));
        let wake_once = |waker: &Mutex<Option<Waker>>| {
            let wake = lock(waker).take();
            wake.into_iter().for_each(|wake| wake());
        };
        let (by_time, known) = (waker.clone(), waker.clone());
        let timer = call_at(deadline, move || wake_once(&by_time));
        let by_end = move || {
            drop(timer);
            wake_once(&waker);
        };
        let is_over = move || is_stopped() || lock(&known).is_none();
        (Box::new(by_end), Box::new(is_over))
    }

    fn end(&self) {
        if self.limit.is_some() {
            lock(&self.worker.run().deadlines).remove(&self.place());
        }
    }
}

/// Asks the future that a node stands for; waits for it where this thread is alone.
pub(super) fn await_future(w: &Worker, at: At, claim: &Claim) -> Recall {
    let (segment, i, run) = (at.segment.get(), at.node, w.run());
    loop {
        match claim.promise().outcome() {
            Some(Ok(value)) if segment.import_payload(i, &value) => return Recall::Remembered,
            Some(Ok(_)) => {
                let message = "a future is of another type than its handle says";
                return Recall::Failed(Error::run(ErrorKind::Invalid, message));
            }
            Some(Err(error)) => return Recall::Failed(error),
            // Nobody wants what would have read it: see `Program::release_futures`.
            None if claim.promise().is_discarded() => return Recall::Failed(cancelled()),
            None => {}
        }
        // A graph that a client has started can only wait for what was started before. One that was made in a
        // body may wait for what that body holds up.
        if let Some(lineage) = run.lineage_at(segment, i)
            && !(run.is_task && segment.continuation.is_none())
        {
            let (weak, future) = (Arc::downgrade(run), claim.clone());
            let is_over = Box::new(move || {
                let over = weak.upgrade().is_none_or(|run| run.is_over());
                over || future.promise().has_ended()
            });
            if let Err(circle) = await_futures(vec![claim.clone()], &lineage, is_over) {
                return Recall::Failed(Error::run(ErrorKind::Deadlock, circle));
            }
            if let Some(priority) = w.current.priority() {
                raise(vec![claim.clone()], priority);
            }
        }
        run.add_awaited(claim);
        let frees = segment.program().uses_future(at.unit);
        claim.promise().on_end(waker(w, at, frees));
        if !w.is_alone {
            return Recall::Parked;
        }
        sleep_as_owner(run);
        if run.is_stopped() {
            return Recall::Failed(cancelled());
        }
    }
}

fn cancelled() -> Error {
    Error::run(ErrorKind::Cancelled, "the run was cancelled")
}

/// Makes a parked node ready again; where the thread is alone, wakes it. `frees`: it uses the result of a future.
pub(super) fn waker(w: &Worker, at: At, frees: bool) -> Waker {
    let run = w.run().clone();
    let item = ReadyUnit {
        segment: at.segment,
        unit: at.unit as u32,
        node: at.node as u32,
    };
    match w.is_alone {
        true => Box::new(move || run.wake_owner()),
        false => Box::new(move || {
            run.queue.inject(item);
            unit_woken(&run, frees);
        }),
    }
}
