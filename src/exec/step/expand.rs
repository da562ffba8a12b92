//! A graph that a body has returned: it becomes a segment, whose end is the end of the node.

use super::complete::complete_node;
use super::fail::{fail_node, is_tried_again};
use super::worker::{Step, Worker};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::lock;
use crate::event::RunEvent;
use crate::exec::park::RunningLimit;
use crate::exec::queue::ReadyUnit;
use crate::exec::run::{MAX_DEPTH, observe};
use crate::exec::segment::{Continuation, Segment, SegmentPtr};
use crate::task::NodePtr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Makes a segment of a returned graph.
pub(super) fn expand(w: &Worker, to: Continuation, graph: &NodePtr, keep: bool) -> Step {
    let (segment, i, run) = (to.segment.get(), to.node, w.run());
    let context = &run.context;
    let compiled = check_depth(&to, graph).and_then(|()| (context.compile)(graph));
    let checked = compiled.and_then(|program| {
        context.check_resources(&program)?;
        Ok(program)
    });
    let program = match checked {
        Ok(program) => program,
        Err(error) => {
            let error = Error::failed(segment.program().culprit(i), Box::new(error));
            if keep {
                segment.release_inputs(i, true);
            }
            fail_node(w, segment, i, error);
            return Step::Done;
        }
    };
    let nodes = program.len();
    if w.is_observed {
        observe::tell_of_node(run, segment, i, |run, node, tell| {
            tell(&RunEvent::NodeExpanded { run, node, nodes })
        });
    }
    let lineage = match &to.ticket {
        Some(_) => Some(run.lineage_of(segment, i, segment.program().keys[i])),
        None => run.lineage_at(segment, i),
    };
    if !keep {
        segment.release_inputs(i, false);
    }
    let child = Segment::new(program, w.is_alone, w.is_observed, Some(to), lineage);
    if !w.is_alone {
        child.share(None);
    }
    let child = SegmentPtr::new(child);
    lock(&run.returned).insert(child);
    // What has been said to all that was there says nothing to this one.
    if let Some(limit) = child.get().limit.as_ref().filter(|l| l.has_passed()) {
        child.get().failures.abandon_all(limit.error());
    } else if let Some(error) = segment.failures.of_all() {
        child.get().failures.abandon_all(error);
    }
    Step::Expanded(child)
}

/// Refuses a graph without end.
///
/// # Errors
/// `Deadlock` if the graph is a node that waits for it; `Invalid` if graphs are returned too deep.
fn check_depth(to: &Continuation, graph: &NodePtr) -> Result<(), Error> {
    /// The cycles that are looked for are short: others end as too deep.
    const LONGEST_CYCLE: usize = 64;
    let segments = std::iter::successors(Some(to), |to| to.segment.get().continuation.as_ref());
    for to in segments.take(LONGEST_CYCLE) {
        if to.segment.get().program().nodes[to.node] == graph.raw() {
            let message = "a task has returned a graph that waits for that task";
            return Err(Error::run(ErrorKind::Deadlock, message));
        }
    }
    if to.segment.get().depth as usize >= MAX_DEPTH {
        let message =
            format!("graphs are returned more than {MAX_DEPTH} deep: does the recursion end?");
        return Err(Error::run(ErrorKind::Invalid, message));
    }
    Ok(())
}

/// How the segment of a returned graph has come to its end.
pub(in crate::exec) enum Concluded {
    /// The node that returned the graph has finished: its place.
    Finished(SegmentPtr, usize),
    /// It is tried again.
    Again(ReadyUnit),
    /// The run was stopped: then the last node may have failed, and there may be no output.
    Stopped,
}

/// The segment of a returned graph has come to its end: its node finishes, or is tried again.
pub(in crate::exec) fn conclude(w: &Worker, child: SegmentPtr) -> Concluded {
    let run = w.run();
    if run.is_stopped() {
        return Concluded::Stopped;
    }
    lock(&run.returned).remove(&child);
    let mut child = child.reclaim();
    let Some(to) = child.continuation.take() else {
        unreachable!("only returned graphs are concluded")
    };
    let (segment, i) = (to.segment.get(), to.node);
    let culprit = || segment.program().culprit(i);
    let guard = segment.program().guard(i);
    w.current.segment.set(to.segment);
    w.current.node.set(i);
    let borrowed = || {
        let message = "a task returned a graph that borrows from a `scope`";
        Error::run(ErrorKind::Invalid, message)
    };
    let overdue = to.limit.as_ref().is_some_and(RunningLimit::has_passed);
    let result = match (child.failures.of_all(), guard.timeout) {
        (_, Some(time)) if overdue => Err(Error::task_timeout(culprit(), time)),
        (Some(error), _) => Err(Error::failed(culprit(), Box::new(error))),
        (None, _) => match child.output() {
            Some(value) if segment.import(i, &value) => Ok(()),
            Some(_) => {
                let message = "internal error: a returned graph has a result of another type";
                Err(Error::failed(culprit(), message.into()))
            }
            None => Err(Error::failed(culprit(), Box::new(borrowed()))),
        },
    };
    let mut again = false;
    let mut failed = None;
    match result {
        Ok(()) => complete_node(w, segment, i, to.ticket, to.since),
        Err(mut error) => {
            let attempt = run.pending().attempts((to.segment, i));
            again = is_tried_again(w, segment, i, attempt, &mut error);
            run.pending()
                .set_attempts((to.segment, i), if again { attempt + 1 } else { 0 });
            if let Some(ticket) = to.ticket.filter(|_| !again && !run.is_stopped()) {
                ticket.fail(error.clone());
            }
            failed = (!again).then_some(error);
        }
    }
    let kept = guard.retries > 0 && !again;
    let release = || kept.then(|| segment.release_inputs(i, true));
    let released = catch_unwind(AssertUnwindSafe(release));
    if let Some(error) = failed {
        fail_node(w, segment, i, error);
    }
    // What is left in the slots, then the graph with its arguments: user code, too.
    let cleared = child.clear();
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(child)));
    let panics = cleared.into_iter().chain(dropped.err());
    for payload in panics.chain(released.err()) {
        again = false;
        fail_node(w, segment, i, Error::panicked(culprit(), payload));
    }
    match again {
        true => Concluded::Again(ReadyUnit {
            segment: to.segment,
            unit: to.unit as u32,
            node: i as u32,
        }),
        false => Concluded::Finished(to.segment, to.unit),
    }
}
