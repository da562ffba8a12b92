//! Room: what a function or method is as a task: its parameters, type parameters and result, and why it is refused.

mod bounds;
mod implied;
mod output;
mod params;
mod scope;
mod task;
pub(crate) mod validate;

pub(crate) use output::Shape;
pub(crate) use params::is_key;
pub(crate) use task::{Of, Task};
