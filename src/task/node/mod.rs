//! The erased node: a header and typed operands, side by side.

mod content_key;
mod explicit_key;
mod guard;
mod list;
mod node_flags;
mod place;
mod raw;
mod reclaim;
mod settings;

pub(crate) use content_key::{CallMatch, ContentKey};
pub(crate) use explicit_key::ExplicitKey;
pub(crate) use guard::Guard;
pub(crate) use list::NodeList;
pub(crate) use node_flags::NodeFlags;
pub(super) use raw::{ALONE, Alone, Home, INERT, LEAF};
pub(crate) use raw::{
    Header, Input, Inputs, NodePtr, NodeRef, Outcome, RawNode, Use, Vtable, counted, node_of,
};
pub(in crate::task::node) use settings::RetryIf;
pub(crate) use settings::Settings;
