//! Asking the memo for a node's result before it is computed.

use super::equip::unequipped;
use super::press;
use super::segment::SegmentPtr;
use super::suspend;
use super::worker::Worker;
use crate::base::error::{Error, ErrorKind};
use crate::store::memo::{Lookup, Ticket, Wait, Waker, await_futures};
use crate::task::Claim;
use std::sync::Arc;

/// What the memo says of a node.
pub(super) enum Recall {
    /// Nothing: it is to be computed, and remembered if there is a ticket.
    Compute(Option<Ticket>),
    /// Its result is in place.
    Remembered,
    Failed(Error),
    Parked,
}

impl Worker {
    /// What the memo says of node `i`; waits for it where this thread is alone.
    pub(super) fn recall(&self, at: SegmentPtr, unit: usize, i: usize) -> Recall {
        let segment = at.get();
        let (memo, key) = (&self.run().context.memo, segment.program.keys[i]);
        loop {
            match memo.look_up(key) {
                Lookup::Claimed(ticket) => return Recall::Compute(Some(ticket)),
                Lookup::Hit(value) if segment.import(i, &value) => return Recall::Remembered,
                // Another type under the same 128 bits: computed on its own.
                Lookup::Hit(_) => return Recall::Compute(None),
                Lookup::Failed(error) => return Recall::Failed(error),
                Lookup::Busy => {}
            }
            let call = segment.program.culprit(i).call;
            let waker = self.waker(at, unit, i);
            let run = Arc::downgrade(self.run());
            let is_over = Box::new(move || run.upgrade().is_none_or(|run| run.is_stopped()));
            let lineage = self.run().lineage_at(segment, i);
            match memo.register_wait(key, &call, lineage.as_ref(), waker, is_over) {
                Wait::Registered if self.alone => {
                    unequipped(|| suspend::sleep(self.run()));
                    if self.run().is_stopped() {
                        let error = Error::run(ErrorKind::Cancelled, "the run was cancelled");
                        return Recall::Failed(error);
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

    /// Whether the future that node `i` stands for has ended; waits for it where this thread is alone.
    pub(super) fn arrive(&self, at: SegmentPtr, unit: usize, i: usize, claim: &Claim) -> Recall {
        let segment = at.get();
        loop {
            match claim.promise().outcome() {
                Some(Ok(value)) if segment.take_in(i, &value) => return Recall::Remembered,
                Some(Ok(_)) => {
                    let message = "a future is of another type than its handle says";
                    return Recall::Failed(Error::run(ErrorKind::Invalid, message));
                }
                Some(Err(error)) => return Recall::Failed(error),
                None => {}
            }
            // A graph that a client has started can only wait for what was started before. One that was made in a
            // body may wait for what that body holds up.
            let run = self.run();
            if let Some(lineage) = run.lineage_at(segment, i)
                && !(run.is_task && segment.continuation.is_none())
            {
                let (run, future) = (Arc::downgrade(run), claim.clone());
                let is_over = Box::new(move || {
                    let over = run.upgrade().is_none_or(|run| run.is_over());
                    over || future.promise().has_ended()
                });
                if let Err(circle) = await_futures(vec![claim.clone()], &lineage, is_over) {
                    return Recall::Failed(Error::run(ErrorKind::Deadlock, circle));
                }
            }
            run.awaits(claim);
            claim.promise().on_end(self.waker(at, unit, i));
            if !self.alone {
                return Recall::Parked;
            }
            press::sleep(run);
            if run.is_stopped() {
                return Recall::Failed(Error::run(ErrorKind::Cancelled, "the run was cancelled"));
            }
        }
    }

    pub(super) fn waker(&self, at: SegmentPtr, unit: usize, i: usize) -> Waker {
        let run = self.run().clone();
        let item = super::queue::Item {
            segment: at,
            unit: unit as u32,
            node: i as u32,
        };
        match self.alone {
            true => Box::new(move || run.ring()),
            false => Box::new(move || {
                run.queue.inject(item);
                run.was_woken();
            }),
        }
    }
}
