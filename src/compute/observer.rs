//! What may be given as an observer.

use crate::delayed::Seal;
use crate::event::Observer;
use std::sync::Arc;

/// An [`Observer`], or a reference to one that is `Clone`.
///
/// `How` tells the two apart, and is inferred. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an `Observer`, nor a reference to one that is `Clone`",
    label = "expected an observer"
)]
pub trait IntoObserver<How> {
    #[doc(hidden)]
    const SEAL: Seal;
    #[doc(hidden)]
    fn into_observer(self) -> Arc<dyn Observer>;
}

/// An observer is given by value.
#[derive(Debug)]
pub enum OwnedObserver {}
/// An observer is given by reference, and cloned.
#[derive(Debug)]
pub enum ObserverRef {}

impl<O: Observer> IntoObserver<OwnedObserver> for O {
    const SEAL: Seal = Seal;
    fn into_observer(self) -> Arc<dyn Observer> {
        Arc::new(self)
    }
}

impl<O: Observer + Clone> IntoObserver<ObserverRef> for &O {
    const SEAL: Seal = Seal;
    fn into_observer(self) -> Arc<dyn Observer> {
        Arc::new(self.clone())
    }
}
