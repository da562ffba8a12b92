//! The erased node: a header and typed operands, side by side.

mod list;
mod raw;
mod reclaim;
mod settings;
mod traits;

pub(crate) use list::NodeList;
pub(super) use raw::{ALONE, Alone, Home, INERT, LEAF};
pub(crate) use raw::{
    Header, Input, Inputs, NodePtr, NodeRef, Outcome, RawNode, Use, Vtable, counted, node_of,
};
pub(crate) use settings::{RetryIf, Settings};
pub(crate) use traits::Traits;
