//! What a failure of a node means for its run.

use super::worker::Worker;
use crate::base::error::Error;
use crate::event::RunEvent;
use crate::exec::run::observe;
use crate::exec::segment::{Continuation, Segment};
use crate::plan::NodeFlags;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
        let error = w.run().halted().unwrap_or(error);
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
        if !below.program().is_fatal(to.node) || has_attempts_left(w, to) {
            // Caught further up, or tried again: the graph that was returned is not wanted any more.
            segment.failures.abandon_all(error);
            return;
        }
        reported = Error::failed(below.program().culprit(to.node), Box::new(reported));
    }
    w.run().fail(reported);
}

/// Whether the call whose body returned a graph may be tried again.
fn has_attempts_left(w: &Worker, to: &Continuation) -> bool {
    let program = to.segment.get().program();
    program.flags[to.node].has(NodeFlags::GUARDED)
        && w.run().pending().attempts((to.segment, to.node)) < program.guard(to.node).retries
}

/// Whether a call that has failed is tried again. A filter that panics makes that the failure.
pub(super) fn is_tried_again(
    w: &Worker,
    segment: &Segment,
    i: usize,
    attempt: u32,
    error: &mut Error,
) -> bool {
    let (program, run) = (segment.program(), w.run());
    if !program.flags[i].has(NodeFlags::GUARDED) || run.is_stopped() {
        return false;
    }
    let guard = program.guard(i);
    if attempt >= guard.retries {
        return false;
    }
    if let Some(retry_if) = guard.retry_if {
        match catch_unwind(AssertUnwindSafe(|| retry_if(error))) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(payload) => {
                *error = Error::panicked(program.culprit(i), payload);
                return false;
            }
        }
    }
    if w.is_observed {
        observe::tell_of_node(run, segment, i, |run, node, tell| {
            tell(&RunEvent::NodeRetried { run, node, error })
        });
    }
    true
}
