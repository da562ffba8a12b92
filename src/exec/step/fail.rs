//! What a failure of a node means for its run.

use super::worker::Worker;
use crate::base::error::Error;
use crate::event::RunEvent;
use crate::exec::run::observe;
use crate::exec::segment::Segment;
use std::any::Any;

/// A node has failed.
pub(super) fn fail_node(w: &Worker, segment: &Segment, i: usize, error: Error) {
    note_failure(w, segment, i, &error);
    if w.is_observed {
        observe::tell_of_node(w.run(), segment, i, |run, node, tell| {
            tell(&RunEvent::NodeFailed {
                run,
                node,
                error: &error,
            })
        });
    }
    propagate(w, segment, i, error);
}

/// The node that was being executed has panicked.
#[cold]
pub(super) fn fail_panicked(w: &Worker, payload: Box<dyn Any + Send>) {
    let (segment, i) = (w.current.segment.get().get(), w.current.node.get());
    w.current.key.set(None);
    let error = Error::panicked(segment.program().culprit(i), payload);
    fail_node(w, segment, i, error);
}

/// If a node that has failed was noted as running, its failure is put down.
fn note_failure(w: &Worker, segment: &Segment, i: usize, error: &Error) {
    let ledger = segment.ledger_of(i);
    if let Some(ledger) = ledger.filter(|ledger| ledger.is_running(i)) {
        let (run, call) = (w.run(), segment.program().content_key(i));
        // Perhaps it failed only because it was told to stop.
        let known = (!run.is_stopped()).then(|| error.clone());
        run.context.memo.record_failure(ledger, i, &call, known);
    }
}

/// A node has no result. If no node above catches that, the run has failed.
pub(super) fn propagate(w: &Worker, segment: &Segment, i: usize, error: Error) {
    if !segment.program().is_fatal(i) {
        // As for the whole run: after a halt, what tasks fail with is its consequence.
        let error = w.run().context.halted().unwrap_or(error);
        if let Some(futures) = w.futures(segment) {
            futures.end_node(i, &Err(error.clone()));
        }
        segment.failures.poison_node(i, error);
        return;
    }
    let mut reported = error.clone();
    let mut below = segment;
    while let Some(to) = &below.continuation {
        below = to.segment.get();
        if !below.program().is_fatal(to.node) {
            // Caught further up: the graph that was returned is not wanted any more.
            segment.failures.abandon_all(error);
            return;
        }
        reported = Error::failed(below.program().culprit(to.node), Box::new(reported));
    }
    w.run().fail(reported);
}
