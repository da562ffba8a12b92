//! Per-call settings: `.named(..)`, `.retries(..)` and the like.

use super::{ExplicitKey, NodePtr};
use crate::base::error::Error;
use crate::task::spec::Purity;
use std::sync::Arc;
use std::time::Duration;

/// Whether a call that failed with this error is retried.
pub(crate) type RetryIf = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

/// The settings of one call, which override those of its function.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) priority: i32,
    pub(crate) retries: Option<u32>,
    pub(crate) backoff: Option<Duration>,
    /// Which failures are retried; `None` for all.
    pub(crate) retry_if: Option<RetryIf>,
    pub(crate) timeout: Option<Duration>,
    /// The resources that the body holds, with their amounts: a client must have them free before the body begins.
    pub(crate) resources: Vec<(Arc<str>, u64)>,
    pub(crate) purity: Option<Purity>,
    /// An explicit key: nodes of the same key are equal.
    pub(crate) key: Option<u128>,
    /// What the call with that key is, once the keys of its graph are known.
    pub(crate) explicit: Option<Arc<ExplicitKey>>,
    pub(crate) inline: bool,
    /// `Some(false)` is a barrier to fusion, before and after the node.
    pub(crate) fuse: Option<bool>,
    /// Nodes that must finish before this one, their values unused.
    pub(crate) after: Vec<NodePtr>,
}

impl Settings {
    /// Sets the amount of a resource.
    pub(crate) fn set_resource(&mut self, name: Arc<str>, amount: u64) {
        match self.resources.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = amount,
            None => self.resources.push((name, amount)),
        }
    }
}
