//! L0: what every layer may use and what knows nothing of the crate.

pub(crate) mod buffer_pool;
pub(crate) mod error;
pub(crate) mod footprint;
pub(crate) mod host;
mod owners;
mod shared;
pub(crate) mod sync;
pub(crate) mod token;

pub(crate) use owners::Owners;
pub(crate) use shared::Shared;
