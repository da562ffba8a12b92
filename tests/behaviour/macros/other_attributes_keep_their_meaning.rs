//! Attributes beside `#[delayed]`, also of other macros, mean what they mean elsewhere.

use super::*;

/// Documented.
///
/// # Panics
/// Never.
#[delayed]
#[inline(never)]
#[track_caller]
#[must_use = "it is the result"]
#[doc(alias = "other")]
pub(crate) fn documented(#[allow(unused_variables)] x: i64, y: i64) -> i64 {
    y
}
#[delayed]
#[deprecated = "it is old"]
fn old(x: i64) -> i64 {
    x
}
#[delayed]
#[expect(clippy::needless_pass_by_value)]
fn expected(x: Vec<u8>) -> usize {
    x.len()
}
#[cfg(any())]
#[delayed]
fn switched(x: Missing) -> Missing {
    x
}
#[delayed]
#[cfg(not(any()))]
fn switched(x: i64) -> i64 {
    x
}
#[delayed]
#[tracing::instrument]
fn traced(x: i64) -> i64 {
    x
}
#[tracing::instrument(level = "debug", skip(v))]
#[delayed]
fn traced_above(x: i64, v: &[u8]) -> i64 {
    x + v.len() as i64
}
#[delayed]
const fn constant(x: u32) -> u32 {
    x + 1
}
const TWO: u32 = constant::now(1);
#[delayed(now = eager)]
#[must_use]
fn lazy((a, b): (i64, i64)) -> i64 {
    a + b
}
#[delayed(now = eager_generic, pure)]
fn lazy_generic<T: lazygraph::Token>(x: T, _: &T) -> T {
    x
}

#[test]
fn values() {
    assert_eq!(documented(1, 2).get(), 2);
    #[allow(deprecated)]
    let old = old(1);
    assert_eq!((old.get(), old::now(1)), (1, 1));
    assert_eq!(expected(vec![1]).get(), 1);
    assert_eq!(switched(1).get(), 1);
    assert_eq!(traced(1).get(), 1);
    assert_eq!(traced_above(1, vec![1u8]).get(), 2);
    assert_eq!((TWO, constant(2).get()), (2, 3));
    assert_eq!((lazy((1, 2)).get(), eager((1, 2))), (3, 3));
    assert_eq!((lazy_generic(1u8, 2).get(), eager_generic(1u8, &2)), (1, 1));
}
