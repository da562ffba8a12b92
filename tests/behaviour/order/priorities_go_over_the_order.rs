//! A ready node of a higher priority runs before one of a lower; equal ones follow the plan's order.

use common::{Log, schedulers};
use lazygraph::{Plan, compute_with, prelude::*};

#[delayed]
fn leaf(log: &Log, x: i64) -> i64 {
    log.push(x.to_string());
    x
}

#[delayed]
fn next(log: &Log, x: i64) -> i64 {
    log.push((x + 100).to_string());
    x + 100
}

#[test]
fn the_highest_first() {
    for (name, options) in schedulers().into_iter().take(2) {
        let log = Log::new();
        let priorities = [0, 3, -2, 5, 1, 0];
        let all: Vec<_> = (0..)
            .zip(priorities)
            .map(|(i, p)| leaf(log.clone(), i).named(i.to_string()).priority(p))
            .collect();
        compute_with(&options, &all).unwrap();
        let ran = log.take();
        let by = |s: &String| priorities[s.parse::<usize>().unwrap()];
        assert!(ran.is_sorted_by(|a, b| by(a) >= by(b)), "{name}: {ran:?}");
        let plan = Plan::new(&all, &options).unwrap();
        let order: Vec<String> = plan.order().map(|n| n.label().to_string()).collect();
        assert_eq!(order, ran, "{name}: the static order knows of priorities");
    }
}

#[test]
fn never_before_their_inputs() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let low = leaf(log.clone(), 1).priority(-10);
        let high = next(log.clone(), &low).priority(10);
        let other = leaf(log.clone(), 2);
        assert_eq!(
            compute_with(&options, (&high, &other)).unwrap(),
            (101, 2),
            "{name}"
        );
        let ran = log.take();
        let at = |s: &str| ran.iter().position(|r| r == s).unwrap();
        assert!(at("1") < at("101"), "{name}: {ran:?}");
    }
}
