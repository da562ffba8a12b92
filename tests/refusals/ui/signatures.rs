#![allow(unused_variables)]
// Signatures that cannot be tasks, all in one go; the constructors stay callable.
use lazygraph::prelude::*;
use std::borrow::Cow;
#[delayed]
extern "C" fn foreign(x: i64) -> i64 { x }
#[delayed]
unsafe extern "C" fn variadic(x: i64, mut rest: ...) -> i64 { x }
#[delayed]
fn never() -> ! { panic!() }
#[delayed]
fn pointer(x: *const u8, y: i64) -> i64 { let _ = x; y }
#[delayed]
fn many(a: &mut i64, b: Option<&str>, c: Cow<'_, str>, d: i64) -> &'static mut [i64] { loop {} }
#[delayed]
fn cfg(#[cfg(any())] a: i64, b: i64) -> i64 { b }
#[delayed]
#[target_feature(enable = "avx")]
fn feature(x: i64) -> i64 { x }
#[delayed]
fn lifetime_bound<'a, F: Fn(&'a str) -> &'a str>(f: F, s: &'a str) -> usize { f(s).len() }
#[delayed]
fn slices(v: &mut [f64]) { v.sort_by(f64::total_cmp) }
#[delayed]
fn nested_impl(x: i64) -> Option<impl Iterator<Item = i64>> { Some([x].into_iter()) }
struct Foo;
impl Foo {
    #[delayed]
    fn new(x: i64) -> Self { Foo }
}
#[delayed]
fn no_body(x: i64) -> i64;
fn main() {
    let _ = (foreign(1), pointer(std::ptr::null::<u8>(), 1), many(1, None::<&str>, "c", 1), feature(1));
    let _ = (slices([1.0]), nested_impl(1), never(), Foo::new(1));
}
