//! A graph that a body has returned: it becomes a segment, whose end is the end of the node.

use super::complete::complete_node;
use super::fail::fail_node;
use super::worker::{Step, Worker};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::lock;
use crate::event::RunEvent;
use crate::exec::run::observe;
use crate::exec::segment::{Continuation, Segment, SegmentPtr};
use crate::task::NodePtr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Makes a segment of a returned graph.
pub(super) fn expand(w: &Worker, to: Continuation, graph: &NodePtr, keep: bool) -> Step {
    let (segment, i, run) = (to.segment.get(), to.node, w.run());
    let context = &run.context;
    let compiled = (context.compile)(graph);
    let checked = compiled.and_then(|program| {
        context.check_resources(&program)?;
        Ok(program)
    });
    let program = match checked {
        Ok(program) => program,
        Err(error) => {
            let error = Error::failed(segment.program().culprit(i), Box::new(error));
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
    segment.release_inputs(i, keep);
    let child = Segment::new(program, w.is_alone, w.is_observed, Some(to), lineage);
    if !w.is_alone {
        child.share(None);
    }
    let child = SegmentPtr::new(child);
    lock(&run.returned).insert(child);
    Step::Expanded(child)
}

/// The segment of a returned graph has come to its end: its node finishes. Returns that node's place, unless
/// the run was stopped: then the last node may have failed, and there may be no output.
pub(in crate::exec) fn conclude(w: &Worker, child: SegmentPtr) -> Option<(SegmentPtr, usize)> {
    let run = w.run();
    if run.is_stopped() {
        return None;
    }
    lock(&run.returned).remove(&child);
    let mut child = child.reclaim();
    let Some(to) = child.continuation.take() else {
        unreachable!("only returned graphs are concluded")
    };
    let (segment, i) = (to.segment.get(), to.node);
    let culprit = || segment.program().culprit(i);
    w.current.segment.set(to.segment);
    w.current.node.set(i);
    let borrowed = || {
        let message = "a task returned a graph that borrows from a `scope`";
        Error::run(ErrorKind::Invalid, message)
    };
    let result = match child.failures.of_all() {
        Some(error) => Err(error),
        None => child.output().ok_or_else(borrowed),
    };
    match result {
        Ok(value) if segment.import(i, &value) => {
            complete_node(w, segment, i, to.ticket, to.since);
        }
        Ok(_) => {
            let message = "internal error: a returned graph has a result of another type";
            fail_node(w, segment, i, Error::failed(culprit(), message.into()));
        }
        Err(error) => {
            let error = Error::failed(culprit(), Box::new(error));
            if let Some(ticket) = to.ticket.filter(|_| !run.is_stopped()) {
                ticket.fail(error.clone());
            }
            fail_node(w, segment, i, error);
        }
    }
    // What is left in the slots, then the graph with its arguments: user code, too.
    let cleared = child.clear();
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(child)));
    for payload in cleared.into_iter().chain(dropped.err()) {
        fail_node(w, segment, i, Error::panicked(culprit(), payload));
    }
    Some((to.segment, to.unit))
}
