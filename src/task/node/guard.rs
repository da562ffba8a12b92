//! How a call is tried: its function's settings, or its own.

use super::{RetryIf, Settings};
use crate::task::spec::TaskSpec;
use std::sync::Arc;
use std::time::Duration;

/// The retries and the deadline of a node.
#[derive(Default)]
pub(crate) struct Guard<'p> {
    pub(crate) retries: u32,
    pub(crate) backoff: Duration,
    pub(crate) retry_if: Option<&'p RetryIf>,
    pub(crate) timeout: Option<Duration>,
}

impl<'p> Guard<'p> {
    /// Of a call of a function; what its settings say comes first.
    pub(crate) fn new(spec: &TaskSpec, settings: Option<&'p Settings>) -> Guard<'p> {
        Guard {
            retries: settings.and_then(|s| s.retries).unwrap_or(spec.retries),
            backoff: settings.and_then(|s| s.backoff).unwrap_or_default(),
            retry_if: settings.and_then(|s| s.retry_if.as_ref()),
            timeout: settings.and_then(|s| s.timeout).or(spec.timeout),
        }
    }

    /// Whether both try a call in the same way.
    pub(crate) fn is_like(&self, other: &Guard<'_>) -> bool {
        let same_filter = match (self.retry_if, other.retry_if) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.timeout == other.timeout
            && self.retries == other.retries
            && (self.retries == 0 || self.backoff == other.backoff && same_filter)
    }
}
