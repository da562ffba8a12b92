// Array lengths and const parameters are checked like anywhere else.
use lazygraph::prelude::*;
#[delayed]
fn dot<const N: usize>(a: [f64; N], b: [f64; N]) -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() }
#[delayed]
fn three(a: [f64; 3]) -> f64 { a[0] }
#[delayed]
fn count<const N: usize>() -> usize { N }
fn main() {
    let _ = dot([1.0, 2.0], [1.0]);
    let _ = three([1.0]);
    let _ = count();
}
