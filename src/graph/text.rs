//! The text of a call.

use crate::base::error::Culprit;
use crate::task::{Describe, NodeRef};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Returns the text of a call, shortened: `load("a.csv", <clean>)`.
pub(crate) fn call_text(node: NodeRef<'_>) -> String {
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
