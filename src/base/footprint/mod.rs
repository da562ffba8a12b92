//! How much heap memory a value owns.

mod footprint;
mod std_types;

pub use footprint::Footprint;
pub(crate) use footprint::Size;
