// Options that contradict each other, are given twice, are malformed or stand in the wrong place.
use lazygraph::prelude::*;
#[delayed(pure, impure)]
fn both(x: i64) -> i64 { x }
#[delayed(inline)]
fn inline_only(x: i64) -> i64 { x }
#[delayed(pure, retries = 1, pure, retries = 2)]
fn twice(x: i64) -> i64 { x }
#[delayed(pure = true)]
fn flag_with_value(x: i64) -> i64 { x }
#[delayed(name)]
fn no_value(x: i64) -> i64 { x }
#[delayed(name = "")]
fn empty_name(x: i64) -> i64 { x }
#[delayed(name = parse)]
fn name_is_text(x: i64) -> i64 { x }
#[delayed(retries = -1)]
fn negative(x: i64) -> i64 { x }
#[delayed(retries = "3")]
fn text_number(x: i64) -> i64 { x }
#[delayed(timeout = "0s")]
fn zero_timeout(x: i64) -> i64 { x }
#[delayed(timeout = 30)]
fn no_unit(x: i64) -> i64 { x }
#[delayed(cost = "cheap")]
fn bad_cost(x: i64) -> i64 { x }
#[delayed(pure inline)]
fn no_comma(x: i64) -> i64 { x }
#[delayed("pure")]
fn quoted(x: i64) -> i64 { x }
#[delayed(result, ok = i64)]
fn result_and_ok(x: i64) -> Result<i64, String> { Ok(x) }
#[delayed(result)]
fn returns_nothing() {}
#[delayed(skip)]
fn skipped(x: i64) -> i64 { x }
#[delayed(ext = Name)]
fn ext_on_function(x: i64) -> i64 { x }
#[delayed(nout = 2)]
fn from_elsewhere(x: i64) -> (i64, i64) { (x, x) }
#[delayed(pure)]
#[delayed(name = "n")]
fn two_attributes(x: i64) -> i64 { x }
#[delayed(now = same)]
fn same(x: i64) -> i64 { x }
fn main() {
    // all of them can still be called
    let _ = (both(1), inline_only(1), twice(1), flag_with_value(1), no_value(1), empty_name(1));
    let _ = (name_is_text(1), negative(1), text_number(1), zero_timeout(1), no_unit(1), bad_cost(1));
    let _ = (no_comma(1), quoted(1), result_and_ok(1), returns_nothing(), skipped(1));
    let _ = (ext_on_function(1), from_elsewhere(1), two_attributes(1), same(1));
}
