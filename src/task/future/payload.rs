//! The outcome of a future, without its type.

use super::super::io::{Number, Value};
use crate::base::Shared;
use crate::base::error::Error;
use std::sync::Arc;

/// The value of a future.
#[derive(Clone)]
pub(crate) enum Payload {
    Number(Number),
    Shared(Shared),
}

/// The error of a future, and what it can be retried with: stored for as long as a retry is possible.
pub(crate) struct RetryableError {
    pub(crate) error: Error,
    pub(crate) retry_with: Option<Shared>,
}

impl Payload {
    /// The value as an `Arc<T>`; `None` if it is not a `T`.
    #[inline]
    pub(crate) fn arc<T: Value>(self) -> Option<Arc<T>> {
        match self {
            Payload::Number(number) => number.get().map(Arc::new),
            Payload::Shared(shared) => shared.downcast().ok(),
        }
    }

    /// As `arc`, by value: moved out if no one else holds it.
    #[inline]
    pub(crate) fn value<T: Value + Clone>(self) -> Option<T> {
        match self {
            Payload::Number(number) => number.get(),
            Payload::Shared(shared) => shared.downcast().ok().map(Arc::unwrap_or_clone),
        }
    }
}
