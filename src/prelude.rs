//! The names that programs use everywhere: `use lazygraph::prelude::*`.

pub use crate::{
    Apply as _, Client, Delayed, Error, Value, call, compute, delayed, get, join, value,
};
