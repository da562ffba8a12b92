//! The direct way for the smallest nested graphs: a few fresh nodes without inputs, run where they are
//! asked for, with no plan and no run of their own. What recursive tasks do most.
//!
//! They belong to the node that asks: its run's stop stops them, their nested runs have its lineage. Taken
//! only where nobody could help anyway (one slot, or every slot in use), and nobody is watching.

use super::active::{Active, active};
use super::run::{DEEPEST, Run};
use super::stack::on_known_stack;
use crate::base::error::{Error, ErrorKind, drop_payload};
use crate::plan::culprit;
use crate::task::{Caller, DirectCalls, NodePtr, NodeRef, Outcome, Value};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A nested compute of the nodes that `list` lists, if it can be run directly: has `call` call them.
///
/// # Errors
/// The failure of the first that fails; those after it do not start.
#[inline]
pub(crate) fn fork<'n, R>(
    list: impl FnOnce(&mut DirectCalls<'n>) -> bool,
    call: impl FnOnce(&mut Direct<'_, 'n>) -> Option<R>,
) -> Option<Result<R, Error>> {
    let active = active()?;
    let context = &active.run.context;
    let permits = &context.executor.permits;
    let alone = permits.slots() <= 1 || !permits.may_be_free();
    if !alone || !context.observers.is_empty() {
        return None;
    }
    let mut nodes = DirectCalls::none();
    let are_bare = list(&mut nodes) && !nodes.is_empty();
    are_bare.then(|| on_known_stack(&active.stack, || run_bare(&active, call)))
}

/// Runs nodes, in order, as a part of what the thread is executing.
#[inline]
pub(super) fn run_bare<'n, R>(
    active: &Active,
    call: impl FnOnce(&mut Direct<'_, 'n>) -> Option<R>,
) -> Result<R, Error> {
    let run = &*active.run;
    let forks = active.forks.get() + 1;
    if run.depth + forks > DEEPEST {
        return Err(too_deep());
    }
    active.forks.set(forks);
    let mut direct = Direct {
        run,
        at: None,
        end: None,
    };
    let called = catch_unwind(AssertUnwindSafe(|| call(&mut direct)));
    active.forks.set(forks - 1);
    match called {
        Ok(Some(results)) => {
            // Nothing has ended it.
            std::mem::forget(direct);
            Ok(results)
        }
        Ok(None) => Err(direct.failure(None)),
        Err(payload) => Err(direct.failure(Some(payload))),
    }
}

/// Calls nodes where they are asked for.
pub(crate) struct Direct<'r, 'n> {
    run: &'r Run,
    /// The last that has begun.
    at: Option<NodeRef<'n>>,
    end: Option<End>,
}

/// Why there is no result.
enum End {
    Stopped,
    Failed(Outcome),
}

impl<'n> Caller<'n> for Direct<'_, 'n> {
    #[inline(always)]
    fn value<T: Value>(&mut self, node: &'n NodePtr) -> Option<T> {
        if self.run.is_stopped() {
            return self.ended(End::Stopped);
        }
        self.at = Some(node.node());
        match node.produce() {
            Ok(value) => Some(value),
            Err(outcome) => self.ended(End::Failed(outcome)),
        }
    }
}

impl Direct<'_, '_> {
    #[cold]
    fn ended<T>(&mut self, end: End) -> Option<T> {
        self.end = Some(end);
        None
    }

    #[cold]
    fn failure(self, payload: Option<Box<dyn Any + Send>>) -> Error {
        let (Some(end), at) = (self.end, self.at) else {
            return match (payload, self.at) {
                (Some(payload), Some(node)) => Error::panicked(culprit(node), payload),
                (Some(payload), None) => Error::stray_panic("a task", payload),
                (None, _) => unreachable!("it has come to an end"),
            };
        };
        if let Some(payload) = payload {
            // Of a result that is not wanted any more.
            drop_payload(payload);
        }
        match (end, at) {
            (End::Stopped, _) => self.run.why_stopped(),
            (End::Failed(Outcome::Failed(e)), Some(node)) => {
                let error = Error::failed(culprit(node), e.error());
                self.run.context.halted().unwrap_or(error)
            }
            (End::Failed(_), _) => unreachable!("a bare node gives a value or fails"),
        }
    }
}

#[cold]
fn too_deep() -> Error {
    let message = format!("computes are nested more than {DEEPEST} deep: does the recursion end?");
    Error::run(ErrorKind::Invalid, message)
}
