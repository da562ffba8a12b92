//! What a body returns: a value, a `Result` of some kind, a graph, or several of these in one.

use super::*;
use std::io;

type Aliased = Result<i64, String>;
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plain(i64);

#[delayed]
fn fallible(x: i64) -> Result<i64, String> {
    if x > 0 { Ok(x) } else { Err("no".to_owned()) }
}
#[delayed]
fn one_argument(x: i64) -> io::Result<i64> {
    Ok(x)
}
#[delayed]
fn no_argument() -> std::fmt::Result {
    Ok(())
}
#[delayed(ok = i64)]
fn aliased(x: i64) -> Aliased {
    Ok(x)
}
#[delayed(result)]
fn kept(x: i64) -> Result<i64, String> {
    Ok(x)
}
#[delayed(result)]
fn kept_alias(x: i64) -> Aliased {
    Ok(x)
}
#[delayed]
fn graph(x: i64) -> Delayed<i64> {
    fallible(x)
}
#[delayed]
fn fallible_graph(x: i64) -> Result<Delayed<i64>, String> {
    Ok(graph(x))
}
#[delayed]
fn plain(x: i64) -> Plain {
    Plain(x)
}
#[delayed]
fn boxed(x: i64) -> Box<dyn Fn(i64) -> i64 + Send + Sync> {
    Box::new(move |y| x + y)
}
#[delayed]
fn unevaluated(x: Delayed<i64>) -> Delayed<i64> {
    x
}

#[test]
fn values() {
    assert_eq!(fallible(1).get(), 1);
    assert!(fallible(0).compute().is_err());
    assert_eq!(one_argument(1).get(), 1);
    no_argument().get();
    assert_eq!(aliased(1).get(), 1);
    assert_eq!(kept(1).get(), Ok(1));
    assert_eq!(kept_alias(1).get(), Ok(1));
    assert_eq!(graph(1).get(), 1);
    assert_eq!(fallible_graph(1).get(), 1);
    assert_eq!(plain(1).get(), Plain(1));
    let _ = boxed(1);
    assert_eq!(unevaluated(fallible(1)).get(), 1);
}
