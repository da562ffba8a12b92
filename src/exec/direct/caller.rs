//! Calling nodes one after the other, as a part of what a thread is executing.

use crate::base::error::{Error, ErrorKind, drop_payload};
use crate::exec::run::{CurrentTask, MAX_DEPTH, Run};
use crate::plan::culprit;
use crate::task::{Caller, NodePtr, NodeRef, Outcome, Value};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls nodes where they are asked for.
pub(crate) struct DirectCaller<'r, 'n> {
    task: &'r CurrentTask,
    run: &'r Run,
    /// The last that has begun.
    at: Option<NodeRef<'n>>,
    end: Option<DirectEnd>,
}

/// Why there is no result.
enum DirectEnd {
    Stopped,
    Failed(Outcome),
}

/// Runs nodes, in order, as a part of what the thread is executing.
///
/// # Errors
/// The failure of the first that fails; those after it do not start.
#[inline]
pub(super) fn call_directly<'n, R>(
    task: &CurrentTask,
    call: impl FnOnce(&mut DirectCaller<'_, 'n>) -> Option<R>,
) -> Result<R, Error> {
    let run = &*task.run;
    let depth = task.direct_depth.get() + 1;
    if run.depth + depth > MAX_DEPTH {
        return Err(too_deep());
    }
    task.direct_depth.set(depth);
    let mut caller = DirectCaller {
        task,
        run,
        at: None,
        end: None,
    };
    let called = catch_unwind(AssertUnwindSafe(|| call(&mut caller)));
    task.direct_depth.set(depth - 1);
    match called {
        Ok(Some(results)) => {
            // Nothing has ended it.
            std::mem::forget(caller);
            Ok(results)
        }
        Ok(None) => Err(caller.failure(None)),
        Err(payload) => Err(caller.failure(Some(payload))),
    }
}

impl<'n> Caller<'n> for DirectCaller<'_, 'n> {
    #[inline(always)]
    fn value<T: Value>(&mut self, node: &'n NodePtr) -> Option<T> {
        if !self.run.is_undisturbed() && is_stopped(self.task) {
            return self.ended(DirectEnd::Stopped);
        }
        self.at = Some(node.node());
        match node.produce() {
            Ok(value) => Some(value),
            Err(outcome) => self.ended(DirectEnd::Failed(outcome)),
        }
    }
}

impl DirectCaller<'_, '_> {
    #[cold]
    fn ended<T>(&mut self, end: DirectEnd) -> Option<T> {
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
            (DirectEnd::Stopped, _) => self.task.why_stopped(),
            (DirectEnd::Failed(Outcome::Failed(e)), Some(node)) => {
                let error = Error::failed(culprit(node), e.error());
                self.task.run.halted().unwrap_or(error)
            }
            (DirectEnd::Failed(_), _) => unreachable!("a bare node gives a value or fails"),
        }
    }
}

#[cold]
fn too_deep() -> Error {
    let message =
        format!("computes are nested more than {MAX_DEPTH} deep: does the recursion end?");
    Error::run(ErrorKind::Invalid, message)
}

#[cold]
#[inline(never)]
fn is_stopped(task: &CurrentTask) -> bool {
    task.is_stopped()
}
