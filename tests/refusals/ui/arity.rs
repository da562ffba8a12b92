// The wrong number of arguments is reported at the call, against the user's own parameters.
use lazygraph::prelude::*;
#[delayed]
fn add(left: i64, right: &[i64]) -> i64 { left + right.len() as i64 }
fn main() {
    let _ = add(1);
    let _ = add::now(1);
}
