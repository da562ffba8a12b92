//! P3: an explicit `.key(k)` merges equal computations and refuses different ones.

use common::{Log, client_of, schedulers};
use lazygraph::{ErrorKind, Memo, Options, compute_with, prelude::*};

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

#[delayed(pure)]
fn same(x: i64) -> i64 {
    x
}

#[delayed(pure)]
fn text(x: i64) -> String {
    format!("text {x}")
}

#[delayed]
fn noise(log: &Log) -> i64 {
    log.push("noise");
    1
}

/// Computes two calls that were given one key, one after the other.
type Twice = fn(&Delayed<i64>, &Delayed<i64>) -> (Result<i64, Error>, Result<i64, Error>);

#[delayed]
fn one_by_one(xs: Vec<Delayed<i64>>) -> (Result<i64, Error>, Result<i64, Error>) {
    (xs[0].compute(), xs[1].compute())
}

const TWICE: &[(&str, Twice)] = &[
    ("with a memo", |a, b| {
        let memo = Memo::new();
        let options = Options::new().memo(&memo);
        (a.compute_with(&options), b.compute_with(&options))
    }),
    ("in a client", |a, b| {
        let client = client_of(2);
        (client.submit(a).result(), client.submit(b).result())
    }),
    ("in a task", |a, b| {
        one_by_one(value(vec![a.clone(), b.clone()]))
            .compute()
            .unwrap()
    }),
];

/// Pairs of calls, and whether one key may be given to both.
fn pairs() -> Vec<(&'static str, Delayed<i64>, Delayed<i64>, bool)> {
    vec![
        ("one call", same(1).key("k"), same(1).key("k"), true),
        ("other arguments", same(1).key("k"), same(2).key("k"), false),
        (
            "another function",
            same(1).key("k"),
            text(1).key("k").len_of(),
            false,
        ),
        (
            "other nodes before",
            same(1).key("k"),
            same(1).key("k").after(&same(9)),
            false,
        ),
        ("other keys", same(1).key("k"), same(2).key("l"), true),
    ]
}

/// The text's length, so that both are of one type.
trait LenOf {
    fn len_of(&self) -> Delayed<i64>;
}

impl LenOf for Delayed<String> {
    fn len_of(&self) -> Delayed<i64> {
        self.clone().map(|text| text.len() as i64)
    }
}

#[test]
fn what_is_remembered_under_a_key_is_for_the_same_call_only() {
    for (twice, compute) in TWICE {
        for (pair, a, b, allowed) in pairs() {
            let (first, second) = compute(&a, &b);
            assert!(first.is_ok(), "{twice}, {pair}: {first:?}");
            match second {
                Ok(_) => assert!(allowed, "{twice}, {pair}"),
                Err(e) => {
                    assert!(!allowed, "{twice}, {pair}: {e:?}");
                    assert_eq!(e.kind(), ErrorKind::KeyConflict, "{twice}, {pair}: {e:?}");
                    let told = format!("{e:#}");
                    assert!(told.contains("same(1)"), "{twice}, {pair}: {told}");
                }
            }
        }
    }
}

#[test]
fn a_call_over_other_impure_calls_is_another() {
    let log = Log::new();
    let call = || double(log.clone(), noise(log.clone())).key(&"k");
    let e = compute((call(), call())).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::KeyConflict, "{e:?}");
    assert!(log.is_empty());
}
