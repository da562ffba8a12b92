//! The direct way for the smallest nested graphs: a few fresh nodes without inputs, run where they are
//! asked for, with no plan and no run of their own. What recursive tasks do most.
//!
//! They belong to the node that asks: its run's stop stops them, their nested runs have its lineage. Taken
//! only where nobody could help anyway (one slot, or every slot in use), and nobody is watching.

use super::active::{Active, with_active};
use super::run::DEEPEST;
use super::segment::Fresh;
use super::stack::on_enough_stack;
use crate::base::error::{Error, ErrorKind};
use crate::plan::{Traits, culprit};
use crate::task::node::output_of;
use crate::task::{Frame, Inputs, NodeRef, Outcome, Use, with_inputs};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// A nested compute of what `holder` holds, and `outputs` lists, if it can be run directly: runs the nodes in order, and
/// reads their results.
///
/// # Errors
/// The failure of the first that fails; those after it do not start.
#[inline]
pub(crate) fn fork<H: ?Sized, R>(
    holder: &H,
    outputs: impl FnOnce(&mut Inputs),
    read: impl FnOnce(&Frame<'_>) -> R,
) -> Option<Result<R, Error>> {
    let active = with_active(Rc::clone)?;
    let context = &active.run.context;
    let permits = &context.executor.permits;
    let alone = permits.slots() <= 1 || !permits.may_be_free();
    if !alone || !context.observers.is_empty() {
        return None;
    }
    let mut fresh = Fresh::new();
    let are_bare = with_inputs(|inputs| {
        outputs(inputs);
        let count = inputs.len();
        count > 0 && (0..count).all(|i| add_bare(&mut fresh, holder, i, inputs))
    });
    are_bare.then(|| on_enough_stack(|| run_fresh(&active, &fresh, read)))
}

/// Adds one of the outputs that `holder` holds, if it can be run directly.
#[inline]
pub(super) fn add_bare<'h, H: ?Sized>(
    fresh: &mut Fresh<'h>,
    holder: &'h H,
    i: usize,
    outputs: &mut Inputs,
) -> bool {
    let (node, count) = (output_of(holder, outputs[i]), outputs.len());
    // It has no inputs of its own: none are added.
    node.visit(outputs);
    outputs[i].how() == Use::Value
        && outputs.len() == count
        && is_bare(node)
        && !fresh.has(node)
        && fresh.add(node)
}

/// Runs nodes, in order, as a part of what the thread is executing, and reads their results.
#[inline]
pub(super) fn run_fresh<R>(
    active: &Active,
    fresh: &Fresh<'_>,
    read: impl FnOnce(&Frame<'_>) -> R,
) -> Result<R, Error> {
    let run = &active.run;
    let forks = active.forks.get() + 1;
    if run.depth + forks > DEEPEST {
        return Err(too_deep());
    }
    active.forks.set(forks);
    let at = Cell::new(0);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        fresh.execute(|i| {
            at.set(i);
            run.is_stopped().then(|| run.why_stopped())
        })
    }));
    active.forks.set(forks - 1);
    match ended {
        Ok(Ok(())) => {
            let read = catch_unwind(AssertUnwindSafe(|| fresh.outputs(read)));
            read.map_err(|payload| Error::stray_panic("the `Clone` of an output", payload))
        }
        Ok(Err(Ok(stopped))) => Err(stopped),
        Ok(Err(Err(outcome))) => {
            let error = failure(fresh, at.get(), outcome);
            Err(run.context.halted().unwrap_or(error))
        }
        Err(payload) => match fresh.node(at.get()) {
            Some(node) => Err(Error::panicked(culprit(node), payload)),
            None => Err(Error::stray_panic("a task", payload)),
        },
    }
}

#[cold]
fn too_deep() -> Error {
    let message = format!("computes are nested more than {DEEPEST} deep: does the recursion end?");
    Error::run(ErrorKind::Invalid, message)
}

#[cold]
fn failure(fresh: &Fresh<'_>, i: usize, outcome: Outcome) -> Error {
    match (outcome, fresh.node(i)) {
        (Outcome::Failed(e), Some(node)) => Error::failed(culprit(node), e.0),
        _ => unreachable!("a bare node gives a value or fails"),
    }
}

/// Whether running a node is no more than calling its body: nothing was said of it, and it is not pure.
#[inline]
fn is_bare(node: NodeRef<'_>) -> bool {
    let nothing = !(Traits::OWNING | Traits::LARGE);
    node.traits().0 & nothing == 0 && !node.has_settings() && !node.is_recompute()
}
