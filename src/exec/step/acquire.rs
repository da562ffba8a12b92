//! Taking the resources that a node asks for, before its body begins.

use super::memo::ParkedNode;
use super::worker::{At, Worker};
use crate::base::error::Error;
use crate::exec::park::Parker;
use crate::exec::resources::{Lease, Resources, Turn};
use crate::exec::run::CurrentTask;
use crate::exec::wait::sleep_without_slot;
use std::cmp::Reverse;
use std::rc::Rc;
use std::sync::Arc;

/// A body has the resources that it asks for, until this is dropped.
pub(super) struct LeaseGuard(Option<Rc<CurrentTask>>);

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            let lease = task.lease.take();
            drop(lease);
        }
    }
}

/// Takes what a node asks for before its body begins. `Ok(None)`: it is parked until there is enough.
///
/// # Errors
/// If the run was stopped while this thread, which is alone, waited.
pub(super) fn acquire_lease(w: &Worker, at: At) -> Result<Option<LeaseGuard>, Error> {
    let Some((resources, turn)) = turn_of(w, at) else {
        return Ok(Some(LeaseGuard(None)));
    };
    let (run, program) = (w.run(), at.segment.get().program());
    let need = resources.need(program.resources(at.node));
    while !resources.acquire(turn, &need, run.clone(), || {
        ParkedNode::new(w, at, false).waker
    }) {
        if !w.is_alone {
            return Ok(None);
        }
        sleep_without_slot(run, &run.parker, Parker::park);
        if run.is_stopped() {
            resources.cancel_turn(&turn);
            return Err(run.why_stopped());
        }
    }
    w.current.lease.replace(Some(Lease::new(resources, need)));
    Ok(Some(LeaseGuard(Some(w.current.clone()))))
}

/// A node is not going to begin: it waits for nothing any more.
pub(super) fn cancel_turn(w: &Worker, at: At) {
    if let Some((resources, turn)) = turn_of(w, at) {
        resources.cancel_turn(&turn);
    }
}

/// The turn of a node; `None` if it asks for nothing.
fn turn_of(w: &Worker, at: At) -> Option<(Arc<Resources>, Turn)> {
    let (run, program) = (w.run(), at.segment.get().program());
    if program.resources(at.node).is_empty() {
        return None;
    }
    let turn = Turn {
        rank: run.owner.as_ref()?.standing().first_rank(),
        depth: Reverse(run.depth),
        priority: Reverse(program.priority(at.node)),
        run: run.id,
        node: at.node,
        segment: at.segment.address(),
    };
    Some((run.context.resources()?.clone(), turn))
}
