//! What was said of one call: `.named(..)`, `.retries(..)` and the like.

use super::node::NodePtr;
use super::spec::Purity;
use std::sync::Arc;
use std::time::Duration;

/// What was said of one call, over what its function says.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) priority: i32,
    pub(crate) retries: Option<u32>,
    pub(crate) backoff: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) purity: Option<Purity>,
    /// An explicit key: this node is every other node of the same key.
    pub(crate) key: Option<u128>,
    pub(crate) inline: bool,
    /// `false`: a barrier to fusion on both sides.
    pub(crate) fuse: Option<bool>,
    /// Nodes that must have finished first, their values unused.
    pub(crate) after: Vec<NodePtr>,
}
