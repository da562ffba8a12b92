//! A user's names never meet the generated ones.

use super::*;

#[derive(Debug)]
#[allow(non_camel_case_types, dead_code)]
pub(super) struct Option;
#[allow(dead_code)]
pub(super) struct Result;
#[allow(dead_code)]
pub(super) struct Vec;
#[allow(dead_code)]
pub(super) struct Some;
#[allow(dead_code)]
pub(super) enum Ok {}
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod lazygraph {}

#[delayed]
pub(super) fn shadowed(__s0: i64, __v0: i64, __ops: i64, __frame: &i64) -> i64 {
    __s0 + __v0 * 10 + __ops * 100 + __frame * 1000
}

#[delayed(
    pure,
    cost = "250us",
    retries = 2,
    timeout = "1s",
    version = "3",
    name = "other"
)]
pub(super) fn same_name(same_name: i64, arg1: i64, (a, b): (i64, i64), _: u8) -> i64 {
    same_name + arg1 + a + b
}

#[delayed(impure, cost = heavy)]
pub(super) fn r#match(r#type: i64, r#fn: &str) -> ::std::string::String {
    ::std::format!("{}{}", r#type, r#fn)
}

#[test]
fn values() {
    assert_eq!(shadowed(1, 2, 3, 4).get(), 4321);
    assert_eq!(same_name(1, 2, (3, 4), 0).get(), 10);
    assert_eq!(r#match(1, "x").get(), "1x");
    assert_eq!(r#match::now(1, "x"), "1x");
}
