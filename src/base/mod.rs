//! L0: what every layer may use and what knows nothing of the crate.

pub(crate) mod error;
pub(crate) mod footprint;
pub(crate) mod spare;
pub(crate) mod sync;
pub(crate) mod token;
