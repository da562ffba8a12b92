//! What was said of one call: `.named(..)`, `.retries(..)` and the like.

use super::node::NodePtr;
use super::spec::Purity;
use crate::base::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Whether a call that has failed like this is to be tried again.
pub(crate) type RetryIf = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

/// What was said of one call, over what its function says.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) priority: i32,
    pub(crate) retries: Option<u32>,
    pub(crate) backoff: Option<Duration>,
    /// Of the failures, those that are tried again; `None`: all.
    pub(crate) retry_if: Option<RetryIf>,
    pub(crate) timeout: Option<Duration>,
    /// What a client must have free before the body begins: so much of each.
    pub(crate) resources: Vec<(Arc<str>, u64)>,
    pub(crate) purity: Option<Purity>,
    /// An explicit key: this node is every other node of the same key.
    pub(crate) key: Option<u128>,
    pub(crate) inline: bool,
    /// `false`: a barrier to fusion on both sides.
    pub(crate) fuse: Option<bool>,
    /// Nodes that must have finished first, their values unused.
    pub(crate) after: Vec<NodePtr>,
}

impl Settings {
    /// Asks for so much of a resource; what was said of it before is gone.
    pub(crate) fn ask_for(&mut self, name: Arc<str>, amount: u64) {
        match self.resources.iter_mut().find(|(known, _)| *known == name) {
            Some((_, asked)) => *asked = amount,
            None => self.resources.push((name, amount)),
        }
    }
}
