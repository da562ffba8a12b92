//! Room: the derives.

mod footprint;
mod pattern;
mod token;

pub(crate) use footprint::footprint;
pub(crate) use token::token;
