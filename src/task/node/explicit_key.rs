//! What is known of a call with an explicit key: enough to tell it from another call of the same key.

use crate::base::error::{Error, ErrorKind};
use std::any::TypeId;

/// The call that an explicit key (`.key(..)`) was given to.
#[derive(Debug)]
pub(crate) struct ExplicitKey {
    pub(crate) identity: TypeId,
    /// The key by content; `None` if an argument has none, so that only the caller can know what is equal.
    pub(crate) content: Option<u128>,
    /// The sorted keys of the nodes that it comes after.
    pub(crate) after: Vec<u128>,
    /// The call and its place, for an error.
    pub(crate) call: String,
}

impl ExplicitKey {
    /// Only one of both will run, so both must be one computation, and come after the same nodes. Neither order could be
    /// imposed on the other: the nodes that the second comes after may need the first.
    ///
    /// # Errors
    /// `KeyConflict`, which names both, if they are not the same computation.
    pub(crate) fn check_equal(&self, other: &ExplicitKey) -> Result<(), Error> {
        let what = if self.identity != other.identity {
            "two different computations"
        } else if self.after != other.after {
            "two calls that come after different nodes"
        } else if matches!((self.content, other.content), (Some(a), Some(b)) if a != b) {
            "two different computations"
        } else {
            return Ok(());
        };
        let (first, second) = (&self.call, &other.call);
        let message = format!("one explicit key was given to {what}: {first} and {second}");
        Err(Error::run(ErrorKind::KeyConflict, message))
    }
}
