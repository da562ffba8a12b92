//! Borrowing from the stack, checked at run time, so that `Delayed` needs no lifetime.

use super::Delayed;
use crate::task::Value;
use crate::task::{ScopeLender, with_lender};

/// Makes delayed values that borrow data from outside of the scope; see [`scope`].
#[derive(Debug)]
pub struct Scope<'s, 'env>(&'s ScopeLender<'env>);

/// Calls `f` with a scope in which delayed values can borrow data from the stack.
///
/// `scope` waits until no task reads a borrow any more before it returns. A graph that leaves the scope with a borrow
/// fails with [`ErrorKind::OutOfScope`](crate::ErrorKind::OutOfScope) when it is computed later.
///
/// # Examples
/// ```
/// use lazygraph::{prelude::*, scope};
///
/// #[delayed]
/// fn norm(v: &[f64]) -> f64 { v.iter().map(|x| x * x).sum::<f64>().sqrt() }
///
/// let data = vec![3.0, 4.0];
/// let n = scope(|s| norm(s.borrow(&data)).compute())?;   // no copy
/// assert_eq!(n, 5.0);
/// # Ok::<(), Error>(())
/// ```
pub fn scope<'env, R>(f: impl FnOnce(&Scope<'_, 'env>) -> R) -> R {
    with_lender(|lender| f(&Scope(lender)))
}

impl<'env> Scope<'_, 'env> {
    /// Makes a delayed value that reads `x` in place: no copy, no `Arc`.
    #[track_caller]
    pub fn borrow<T: Value + ?Sized>(&self, x: &'env T) -> Delayed<T> {
        Delayed::from_node(self.0.lend(x))
    }
}
