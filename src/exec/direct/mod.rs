//! Computes without a plan: a few fresh calls without inputs, run where they are asked for.

mod caller;
mod nested;
mod outermost;

pub(crate) use nested::compute_nested;
pub(crate) use outermost::compute_outermost;
