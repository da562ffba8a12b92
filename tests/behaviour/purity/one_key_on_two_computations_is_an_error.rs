//! P3: an explicit `.key(k)` merges equal computations and refuses different ones.

use common::{Log, schedulers};
use lazygraph::{ErrorKind, compute_with, prelude::*};

#[delayed]
fn inc(log: &Log, x: i64) -> i64 {
    log.push("inc");
    x + 1
}

#[delayed]
fn double(log: &Log, x: i64) -> i64 {
    log.push("double");
    2 * x
}

#[test]
fn the_error_names_both() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let (a, b) = (
            inc(log.clone(), 5).key(&"k"),
            double(log.clone(), 5).key(&"k"),
        );
        let e = compute_with(&options, (a, b)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::KeyConflict, "{name}: {e:?}");
        let told = format!("{e:?}");
        assert!(
            told.contains("inc") && told.contains("double"),
            "{name}: {told}"
        );
        assert_eq!(log.len(), 0, "{name}: nothing runs");
    }
}

#[test]
fn other_arguments_are_another_computation() {
    let log = Log::new();
    let (a, b) = (inc(log.clone(), 1).key(&"k"), inc(log.clone(), 2).key(&"k"));
    let e = compute((a, b)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::KeyConflict, "{e:?}");
}

#[test]
fn equal_computations_of_one_key_are_one() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let call = || inc(log.clone(), 1).key(&("k", 1));
        assert_eq!(
            compute_with(&options, (call(), call())).unwrap(),
            (2, 2),
            "{name}"
        );
        assert_eq!(log.len(), 1, "{name}");
    }
}

#[test]
fn different_keys_do_not_meet() {
    let log = Log::new();
    let (a, b) = (inc(log.clone(), 1).key(&1), double(log.clone(), 1).key(&2));
    assert_eq!(compute((a, b)).unwrap(), (2, 2));
    assert_eq!(log.len(), 2);
}

#[test]
fn a_key_is_not_a_label() {
    let log = Log::new();
    let (a, b) = (
        inc(log.clone(), 1).named("k"),
        double(log.clone(), 1).named("k"),
    );
    assert_eq!(compute((a, b)).unwrap(), (2, 2));
}

#[test]
fn another_order_is_another_computation() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let (x, first) = (inc(log.clone(), 1), double(log.clone(), 1));
        let call = || double(log.clone(), &x).key(&"k");
        // The inputs are impure, so these two have no key by content that could differ.
        let e = compute_with(&options, (call(), call().after(&first))).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::KeyConflict, "{name}: {e:?}");
        let told = e.to_string();
        assert!(
            told.contains("come after different nodes"),
            "{name}: {told}"
        );
        assert_eq!(log.len(), 0, "{name}: nothing runs");
        // What the second comes after needs the first: one node of both would wait for itself.
        let one = call();
        let last = inc(log.clone(), &one);
        let e = compute_with(&options, (one, call().after(&last))).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::KeyConflict, "{name}: {e:?}");
        assert_eq!(log.len(), 0, "{name}: nothing runs");
    }
}

#[test]
fn the_same_order_however_it_is_said_is_one_computation() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let (x, y) = (inc(log.clone(), 1), inc(log.clone(), 2));
        let call = || double(log.clone(), 3).key(&"k");
        let both = (
            call().after(&x).after(&y),
            call().after(&y).after(&x).after(&y),
        );
        assert_eq!(compute_with(&options, both).unwrap(), (6, 6), "{name}");
        assert_eq!(log.take(), ["inc", "inc", "double"], "{name}");
    }
}
