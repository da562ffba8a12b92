//! L2: a graph as arrays of indices, in topological order: what the passes work on.

pub(crate) mod build;
pub(crate) mod check;
mod graph;
mod keys;
mod link;
mod sweep;
mod text;
mod traits;

pub(crate) use crate::task::Traits;
pub(crate) use build::build;
pub(crate) use graph::{Graph, OrderKind};
pub(crate) use keys::{Keys, Retention, content_key};
pub(crate) use link::Link;
pub(crate) use text::{call_text, culprit};
pub(crate) use traits::traits_of;
