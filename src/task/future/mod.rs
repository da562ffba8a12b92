//! Futures: their state, the claims on them, and the callbacks for their end.

mod claim;
mod listener;
mod payload;
mod promise;
mod state;

pub(crate) use claim::{Claim, Producer, SourceClaim};
pub(crate) use payload::{Payload, RetryableError};
pub(crate) use promise::Promise;
