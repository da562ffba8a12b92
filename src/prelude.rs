//! The names that programs use everywhere: `use lazygraph::prelude::*`.

pub use crate::{
    Apply2 as _, Apply3 as _, Apply4 as _, Apply5 as _, Apply6 as _, Apply7 as _, Apply8 as _,
    Client, Delayed, Error, Value, call, compute, delayed, get, join, value,
};
