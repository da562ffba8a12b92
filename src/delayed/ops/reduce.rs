//! Reduction as a tree.

use crate::delayed::Delayed;
use crate::task::Value;
use std::panic::Location;

/// Reduces many delayed values to one in a tree: groups of `arity` values, then groups of their results, until one is
/// left.
///
/// `f` builds the node that reduces one group. The groups keep the order of the items, so `f` need only be associative. A
/// single item is returned as it is.
///
/// # Panics
/// If `items` is empty, or `arity` is less than 2.
///
/// # Complexity
/// O(items) nodes on ⌈log_arity(items)⌉ levels.
///
/// # Examples
/// ```
/// use lazygraph::{prelude::*, tree_reduce};
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
/// #[delayed]
/// fn sum(xs: &[i64]) -> i64 { xs.iter().sum() }
///
/// let total = tree_reduce((0..100).map(inc), 8, sum);
/// assert_eq!(total.compute()?, 5050);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn tree_reduce<T: Value>(
    items: impl IntoIterator<Item = Delayed<T>>,
    arity: usize,
    f: impl Fn(Vec<Delayed<T>>) -> Delayed<T>,
) -> Delayed<T> {
    assert!(arity >= 2, "`arity` must be at least 2, is {arity}");
    let caller = Location::caller();
    let mut level: Vec<Delayed<T>> = items.into_iter().collect();
    assert!(!level.is_empty(), "`items` is empty");
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(arity));
        let mut rest = level.into_iter();
        loop {
            let mut group: Vec<Delayed<T>> = rest.by_ref().take(arity).collect();
            match group.len() {
                0 => break,
                1 => next.extend(group.pop()),
                _ => next.push(f(group).placed_at(caller)),
            }
        }
        level = next;
    }
    level.swap_remove(0)
}
