//! `Handle<T>`: a future, as a value that graphs can use. Its methods that wait or ask are in `client`.

use super::delayed::Never;
use super::{AsDelayed, Delayed};
use crate::task::{Claim, Payload, Value, source};
use std::fmt;
use std::marker::PhantomData;
use std::panic::RefUnwindSafe;
use std::sync::Arc;

/// A future: a value whose computation a [`Client`](crate::Client) has started.
///
/// Clones are handles of the same future. A handle is an argument of delayed calls, like a [`Delayed`]; of a graph that
/// uses it, only the part that needs the value waits. When the last handle is dropped, and no task needs the value,
/// the result is dropped and the work is cancelled: what has not started never starts, and a body that runs can see it by its
/// [`CancelToken`](crate::CancelToken::current). [`detach`](Self::detach) lets it go on.
///
/// Outside of tasks a handle can also be awaited. Inside a task, which is not async, wait with [`result`](Self::result): an
/// `.await` under some `block_on` is a wait that the client cannot see, and holds the slot of the task.
///
/// # Examples
/// ```
/// use lazygraph::{Client, Handle, prelude::*};
///
/// #[delayed]
/// fn add(a: i64, b: i64) -> i64 { a + b }
///
/// let client = Client::new();
/// let x: Handle<i64> = client.submit(add(1, 2)); // starts now
/// let y = client.submit(add(&x, 10));            // starts when `x` is there
/// assert_eq!((x.result()?, y.result()?), (3, 13));
/// # Ok::<(), Error>(())
/// ```
#[must_use = "dropping the last `Handle` cancels its work, and `let _ =` drops it: keep it, or `detach` it"]
pub struct Handle<T> {
    pub(crate) claim: Claim,
    /// Invariant: a result is read as the very type that its node was built with.
    value: PhantomData<fn(Box<T>) -> Box<T>>,
}

impl<T> Handle<T> {
    /// The caller guarantees that the future's result is a `T`.
    pub(crate) fn of(claim: Claim) -> Handle<T> {
        Handle {
            claim,
            value: PhantomData,
        }
    }
}

impl<T: Value> Handle<T> {
    /// Returns the future as a delayed value: for operators, projections, `compute`.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// let client = Client::new();
    /// let x = client.submit(value(20_i64));
    /// assert_eq!((x.to_delayed() + 1).compute()?, 21);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn to_delayed(&self) -> Delayed<T> {
        // What owns much is let go of when its last user has run: see `SourceClaim`.
        let there = match source::owns_much::<T>() {
            true => None,
            false => self.claim.promise().outcome(),
        };
        let node = match there.and_then(|outcome| outcome.ok()?.arc::<T>()) {
            Some(value) => source::value_source(value),
            None => source::future_source::<T>(self.claim.clone()),
        };
        Delayed::from_node(node)
    }
}

/// A result of a future of type `T`.
pub(crate) fn typed<T: Value>(value: Payload) -> Arc<T> {
    match value.arc() {
        Some(value) => value,
        None => unreachable!("a handle is made for the type of its node"),
    }
}

/// The same as a value: moved out if there is no other handle.
#[inline]
pub(crate) fn cloned<T: Value + Clone>(value: Payload) -> T {
    match value.value() {
        Some(value) => value,
        None => unreachable!("a handle is made for the type of its node"),
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Handle::of(self.claim.clone())
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, call) = (std::any::type_name::<T>(), self.claim.call());
        write!(f, "Handle<{name}>({call})")
    }
}

impl<T> PartialEq for Handle<T> {
    /// Returns whether both are handles of the same future.
    fn eq(&self, other: &Self) -> bool {
        self.claim.id() == other.claim.id()
    }
}

impl<T> Eq for Handle<T> {}

impl<T> std::hash::Hash for Handle<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.claim.id().hash(state);
    }
}

// As for `Delayed`: what tells it from plain values.
impl<T> RefUnwindSafe for Handle<T> where Handle<T>: Never {}

impl<T: Value> AsDelayed for Handle<T> {
    type Value = T;
    fn to_delayed(&self) -> Delayed<T> {
        self.to_delayed()
    }
}
