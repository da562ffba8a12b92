//! Values that flow along the edges of a graph, and how one type is lent as another.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A value that can flow along the edges of a graph.
///
/// Implemented for every `Send + Sync + 'static` type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot flow through a delayed graph",
    label = "not `Send + Sync + 'static`",
    note = "results are shared between threads: use `Arc` for `Rc`, `Mutex`/atomics for `RefCell`/`Cell`, owned data for references"
)]
pub trait Value: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static + ?Sized> Value for T {}

/// A type that can be lent to a parameter of type `&Q`.
///
/// The owning types of the standard library implement it for what they can be borrowed as (`Vec<T>` for `[T]`, `String` for
/// `str` and `Path`). Implement it for your own containers.
///
/// # Examples
/// ```
/// use lazygraph::{View, prelude::*};
///
/// #[derive(Clone)]
/// struct Signal { data: Vec<f64> }
/// impl View<[f64]> for Signal {
///     fn view(&self) -> &[f64] { &self.data }
/// }
/// #[delayed]
/// fn signal() -> Signal { Signal { data: vec![3.0, 4.0] } }
/// #[delayed]
/// fn norm(v: &[f64]) -> f64 { v.iter().map(|x| x * x).sum::<f64>().sqrt() }
/// assert_eq!(norm(signal()).compute()?, 5.0);
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a `Delayed<{Self}>` cannot be lent to a parameter of type `&{Q}`",
    label = "`{Self}` cannot be viewed as `{Q}`",
    note = "for your own type: `impl lazygraph::View<{Q}> for {Self}`"
)]
pub trait View<Q: ?Sized> {
    /// Returns the part of `self` that is lent.
    fn view(&self) -> &Q;
}

macro_rules! views {
    ($([$($g:tt)*] $from:ty => $to:ty, |$s:ident| $e:expr;)*) => {$(
        impl<$($g)*> View<$to> for $from {
            fn view(&self) -> &$to {
                let $s = self;
                $e
            }
        }
    )*};
}

views! {
    [T] [T] => [T], |s| s;
    [T] Vec<T> => [T], |s| s;
    [T, const N: usize] [T; N] => [T], |s| s;
    [T] Box<[T]> => [T], |s| s;
    [T] Arc<[T]> => [T], |s| s;
    [T] Arc<Vec<T>> => [T], |s| s;
    [] str => str, |s| s;
    [] String => str, |s| s;
    [] Box<str> => str, |s| s;
    [] Arc<str> => str, |s| s;
    [] &'static str => str, |s| s;
    [] Path => Path, |s| s;
    [] PathBuf => Path, |s| s;
    [] String => Path, |s| s.as_ref();
    [] &'static str => Path, |s| s.as_ref();
    [] OsString => Path, |s| s.as_ref();
    [] OsStr => OsStr, |s| s;
    [] OsString => OsStr, |s| s;
}
