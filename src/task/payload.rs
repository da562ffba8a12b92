//! What comes of a future that ends well, without its type.

use super::number::Number;
use super::value::Value;
use crate::base::Shared;
use std::sync::Arc;

/// What came of a future that ended well.
#[derive(Clone)]
pub(crate) enum Payload {
    Number(Number),
    Shared(Shared),
}

impl Payload {
    /// As what its handles say that it is; `None`: it is something else.
    #[inline]
    pub(crate) fn arc<T: Value>(self) -> Option<Arc<T>> {
        match self {
            Payload::Number(number) => number.get().map(Arc::new),
            Payload::Shared(shared) => shared.downcast().ok(),
        }
    }

    /// As `arc`; moved out if nobody else has it.
    #[inline]
    pub(crate) fn value<T: Value + Clone>(self) -> Option<T> {
        match self {
            Payload::Number(number) => number.get(),
            Payload::Shared(shared) => shared.downcast().ok().map(Arc::unwrap_or_clone),
        }
    }
}
