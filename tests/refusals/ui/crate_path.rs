// `crate = ..` is a path, and it must lead to lazygraph.
use lazygraph::prelude::*;
#[delayed(crate = "lazygraph")]
fn quoted(x: i64) -> i64 { x }
#[delayed(crate = lazygraph::Delayed<i64>)]
fn not_a_module(x: i64) -> i64 { x }
#[delayed(crate)]
fn nothing(x: i64) -> i64 { x }
#[delayed(crate = nowhere)]
fn unknown(x: i64) -> i64 { x }
#[derive(lazygraph::Token)]
#[token(crate = "lazygraph")]
struct Quoted(u8);
fn main() { let _ = (quoted(1), not_a_module(1), nothing(1)); }
