//! Asking the memo for the result of a node before it is computed, and a future for its own.

use super::worker::{At, Worker};
use crate::base::error::{Error, ErrorKind};
use crate::exec::park::Parker;
use crate::exec::queue::ReadyUnit;
use crate::exec::run::{raise, unit_woken};
use crate::exec::wait::{sleep_as_owner, sleep_without_slot, with_lease_released};
use crate::store::memo::{Lookup, Ticket, Wait, Waker, await_futures};
use crate::task::Claim;
use std::sync::Arc;

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
    let (memo, key) = (&run.context.memo, segment.program().keys[i]);
    loop {
        match memo.look_up(key) {
            Lookup::Claimed(ticket) => return Recall::Compute(Some(ticket)),
            Lookup::Hit(value) if segment.import(i, &value) => return Recall::Remembered,
            // Another type under the same 128 bits: computed on its own.
            Lookup::Hit(_) => return Recall::Compute(None),
            Lookup::Failed(error) => return Recall::Failed(error),
            Lookup::Busy => {}
        }
        let call = segment.program().culprit(i).call;
        let weak = Arc::downgrade(run);
        let is_over = Box::new(move || weak.upgrade().is_none_or(|run| run.is_stopped()));
        let lineage = run.lineage_at(segment, i);
        match memo.register_wait(key, &call, lineage.as_ref(), waker(w, at, false), is_over) {
            Wait::Registered if w.is_alone => {
                with_lease_released(|| sleep_without_slot(run, &run.parker, Parker::park));
                if run.is_stopped() {
                    return Recall::Failed(cancelled());
                }
            }
            Wait::Registered => return Recall::Parked,
            Wait::Changed => {}
            Wait::Deadlock(circle) => {
                return Recall::Failed(Error::run(ErrorKind::Deadlock, circle));
            }
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
