//! The names that programs use everywhere: `use lazygraph::prelude::*`.

pub use crate::traits::Apply as _;
pub use crate::{Client, Delayed, Error, Value, call, compute, delayed, get, join, value};
