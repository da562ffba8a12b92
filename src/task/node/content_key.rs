//! The key of a pure call, with what must be the same besides the hash.

use super::explicit_key::ExplicitKey;
use crate::base::error::Error;
use std::any::TypeId;
use std::sync::Arc;

/// The key of a pure call.
///
/// Equal hashes are not enough for one call to get the result of another: both must be calls of the same item. A hash can
/// collide, and a wrong `Token` can make it; that is a wrong value at worst, and never one of another type.
#[derive(Clone, Debug)]
pub(crate) struct ContentKey {
    pub(crate) hash: u128,
    /// What function is called, with its type arguments, and what its result is.
    pub(crate) identity: TypeId,
    /// If the call has a key of its own.
    pub(crate) explicit: Option<Arc<ExplicitKey>>,
}

/// What two calls of equal hashes are to each other.
pub(crate) enum CallMatch {
    /// One call: the result of one is that of the other.
    Same,
    /// Calls of different functions, which have nothing to do with each other.
    Other,
    /// Different calls that were given the same explicit key.
    Conflict(Error),
}

impl ContentKey {
    /// Compares with an earlier call of the same hash.
    pub(crate) fn compare(&self, identity: TypeId, explicit: Option<&ExplicitKey>) -> CallMatch {
        if let (Some(now), Some(before)) = (&self.explicit, explicit)
            && let Err(error) = before.check_equal(now)
        {
            return CallMatch::Conflict(error);
        }
        match self.identity == identity {
            true => CallMatch::Same,
            false => CallMatch::Other,
        }
    }
}
