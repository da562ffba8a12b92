//! `(a, b) = f(x).unzip()`: both halves come from one execution.

use common::{Log, everywhere};
use lazygraph::{compute_with, prelude::*};

#[delayed]
fn split(log: &Log, x: i64) -> (i64, String) {
    log.push("split");
    (2 * x, x.to_string())
}

#[delayed]
fn four(log: &Log) -> (u8, u16, u32, u64) {
    log.push("four");
    (1, 2, 3, 4)
}

#[delayed]
fn list(log: &Log, n: i64) -> Vec<i64> {
    log.push("list");
    (0..n).collect()
}

#[test]
fn both_halves() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let (a, b) = split(log.clone(), 4).unzip();
        assert_eq!(
            compute_with(&options, (a, b)).unwrap(),
            (8, "4".to_owned()),
            "{name}"
        );
        assert_eq!(log.len(), 1, "{name}");
    }
}

#[test]
fn one_half() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let (_, b) = split(log.clone(), 4).unzip();
        assert_eq!(b.compute_with(&options).unwrap(), "4", "{name}");
        assert_eq!(log.len(), 1, "{name}");
    }
}

#[test]
fn halves_and_the_whole() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let whole = split(log.clone(), 4);
        let (a, _) = whole.unzip();
        let values = compute_with(&options, (&a, &whole, &a + 1)).unwrap();
        assert_eq!(values, (8, (8, "4".to_owned()), 9), "{name}");
        assert_eq!(log.len(), 1, "{name}");
    }
}

#[test]
fn four_parts() {
    let log = Log::new();
    let (a, b, c, d) = four(log.clone()).unzip();
    assert_eq!(compute!(a, b, c, d).unwrap(), (1, 2, 3, 4));
    assert_eq!(log.len(), 1);
}

#[test]
fn elements_of_a_list() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let l = list(log.clone(), 5);
        let parts = (
            l.at(0),
            l.at(4),
            l.at(l.len().map(|n| n - 2)),
            l.len(),
            l.is_empty(),
        );
        assert_eq!(
            compute_with(&options, &parts).unwrap(),
            (0, 4, 3, 5, false),
            "{name}"
        );
        assert_eq!(log.len(), 1, "{name}");
    }
}

#[test]
fn an_element_that_is_not_there_is_an_error() {
    common::quiet();
    let log = Log::new();
    let e = list(log.clone(), 2).at(2).compute().unwrap_err();
    assert!(e.to_string().contains("at"), "{e}");
    assert_eq!(list(log.clone(), 2).at(1).compute().unwrap(), 1);
}
