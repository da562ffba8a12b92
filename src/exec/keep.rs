//! What becomes of a result that is in place: the memo keeps it, observers hear of it.

use super::segment::Segment;
use super::worker::Worker;
use crate::base::error::Error;
use crate::base::footprint::Size;
use crate::event::RunEvent;
use crate::store::memo::Ticket;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

impl Worker {
    /// The result of node `i` is in place, and its count open. `since`: when its body was called, if anybody
    /// wants to know.
    pub(super) fn keep(
        &self,
        segment: &Segment,
        i: usize,
        ticket: Option<Ticket>,
        since: Option<Instant>,
    ) {
        let elapsed = since.map(|since| since.elapsed());
        // After a stop a body may have given half of what it should: the ticket is dropped.
        let ticket = ticket.filter(|_| !self.run().is_stopped());
        let watched = self.observed && segment.is_watched(i);
        if (ticket.is_some() || watched)
            && let Some(size) = self.measured(segment, i)
        {
            if watched {
                segment.born(i, size);
                let Size { bytes, estimated } = size;
                self.tell(segment, i, |run, node, tell| {
                    tell(&RunEvent::ResultBorn {
                        run,
                        node,
                        bytes,
                        estimated,
                    })
                });
            }
            if let Some(ticket) = ticket
                && let Some(value) = segment.export(i)
            {
                // What made room may take its time to drop, or panic: nobody waits for that.
                for evicted in ticket.complete(value, size, elapsed) {
                    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(evicted))) {
                        let error = Error::stray_panic("the `Drop` of a value", payload);
                        self.run().fail(error);
                    }
                }
            }
        }
        self.publish(segment, i);
        if let Some(elapsed) = elapsed {
            self.tell(segment, i, |run, node, tell| {
                tell(&RunEvent::NodeFinished { run, node, elapsed })
            });
        }
    }

    /// How large a result is; a panic of its `Footprint` fails the run.
    fn measured(&self, segment: &Segment, i: usize) -> Option<Size> {
        let size = catch_unwind(AssertUnwindSafe(|| segment.measure(i)));
        let failed = |payload| Error::stray_panic("the `Footprint` of a result", payload);
        size.map_err(|payload| self.run().fail(failed(payload)))
            .ok()
    }
}
