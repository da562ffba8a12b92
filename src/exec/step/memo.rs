//! Asking the memo for the result of a node before it is computed, and a future for its own.

use super::worker::{At, Worker};
use crate::base::error::{Error, ErrorKind};
use crate::exec::park::{Limit, Parker, WakeOnce, call_at};
use crate::exec::queue::ReadyUnit;
use crate::exec::run::{Run, raise, unit_woken};
use crate::exec::segment::{Segment, SegmentPtr};
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
        let (waker, limit, is_over) = wait.begin();
        match memo.register_wait(program.keys[i], &call, lineage.as_ref(), waker, is_over) {
            Wait::Registered if w.is_alone => {
                with_lease_released(|| sleep_without_slot(run, &run.parker, Parker::park));
                if is_given_up(run, segment) {
                    wait.end();
                    return Recall::Failed(cancelled());
                }
            }
            Wait::Registered => {
                ParkedNode::listen(run, limit);
                return Recall::Parked;
            }
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
        let first = || Instant::now().checked_add(limit);
        let pending = self.worker.run().pending();
        pending.deadline(self.place(), first)
    }

    fn is_overdue(&self) -> bool {
        self.deadline().is_some_and(|at| at <= Instant::now())
    }

    /// What wakes the node when the other call has ended, or when the limit has; and what tells that it waits no more.
    fn begin(&self) -> (Waker, Option<(WakeOnce, Arc<Limit>)>, IsOver) {
        let ParkedNode { waker, limit } = ParkedNode::new(self.worker, self.at, false);
        let run = Arc::downgrade(self.worker.run());
        let is_stopped = move || run.upgrade().is_none_or(|run| run.is_stopped());
        let Some(deadline) = self.deadline() else {
            return (waker, limit, Box::new(is_stopped));
        };
        let once = WakeOnce::new(waker);
        let (by_time, known) = (once.clone(), once.clone());
        let timer = call_at(deadline, move || by_time.wake());
        let by_end = move || {
            drop(timer);
            once.wake();
        };
        let is_over = move || is_stopped() || known.has_woken();
        (Box::new(by_end), limit, Box::new(is_over))
    }

    fn end(&self) {
        if self.limit.is_some() {
            self.worker.run().pending().forget_deadline(self.place());
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
        let is_of_task = run.is_task && segment.continuation.is_none();
        if !is_of_task && let Some(lineage) = run.lineage_at(segment, i) {
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
        let ParkedNode { waker, limit } = ParkedNode::new(w, at, frees);
        claim.promise().on_end(waker);
        if !w.is_alone {
            ParkedNode::listen(run, limit);
            return Recall::Parked;
        }
        sleep_as_owner(run);
        if is_given_up(run, segment) {
            return Recall::Failed(cancelled());
        }
    }
}

/// Whether nothing of a segment is wanted any more.
fn is_given_up(run: &Run, segment: &Segment) -> bool {
    run.is_stopped() || segment.failures.of_all().is_some()
}

fn cancelled() -> Error {
    Error::run(ErrorKind::Cancelled, "the run was cancelled")
}

/// What makes a parked node ready again.
pub(super) struct ParkedNode {
    /// Where the thread is alone, only wakes it.
    pub(super) waker: Waker,
    /// In a graph within a time limit: that wakes it, too.
    limit: Option<(WakeOnce, Arc<Limit>)>,
}

impl ParkedNode {
    /// `frees`: it uses the result of a future.
    pub(super) fn new(w: &Worker, at: At, frees: bool) -> ParkedNode {
        let run = w.run().clone();
        let item = ReadyUnit {
            segment: at.segment,
            unit: at.unit as u32,
            node: at.node as u32,
        };
        let waker: Waker = match w.is_alone {
            true => Box::new(move || run.wake_owner()),
            false => Box::new(move || {
                run.queue.inject(item);
                unit_woken(&run, frees);
            }),
        };
        match at.segment.get().limit.clone().filter(|_| !w.is_alone) {
            None => ParkedNode { waker, limit: None },
            Some(limit) => {
                let once = WakeOnce::new(waker);
                let by_end = once.clone();
                ParkedNode {
                    waker: Box::new(move || by_end.wake()),
                    limit: Some((once, limit)),
                }
            }
        }
    }

    /// The waker is where it is called. From here on a limit that passes calls it, too; it may have passed.
    pub(super) fn listen(run: &Run, limit: Option<(WakeOnce, Arc<Limit>)>) {
        if let Some((once, limit)) = limit {
            run.pending().add_parked(&once);
            if limit.has_passed() {
                once.wake();
            }
        }
    }
}
