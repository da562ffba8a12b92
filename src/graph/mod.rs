//! L2: a graph as arrays of indices, in topological order: what the passes work on.

pub(crate) mod build;
pub(crate) mod check;
mod graph;
mod keys;
mod link;
mod node_flags;
mod roots;
mod sweep;
mod text;

pub(crate) use crate::task::NodeFlags;
pub(crate) use build::build;
pub(crate) use graph::{Graph, OrderKind};
pub(crate) use keys::{Keys, Names, Retention, content_key};
pub(crate) use link::Link;
pub(crate) use node_flags::flags_of;
pub(crate) use roots::Roots;
pub(crate) use text::{call_text, culprit};
