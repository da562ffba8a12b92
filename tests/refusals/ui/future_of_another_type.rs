use lazygraph::{Handle, prelude::*};
#[delayed]
fn inc(x: i64) -> i64 { x + 1 }
#[delayed]
fn norm(v: &[f64]) -> f64 { v.len() as f64 }
#[delayed]
fn concat(parts: &[&[f64]]) -> Vec<f64> { parts.concat() }
fn with(text: Handle<String>) {
    let _ = inc(&text);
    let _ = inc(text.clone());
    let _ = norm(&text);
    let _ = concat(vec![text]);
}
fn main() {}
