//! `Delayed<T>`: a value that will be computed later. Its methods stand in the files below this one.

mod catch;
mod map;
mod settings;

use crate::task::{NodePtr, Value, source};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe};
use std::sync::Arc;

/// A value that will be computed later: a handle to a node of a graph.
///
/// Building a node runs nothing. Clones are cheap and refer to the same node, which runs once per compute, however many
/// other nodes use it.
///
/// # Settings
/// Methods like [`named`](Self::named), [`priority`](Self::priority) and [`retries`](Self::retries) change the node, not
/// the handle: after `a.clone().named("b")` the node of `a` is named `b`.
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let x: Delayed<i64> = inc(1);
/// let y = inc(&x);              // a handle is an argument
/// assert_eq!(compute!(x, y)?, (2, 3));
/// # Ok::<(), Error>(())
/// ```
#[must_use = "a `Delayed` does nothing until it is computed"]
pub struct Delayed<T: ?Sized> {
    pub(crate) node: NodePtr,
    /// Invariant: a result is read as the very type that its node was built with.
    value: PhantomData<fn(Box<T>) -> Box<T>>,
}

impl<T: ?Sized> Delayed<T> {
    /// The caller guarantees that the node's result is a `T`.
    pub(crate) fn from_node(node: NodePtr) -> Self {
        Delayed {
            node,
            value: PhantomData,
        }
    }
}

impl<T: ?Sized> Delayed<T> {
    /// The call was built by a verb that was called at `caller`, unless its own place is in the user's code.
    pub(crate) fn placed_at(self, caller: &'static Location<'static>) -> Self {
        self.node.place_at(caller);
        self
    }
}

impl<T: ?Sized> Clone for Delayed<T> {
    fn clone(&self) -> Self {
        Delayed::from_node(self.node.clone())
    }
}

impl<T: ?Sized> fmt::Debug for Delayed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = crate::graph::call_text(self.node.node());
        write!(f, "Delayed<{}>({call})", std::any::type_name::<T>())
    }
}

// `Delayed` is declared *not* `RefUnwindSafe`: an explicit impl that can never apply suppresses the auto
// one. The auto trait then tells plain values from delayed ones, for inference and for coherence.
#[doc(hidden)]
pub trait Never {}
impl<T: ?Sized> RefUnwindSafe for Delayed<T> where Delayed<T>: Never {}

/// Makes a delayed value of a plain one.
///
/// The value is keyed by identity: it equals clones of the handle, and nothing else.
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// let x = value(vec![1, 2, 3]);
/// assert_eq!(x.map(|v| v.len()).compute()?, 3);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn value<T: Value>(x: T) -> Delayed<T> {
    value_arc(Arc::new(x))
}

/// Makes a delayed value of a shared one, without a copy.
///
/// # Examples
/// ```
/// use lazygraph::{prelude::*, value_arc};
/// use std::sync::Arc;
///
/// let table = Arc::new(vec![1.0; 1000]);
/// let total = value_arc(table.clone()).map(|t| t.iter().sum::<f64>());
/// assert_eq!(total.compute()?, 1000.0);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn value_arc<T: Value>(x: Arc<T>) -> Delayed<T> {
    Delayed::from_node(source::value_source(x))
}
