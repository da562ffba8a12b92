//! A result that is in place: the memo keeps it, futures and observers are told.

use super::worker::Worker;
use crate::base::error::Error;
use crate::base::footprint::Size;
use crate::event::RunEvent;
use crate::exec::futures::FutureSet;
use crate::exec::run::{Run, drop_panic, observe};
use crate::exec::segment::Segment;
use crate::store::memo::Ticket;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// The result of a node is in place, and its count open. `since`: when its body was called, if that is wanted.
pub(super) fn complete_node(
    w: &Worker,
    segment: &Segment,
    i: usize,
    ticket: Option<Ticket>,
    since: Option<Instant>,
) {
    let elapsed = since.map(|since| since.elapsed());
    // After a stop a body may have given half of what it should: the ticket is dropped.
    let ticket = ticket.filter(|_| !w.run().is_stopped());
    let liveness = segment
        .liveness()
        .filter(|liveness| liveness.is_observed(i));
    if (ticket.is_some() || liveness.is_some())
        && let Some(size) = measure(w, segment, i)
    {
        if let Some(liveness) = liveness {
            liveness.begin(i, size);
            let Size { bytes, estimated } = size;
            observe::tell_of_node(w.run(), segment, i, |run, node, tell| {
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
            // What made room may take its time to drop, or panic: no thread waits for that.
            for evicted in ticket.complete(value, size, elapsed) {
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(evicted))) {
                    w.run().fail(drop_panic(payload));
                }
            }
        }
    }
    publish_node(w, segment, i);
    if let Some(elapsed) = elapsed.filter(|_| w.is_observed) {
        observe::tell_of_node(w.run(), segment, i, |run, node, tell| {
            tell(&RunEvent::NodeFinished { run, node, elapsed })
        });
    }
}

/// How large a result is; a panic of its `Footprint` fails the run.
fn measure(w: &Worker, segment: &Segment, i: usize) -> Option<Size> {
    let size = catch_unwind(AssertUnwindSafe(|| segment.measure(i)));
    let failed = |payload| Error::stray_panic("the `Footprint` of a result", payload);
    size.map_err(|payload| w.run().fail(failed(payload))).ok()
}

/// The result of a node is in place: ends the futures that it is, if it is any.
pub(super) fn publish_node(w: &Worker, segment: &Segment, i: usize) {
    if let Some(futures) = w.futures(segment) {
        publish(futures, w.run(), segment, i);
    }
}

#[inline]
pub(super) fn publish(futures: &FutureSet, run: &Run, segment: &Segment, i: usize) {
    if !futures.has_node(i) {
        return;
    }
    if run.is_stopped()
        && let Some(error) = run.halted()
    {
        // It came too late.
        futures.end_node(i, &Err(error));
        return;
    }
    if let Some(number) = segment.number(i) {
        futures.end_node_with(i, number);
        segment.program().release_futures(i);
    } else if let Some(shared) = segment.payload(i) {
        // What was published is not wanted as an output any more.
        (0..futures.end_node(i, &Ok(shared))).for_each(|_| segment.release_result(i));
        segment.program().release_futures(i);
    }
}
