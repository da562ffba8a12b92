//! The life of one node with all that may have been asked of it.

use super::acquire::{acquire_lease, cancel_turn};
use super::attempt::attempt_body;
use super::complete::publish_node;
use super::fail::propagate;
use super::memo::{Recall, ask_memo, await_future};
use super::worker::{At, Step, Worker};
use crate::base::error::{Error, ErrorKind};
use crate::event::RunEvent;
use crate::exec::run::observe;
use crate::plan::NodeFlags;

/// Executes one node. Unwinds if its body, the `Clone` of an argument or the `Drop` of an input does: then the node has
/// finished.
pub(super) fn run_guarded(w: &Worker, at: At) -> Step {
    let (segment, i) = (at.segment.get(), at.node);
    w.current.segment.set(at.segment);
    w.current.node.set(i);
    let flags = segment.program().flags[i];
    if segment.failures.any() {
        if segment.failures.of_all().is_some() {
            cancel_turn(w, at);
            segment.skip_inputs(i);
            return Step::Done;
        }
        if let Some(error) = segment.failures.of_inputs(segment.program(), i) {
            return pass_over(w, at, error);
        }
    }
    let futures = w.futures(segment);
    if futures.is_some_and(|futures| !futures.wants_node(i)) {
        let error = Error::run(ErrorKind::Cancelled, "the task was cancelled");
        return pass_over(w, at, error);
    }
    let _lease = match flags.has(NodeFlags::GUARDED) {
        true => match acquire_lease(w, at) {
            Ok(Some(lease)) => Some(lease),
            Ok(None) => return Step::Parked,
            Err(error) => return pass_over(w, at, error),
        },
        false => None,
    };
    if !flags.has(NodeFlags::SOURCE) {
        w.run().begin_body();
    }
    if let Some(futures) = futures {
        futures.begin_node(i);
        futures.progress().body_begins();
    }
    if let Some(claim) = segment.program().awaits(i) {
        match await_future(w, at, claim) {
            Recall::Failed(error) => propagate(w, segment, i, error),
            Recall::Parked => return Step::Parked,
            Recall::Remembered | Recall::Compute(_) => publish_node(w, segment, i),
        }
        return Step::Done;
    }
    let mut ticket = None;
    if flags.has(NodeFlags::KEYED) {
        match ask_memo(w, at) {
            Recall::Compute(own) => ticket = own,
            Recall::Remembered => {
                publish_node(w, segment, i);
                if w.is_observed {
                    observe::tell_of_node(w.run(), segment, i, |run, node, tell| {
                        tell(&RunEvent::NodeRemembered { run, node })
                    });
                }
                segment.skip_inputs(i);
                return Step::Done;
            }
            Recall::Failed(error) => {
                segment.skip_inputs(i);
                propagate(w, segment, i, error);
                return Step::Done;
            }
            Recall::Parked => return Step::Parked,
        }
    }
    if ticket.is_some() {
        w.current.key.set(Some(segment.program().keys[i]));
    }
    let step = attempt_body(w, at, ticket);
    w.current.key.set(None);
    step
}

/// A node does not begin: it has no result.
fn pass_over(w: &Worker, at: At, error: Error) -> Step {
    let segment = at.segment.get();
    cancel_turn(w, at);
    segment.skip_inputs(at.node);
    propagate(w, segment, at.node, error);
    Step::Done
}
