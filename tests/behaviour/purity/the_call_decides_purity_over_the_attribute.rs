//! P3: `.pure()` and `.impure()` on a call go over what the function says.

use common::{Log, schedulers};
use lazygraph::{compute_with, prelude::*};

#[delayed(pure)]
fn pure(#[key(skip)] log: &Log, x: i64) -> i64 {
    log.push("pure");
    x
}

#[delayed(impure)]
fn impure(log: &Log, x: i64) -> i64 {
    log.push("impure");
    x
}

#[delayed]
fn neither(log: &Log, x: i64) -> i64 {
    log.push("neither");
    x
}

#[test]
fn impure_calls_of_a_pure_function_are_two() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let call = || pure(log.clone(), 1).impure();
        assert_eq!(call().content_key(), None);
        assert_eq!(
            compute_with(&options, (call(), call())).unwrap(),
            (1, 1),
            "{name}"
        );
        assert_eq!(log.len(), 2, "{name}");
    }
}

#[test]
fn pure_calls_of_an_impure_function_are_one() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let call = || impure(log.clone(), 1).pure();
        assert_eq!(call().content_key(), call().content_key());
        assert!(call().content_key().is_some());
        assert_eq!(
            compute_with(&options, (call(), call())).unwrap(),
            (1, 1),
            "{name}"
        );
        assert_eq!(log.len(), 1, "{name}");
    }
}

#[test]
fn a_function_that_says_nothing_is_impure() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let call = || neither(log.clone(), 1);
        assert_eq!(call().content_key(), None);
        assert_eq!(
            compute_with(&options, (call(), call())).unwrap(),
            (1, 1),
            "{name}"
        );
        assert_eq!(log.len(), 2, "{name}");
        let (a, b) = (call().pure(), call().pure());
        assert_eq!(compute_with(&options, (a, b)).unwrap(), (1, 1), "{name}");
        assert_eq!(log.len(), 3, "{name}");
    }
}

#[test]
fn one_impure_call_among_pure_ones_stays_alone() {
    let log = Log::new();
    let call = || pure(log.clone(), 1);
    assert_eq!(
        compute((call(), call().impure(), call())).unwrap(),
        (1, 1, 1)
    );
    assert_eq!(log.len(), 2);
}

#[delayed]
fn plus(a: i64, b: i64) -> i64 {
    a + b
}

/// A value is itself, whatever is said of it.
#[test]
fn values_are_never_made_one() {
    for (name, options) in common::schedulers() {
        let memo = lazygraph::Memo::new();
        let options = options.memo(&memo);
        let sum = |a: i64, b: i64| plus(value(a).pure(), value(b).pure());
        assert_eq!(sum(5000, 7).compute_with(&options).unwrap(), 5007, "{name}");
        let other = value(8).pure().compute_with(&options).unwrap();
        assert_eq!(other, 8, "{name}");
        let keyed = plus(value(1).key("x"), value(2).key("x"));
        assert_eq!(keyed.compute_with(&options).unwrap(), 3, "{name}");
    }
}
