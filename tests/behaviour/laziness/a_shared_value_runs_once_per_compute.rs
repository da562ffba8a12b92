//! P2: one delayed value is one evaluation per compute, however many consumers it has.

use common::{Log, everywhere};
use lazygraph::{compute_with, prelude::*};

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

#[delayed]
fn add(log: &Log, x: i64, y: i64) -> i64 {
    log.push("add");
    x + y
}

#[delayed]
fn sum(log: &Log, xs: &[i64]) -> i64 {
    log.push("sum");
    xs.iter().sum()
}

#[delayed]
fn constant(log: &Log, x: i64) -> i64 {
    log.push("constant");
    x
}

#[test]
fn both_arguments_of_one_call() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let v = inc(log.clone(), 1);
        let twice = add(log.clone(), &v, &v);
        assert_eq!(twice.compute_with(&options).unwrap(), 4, "{name}");
        assert_eq!(log.take(), ["inc", "add"], "{name}");
    }
}

#[test]
fn two_calls_are_two_nodes() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let two = add(
            log.clone(),
            constant(log.clone(), 1),
            constant(log.clone(), 1),
        );
        assert_eq!(two.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(log.count("constant"), 2, "{name}");
    }
}

#[test]
fn ten_times_in_one_compute() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let v = inc(log.clone(), 1);
        let ten = vec![v; 10];
        assert_eq!(compute_with(&options, &ten).unwrap(), vec![2; 10], "{name}");
        assert_eq!(log.take(), ["inc"], "{name}");
    }
}

#[test]
fn two_computes_are_two_evaluations() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let v = inc(log.clone(), 1);
        assert_eq!(v.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(v.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(log.take(), ["inc", "inc"], "{name}");
    }
}

#[test]
fn a_consumer_and_an_output_share_it() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let v = inc(log.clone(), 1);
        let w = double(log.clone(), &v);
        assert_eq!(
            compute_with(&options, (&w, &v, &w)).unwrap(),
            (4, 2, 4),
            "{name}"
        );
        assert_eq!(log.take(), ["inc", "double"], "{name}");
    }
}

#[test]
fn a_sum_over_pairs_has_sixteen_nodes() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let pairs: Vec<_> = (1..=5)
            .map(|x| {
                let (a, b) = (inc(log.clone(), x), double(log.clone(), x));
                add(log.clone(), a, b)
            })
            .collect();
        let all = sum(log.clone(), pairs);
        assert_eq!(all.compute_with(&options).unwrap(), 50, "{name}");
        assert_eq!(log.take().len(), 16, "{name}");
    }
}

#[test]
fn a_clone_of_a_handle_is_the_same_node() {
    let log = Log::new();
    let v = inc(log.clone(), 1);
    let also = v.clone();
    assert_eq!(compute!(v, also).unwrap(), (2, 2));
    assert_eq!(log.take(), ["inc"]);
}

#[test]
fn an_input_of_a_call_and_of_its_recompute() {
    for (name, options) in everywhere() {
        let log = Log::new();
        // Nobody but the call holds its input.
        let first = double(log.clone(), constant(log.clone(), 3));
        let second = first.recompute();
        let both = compute_with(&options, (&first, &second)).unwrap();
        assert_eq!(both, (6, 6), "{name}");
        let counts = (log.count("constant"), log.count("double"));
        assert_eq!(counts, (1, 2), "{name}");
        let log = Log::new();
        let third = double(log.clone(), constant(log.clone(), 4)).recompute();
        let sum = add(log.clone(), &third, third.recompute());
        assert_eq!(sum.compute_with(&options).unwrap(), 16, "{name}");
        let counts = (log.count("constant"), log.count("double"));
        assert_eq!(counts, (1, 2), "{name}");
    }
}
