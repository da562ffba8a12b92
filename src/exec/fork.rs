//! The direct way for the smallest nested graphs: a few fresh nodes without inputs, run where they are
//! asked for, with no plan and no run of their own. What recursive tasks do most.
//!
//! They belong to the node that asks: its run's stop stops them, their nested runs have its lineage. Taken
//! only where nobody could help anyway (one slot, or every slot in use), and nobody is watching.

use super::active::{Active, with_active};
use super::run::DEEPEST;
use super::segment::Fresh;
use crate::base::error::{Error, ErrorKind};
use crate::plan::{Traits, culprit, traits_of};
use crate::task::node::output_of;
use crate::task::{Frame, Input, NodeRef, Outcome, Use};
use smallvec::SmallVec;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Nodes that can be run directly.
pub(crate) struct Fork<'o> {
    active: Rc<Active>,
    nodes: SmallVec<[NodeRef<'o>; Fresh::MOST]>,
}

impl<'o> Fork<'o> {
    /// The outputs of a nested compute, if they can be run directly.
    pub(crate) fn of(outputs: &'o [Input]) -> Option<Fork<'o>> {
        if outputs.is_empty() || outputs.len() > Fresh::MOST {
            return None;
        }
        let active = with_active(Rc::clone)?;
        let context = &active.run.context;
        let permits = &context.executor.permits;
        let alone = permits.slots() <= 1 || !permits.may_be_free();
        if !alone || !context.observers.is_empty() {
            return None;
        }
        let mut nodes: SmallVec<[NodeRef<'o>; Fresh::MOST]> = SmallVec::new();
        for (i, output) in outputs.iter().enumerate() {
            let twice = outputs[..i].iter().any(|o| o.raw() == output.raw());
            let node = output_of(outputs, i);
            if twice || !is_fresh(node, output.how()) {
                return None;
            }
            nodes.push(node);
        }
        Some(Fork { active, nodes })
    }

    /// Runs the nodes in order and reads their results.
    ///
    /// # Errors
    /// The failure of the first that fails; those after it do not start.
    pub(crate) fn run<R>(self, read: impl FnOnce(&Frame<'_>) -> R) -> Result<R, Error> {
        let nodes = &*self.nodes;
        let run = &self.active.run;
        let depth = run.depth + self.active.forks.get() + 1;
        if depth > DEEPEST {
            let message =
                format!("computes are nested more than {DEEPEST} deep: does the recursion end?");
            return Err(Error::run(ErrorKind::Invalid, message));
        }
        self.active.forks.set(self.active.forks.get() + 1);
        let fresh = Fresh::new(nodes);
        let at = Cell::new(0);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            for (i, node) in nodes.iter().enumerate() {
                at.set(i);
                if run.is_stopped() {
                    return Err(run.why_stopped());
                }
                if let Outcome::Failed(e) = fresh.execute(i) {
                    let error = Error::failed(culprit(*node), e.0);
                    return Err(run.context.halted().unwrap_or(error));
                }
            }
            Ok(())
        }));
        self.active.forks.set(self.active.forks.get() - 1);
        match ended {
            Ok(Ok(())) => {
                let read = catch_unwind(AssertUnwindSafe(|| fresh.outputs(read)));
                read.map_err(|payload| Error::stray_panic("the `Clone` of an output", payload))
            }
            Ok(Err(error)) => Err(error),
            Err(payload) => Err(Error::panicked(culprit(nodes[at.get()]), payload)),
        }
    }
}

/// Whether a node can be run directly: nothing was said of it, it has no inputs, it is not pure, and its
/// result fits.
fn is_fresh(node: NodeRef<'_>, how: Use) -> bool {
    if how != Use::Value || node.is_recompute() || node.has_settings() {
        return false;
    }
    let mut inputs = Vec::new();
    node.visit(&mut inputs);
    let traits = traits_of(node, None);
    inputs.is_empty() && traits.0 & !(Traits::OWNING | Traits::LARGE) == 0 && Fresh::fits(node)
}
