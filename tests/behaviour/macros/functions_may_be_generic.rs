//! Functions with type, lifetime and const parameters, bounds and `impl Trait`.

use super::*;
use std::iter::Sum;
use std::marker::PhantomData;
use std::ops::Add;

#[delayed]
fn id<T>(x: T) -> T {
    x
}
#[delayed]
fn plus<T: Add<Output = T>>(a: T, b: T) -> T {
    a + b
}
#[delayed]
fn sum<T>(xs: &[T]) -> T
where
    T: Copy + Sum<T>,
{
    xs.iter().copied().sum()
}
#[delayed]
fn dot<const N: usize>(a: [f64; N], b: [f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
#[delayed]
fn zero<T: Default>() -> T {
    T::default()
}
/// `T` is in no parameter and not in the result.
#[delayed]
fn size<T, const N: usize>() -> usize {
    size_of::<T>() * N
}
#[delayed]
fn items<I: IntoIterator>(items: I) -> usize
where
    I::Item: Debug,
{
    items.into_iter().count()
}
#[delayed]
fn associated<I: Iterator>(first: I::Item, marker: PhantomData<I>) -> String
where
    I::Item: Display,
{
    let _ = marker;
    first.to_string()
}
#[delayed]
fn concat<T: Clone>(parts: &[&[T]]) -> Vec<T> {
    parts.concat()
}
#[delayed]
fn apply(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    f(x)
}
#[delayed]
fn apply_within<'a>(f: impl Fn(f64) -> f64 + 'a, g: &'a (impl Fn(f64) -> f64 + 'a)) -> f64 {
    f(g(1.0))
}
#[delayed]
fn apply_ref<T: Copy>(x: T, f: &impl Fn(T) -> T) -> T {
    f(f(x))
}
#[delayed]
fn apply_named<F, G: FnOnce(i64) -> i64>(f: F, mut g: impl FnMut(i64) -> i64, h: G) -> i64
where
    F: Fn(i64) -> i64,
{
    h(g(f(1)))
}
#[delayed]
fn show(
    x: impl Display,
    y: &impl Display,
    all: Vec<impl Display>,
    pair: (impl Debug, impl Debug),
) -> String {
    format!("{x}{y}{}{pair:?}", all.len())
}
#[delayed]
fn longest<'a: 'b, 'b, T: 'a + AsRef<str>>(a: &'a T, b: &'b T) -> String
where
    'a: 'b,
    T: 'b,
{
    if a.as_ref().len() > b.as_ref().len() {
        a.as_ref().to_owned()
    } else {
        b.as_ref().to_owned()
    }
}
#[delayed]
fn higher<F>(f: F) -> usize
where
    for<'x> F: Fn(&'x str) -> &'x str,
{
    f("abc").len()
}
#[delayed(pure)]
fn keyed<T: lazygraph::Token + Into<f64>>(x: T, xs: &[T]) -> f64 {
    x.into() + xs.len() as f64
}
#[delayed]
fn parse<T: std::str::FromStr>(s: &str) -> Result<T, T::Err>
where
    T::Err: std::error::Error + Send + Sync,
{
    s.parse()
}
#[delayed]
fn unsized_<T: ?Sized + Debug>(x: &T) -> String
where
    T: Value,
{
    format!("{x:?}")
}

#[test]
fn values() {
    let d = id(7i64);
    assert_eq!(id(&d).get().pow(2), 49);
    assert_eq!(plus(&d, 2).get().pow(2), 81);
    assert_eq!(plus(2, &d).get(), 9);
    assert_eq!(sum(vec![1.0, 2.0]).get(), 3.0);
    assert_eq!(dot([1.0, 2.0], id([3.0, 4.0])).get(), 11.0);
    assert_eq!(zero::<u8>().get(), 0);
    assert_eq!(size::<u16, 3>().get(), 6);
    assert_eq!(items(vec![1, 2]).get(), 2);
    assert_eq!(
        associated(1u8, PhantomData::<std::vec::IntoIter<u8>>).get(),
        "1"
    );
    assert_eq!(concat([id(vec![1]), id(vec![2, 3])]).get(), [1, 2, 3]);
    let k = 3.0;
    assert_eq!(apply(move |x| x * k, 2.0).get(), 6.0);
    assert_eq!(apply_within(|x| x + 1.0, |x| x * 5.0).get(), 6.0);
    assert_eq!(apply_ref(1, |x: i64| x + 1).get(), 3);
    assert_eq!(apply_named(|x| x + 1, |x| x * 2, |x| x + 5).get(), 9);
    assert_eq!(
        show(1, 2.5, vec!['a', 'b'], (1, "x")).get(),
        "12.52(1, \"x\")"
    );
    assert_eq!(
        longest("ab".to_owned(), value("abc".to_owned())).get(),
        "abc"
    );
    assert_eq!(higher(|s: &str| &s[1..]).get(), 2);
    assert_eq!(keyed(1.0f32, vec![1.0f32]).get(), 2.0);
    assert_eq!(parse::<i64>("12").get(), 12);
    assert_eq!(unsized_(5u8).get(), "5");
    assert_eq!(id::<f64>(2.0).get(), 2.0);
}
