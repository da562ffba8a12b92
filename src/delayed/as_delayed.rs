//! What can be used as a delayed value.

use super::Delayed;
use crate::task::Value;

/// A [`Delayed`], a [`Handle`](crate::Handle), or a reference to one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a delayed value nor a future",
    label = "expected a call of a delayed function, a `Delayed` or a `Handle`",
    note = "a function is given with its arguments, `submit(f(x))`; a closure as `call(|| .., ())`; a plain value as `value(x)`"
)]
pub trait AsDelayed {
    /// The type of the value.
    type Value: Value;
    /// Returns a delayed value of the same node.
    fn to_delayed(&self) -> Delayed<Self::Value>;
}

impl<T: Value> AsDelayed for Delayed<T> {
    type Value = T;
    fn to_delayed(&self) -> Delayed<T> {
        self.clone()
    }
}

impl<D: AsDelayed> AsDelayed for &D {
    type Value = D::Value;
    fn to_delayed(&self) -> Delayed<D::Value> {
        (**self).to_delayed()
    }
}
