// What a remote function cannot take, return or list.
use lazygraph::prelude::*;
#[delayed(remote)]
fn closure(f: impl Fn(f64) -> f64, x: f64) -> f64 { f(x) }
#[delayed(remote)]
fn object(x: &dyn std::fmt::Display) -> String { x.to_string() }
#[delayed(remote)]
fn graph(x: i64) -> Delayed<i64> { value(x) }
#[delayed(remote(f64))]
fn not_generic(x: f64) -> f64 { x }
#[delayed(remote(f64))]
fn two<A: Clone, B: Clone>(a: A, b: B) -> (A, B) { (a, b) }
#[delayed(remote = "x")]
fn malformed(x: f64) -> f64 { x }
fn main() { let _ = (closure(|x| x, 1.0), graph(1), not_generic(1.0), two(1, 2), malformed(1.0)); }
