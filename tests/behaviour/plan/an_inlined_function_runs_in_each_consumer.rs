//! The inline pass: a pure function marked `inline` runs again in each consumer rather than being held.

use common::{Log, schedulers};
use lazygraph::{compute_with, prelude::*};

#[delayed(pure, inline)]
fn cheap(#[key(skip)] log: &Log, x: i64) -> i64 {
    log.push("cheap");
    x * 2
}

#[delayed]
fn impure(log: &Log, x: i64) -> i64 {
    log.push("impure");
    x * 2
}

#[delayed]
fn uses(log: &Log, x: i64, y: i64) -> i64 {
    log.push("uses");
    x + y
}

#[test]
fn three_consumers_three_executions() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let c = cheap(log.clone(), 5);
        let users: Vec<_> = (0..3).map(|i| uses(log.clone(), &c, i)).collect();
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            [10, 11, 12],
            "{name}"
        );
        assert_eq!((log.count("cheap"), log.count("uses")), (3, 3), "{name}");
    }
}

#[test]
fn one_execution_when_the_pass_is_off() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let c = cheap(log.clone(), 5);
        let users: Vec<_> = (0..3).map(|i| uses(log.clone(), &c, i)).collect();
        let options = options.inline(false);
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            [10, 11, 12],
            "{name}"
        );
        assert_eq!(log.count("cheap"), 1, "{name}");
    }
}

#[test]
fn never_when_it_is_an_output() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let c = cheap(log.clone(), 5);
        let users = (uses(log.clone(), &c, 0), uses(log.clone(), &c, 1), &c);
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            (10, 11, 10),
            "{name}"
        );
        assert_eq!(log.count("cheap"), 1, "{name}");
    }
}

#[test]
fn never_when_it_is_impure() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let c = impure(log.clone(), 5).inline();
        let users: Vec<_> = (0..3).map(|i| uses(log.clone(), &c, i)).collect();
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            [10, 11, 12],
            "{name}"
        );
        assert_eq!(log.count("impure"), 1, "{name}");
    }
}

#[test]
fn a_call_may_ask_for_it() {
    #[delayed(pure)]
    fn plain(#[key(skip)] log: &Log, x: i64) -> i64 {
        log.push("plain");
        x
    }
    for (name, options) in schedulers() {
        let log = Log::new();
        let c = plain(log.clone(), 5).inline();
        let users: Vec<_> = (0..3).map(|i| uses(log.clone(), &c, i)).collect();
        assert_eq!(compute_with(&options, &users).unwrap(), [5, 6, 7], "{name}");
        assert_eq!(log.count("plain"), 3, "{name}");
    }
}

#[test]
fn inlined_functions_of_inlined_ones() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let c = cheap(log.clone(), cheap(log.clone(), 1));
        let users: Vec<_> = (0..3).map(|i| uses(log.clone(), &c, i)).collect();
        assert_eq!(compute_with(&options, &users).unwrap(), [4, 5, 6], "{name}");
        assert!(log.count("cheap") >= 3, "{name}");
    }
}
