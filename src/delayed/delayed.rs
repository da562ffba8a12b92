//! `Delayed<T>`: a value that will be computed later. Its methods stand in the files below this one.

mod catch;
mod map;
mod settings;

use crate::task::{NodePtr, Value, source};
use std::fmt;
use std::marker::PhantomData;
use std::panic::RefUnwindSafe;
use std::sync::Arc;

/// A value that will be computed later: a cheap handle to a node of a graph.
///
/// Building one runs nothing. Cloning it clones the handle: one delayed value is evaluated once per
/// compute, however many others use it.
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
    value: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Delayed<T> {
    /// The node's result is a `T`: whoever makes a handle answers for that.
    pub(crate) fn from_node(node: NodePtr) -> Self {
        Delayed {
            node,
            value: PhantomData,
        }
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

/// Puts a plain value into a graph.
///
/// The value is keyed by identity: clones of the handle are the same value, nothing else is.
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

/// Puts a shared value into a graph, without a copy.
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
    Delayed::from_node(source::held(x))
}
