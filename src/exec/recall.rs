//! Asking the memo for a node's result before it is computed.

use super::parallel;
use super::segment::SegmentPtr;
use super::worker::Worker;
use crate::base::error::{Error, ErrorKind};
use crate::store::memo::{Begin, Ticket, Wait, Waker};
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
            match memo.begin(key) {
                Begin::Mine(ticket) => return Recall::Compute(Some(ticket)),
                Begin::Hit(value) if segment.import(i, &value) => return Recall::Remembered,
                // Another type under the same 128 bits: computed on its own.
                Begin::Hit(_) => return Recall::Compute(None),
                Begin::Failed(error) => return Recall::Failed(error),
                Begin::Busy => {}
            }
            let call = segment.program.culprit(i).call;
            let waker = self.waker(at, unit, i);
            let run = Arc::downgrade(self.run());
            let is_over = Box::new(move || run.upgrade().is_none_or(|run| run.is_stopped()));
            match memo.wait(key, &call, segment.lineage.as_ref(), waker, is_over) {
                Wait::Registered if self.alone => {
                    parallel::sleep(self.run());
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

    fn waker(&self, at: SegmentPtr, unit: usize, i: usize) -> Waker {
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
                run.ring();
            }),
        }
    }
}
