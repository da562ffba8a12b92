//! What can be waited for: futures, and references to them.

use crate::base::error::Error;
use crate::delayed::{Handle, Seal, cloned};
use crate::task::Value;

/// A [`Handle`], or a reference to one. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Handle`",
    label = "expected futures: what `submit` and `map` give"
)]
pub trait AsHandle {
    #[doc(hidden)]
    const SEAL: Seal;
    /// The type of the value.
    type Value: Value;
    /// Returns the handle.
    fn as_handle(&self) -> &Handle<Self::Value>;
    /// The outcome of a completed future: moved out if this is the last handle. `None`: it is being tried again.
    #[doc(hidden)]
    fn take(&mut self) -> Option<Result<Self::Value, Error>>
    where
        Self::Value: Clone;
}

impl<T: Value> AsHandle for Handle<T> {
    const SEAL: Seal = Seal;
    type Value = T;
    fn as_handle(&self) -> &Handle<T> {
        self
    }
    fn take(&mut self) -> Option<Result<T, Error>>
    where
        T: Clone,
    {
        let outcome = self.claim.take_outcome()?;
        Some(outcome.map(cloned))
    }
}

impl<T: Value> AsHandle for &Handle<T> {
    const SEAL: Seal = Seal;
    type Value = T;
    fn as_handle(&self) -> &Handle<T> {
        self
    }
    fn take(&mut self) -> Option<Result<T, Error>>
    where
        T: Clone,
    {
        let outcome = self.claim.promise().outcome()?;
        Some(outcome.map(cloned))
    }
}
