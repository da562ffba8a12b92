//! P3: pure nodes with equal keys are one node; impure ones never are.

use common::{Log, everywhere, schedulers};
use lazygraph::{Options, compute_with, prelude::*};

#[delayed(pure)]
fn load(#[key(skip)] log: &Log, x: i64) -> i64 {
    log.push("load");
    x
}

#[delayed(pure)]
fn double(#[key(skip)] log: &Log, x: i64) -> i64 {
    log.push("double");
    2 * x
}

#[delayed]
fn draw(log: &Log, x: i64) -> i64 {
    log.push("draw");
    x
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[test]
fn equal_calls_are_one_execution() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let both = add(load(log.clone(), 1), load(log.clone(), 1));
        assert_eq!(both.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(log.take(), ["load"], "{name}");
    }
}

#[test]
fn equal_chains_are_one_chain() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let chain = || double(log.clone(), double(log.clone(), load(log.clone(), 1)));
        assert_eq!(
            compute_with(&options, (chain(), chain())).unwrap(),
            (4, 4),
            "{name}"
        );
        assert_eq!((log.count("load"), log.count("double")), (1, 2), "{name}");
    }
}

#[test]
fn different_calls_are_not_merged() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let values = (
            load(log.clone(), 1),
            load(log.clone(), 2),
            double(log.clone(), 1),
        );
        assert_eq!(
            compute_with(&options, &values).unwrap(),
            (1, 2, 2),
            "{name}"
        );
        assert_eq!(log.len(), 3, "{name}");
    }
}

#[test]
fn a_pure_call_of_two_impure_ones_runs_twice() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let of = || double(log.clone(), draw(log.clone(), 1));
        assert_eq!(
            compute_with(&options, (of(), of())).unwrap(),
            (2, 2),
            "{name}"
        );
        assert_eq!((log.count("draw"), log.count("double")), (2, 2), "{name}");
    }
}

#[test]
fn two_pure_calls_of_one_impure_value_are_one() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let drawn = draw(log.clone(), 1);
        let values = (double(log.clone(), &drawn), double(log.clone(), &drawn));
        assert_eq!(compute_with(&options, &values).unwrap(), (2, 2), "{name}");
        assert_eq!((log.count("draw"), log.count("double")), (1, 1), "{name}");
    }
}

#[test]
fn an_impure_call_between_pure_ones_keeps_them_apart() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let of = || double(log.clone(), draw(log.clone(), load(log.clone(), 3)));
        assert_eq!(
            compute_with(&options, (of(), of())).unwrap(),
            (6, 6),
            "{name}"
        );
        let counts = (log.count("load"), log.count("draw"), log.count("double"));
        assert_eq!(counts, (1, 2, 2), "{name}");
    }
}

#[test]
fn a_label_changes_nothing() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let values = (
            load(log.clone(), 1).named("left"),
            load(log.clone(), 1).named("right"),
            load(log.clone(), 2).named("left"),
        );
        assert_eq!(
            compute_with(&options, &values).unwrap(),
            (1, 1, 2),
            "{name}"
        );
        assert_eq!(
            log.len(),
            2,
            "{name}: an equal label merges nothing, another one splits nothing"
        );
    }
}

#[test]
fn two_computes_share_nothing() {
    let log = Log::new();
    let x = load(log.clone(), 1);
    x.compute().unwrap();
    x.compute().unwrap();
    assert_eq!(log.len(), 2);
}

#[test]
fn without_dedupe_every_node_runs() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let values = (
            draw(log.clone(), 1),
            load(log.clone(), 1),
            load(log.clone(), 2),
        );
        let options: Options = options.dedupe(false);
        assert_eq!(
            compute_with(&options, &values).unwrap(),
            (1, 1, 2),
            "{name}"
        );
        assert_eq!(log.len(), 3, "{name}");
    }
}

#[test]
fn ten_thousand_equal_calls_are_one_execution() {
    let log = Log::new();
    let many: Vec<_> = (0..10_000).map(|i| load(log.clone(), i % 7)).collect();
    let values = compute(&many).unwrap();
    assert_eq!(
        values.iter().sum::<i64>(),
        (0..10_000).map(|i| i % 7).sum::<i64>()
    );
    assert_eq!(log.len(), 7);
}
