//! The text of a call.

use crate::base::error::Culprit;
use crate::task::{Describe, NodeRef};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

thread_local! {
    /// A text is being written on this thread.
    static IS_WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as writing, until this is dropped; `None`: it is already.
struct Writing;

impl Writing {
    fn begin() -> Option<Writing> {
        let was_writing = IS_WRITING.try_with(|is| is.replace(true));
        (!was_writing.unwrap_or(true)).then(|| Writing)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let _ = IS_WRITING.try_with(|is| is.set(false));
    }
}

/// Returns the text of a call, shortened: `load("a.csv", <clean>)`. Within the text of another, whose argument holds a handle, only
/// its label: handles may hold each other, in a cycle or a million deep.
pub(crate) fn call_text(node: NodeRef<'_>) -> String {
    let Some(_writing) = Writing::begin() else {
        return format!("{}(..)", node.label());
    };
    let mut inputs = Vec::new();
    node.list_inputs(&mut inputs);
    // Of a list of a million inputs only the first few are named.
    const NAMED: usize = 64;
    let labels: Vec<Arc<str>> = inputs
        .iter()
        .take(NAMED)
        .map(|input| node.input(*input).label())
        .collect();
    let mut text = String::from(&*node.label());
    text.push('(');
    Describe::text(&mut text, &labels, |to| node.describe(to));
    text.push(')');
    text
}

/// Describes a task that failed, for an error.
pub(crate) fn culprit(node: NodeRef<'_>) -> Culprit {
    let call = catch_unwind(AssertUnwindSafe(|| call_text(node)));
    let task = node.label().to_string();
    let call = call.unwrap_or_else(|_| format!("{task}(..)"));
    Culprit {
        task,
        call,
        at: node.location(),
    }
}
