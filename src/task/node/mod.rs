//! The erased node: a header and typed operands, side by side.

mod list;
mod node_flags;
mod raw;
mod reclaim;
mod settings;

pub(crate) use list::NodeList;
pub(crate) use node_flags::NodeFlags;
pub(super) use raw::{ALONE, Alone, Home, INERT, LEAF};
pub(crate) use raw::{
    Header, Input, Inputs, NodePtr, NodeRef, Outcome, RawNode, Use, Vtable, counted, node_of,
};
pub(crate) use settings::{RetryIf, Settings};
