//! A delayed function may return `Delayed<T>`: the graph goes on, no worker waits.

use common::{Log, ends, everywhere, schedulers};
use lazygraph::{compute_with, prelude::*};

#[delayed]
fn fib(n: u64) -> Delayed<u64> {
    if n < 2 {
        value(n)
    } else {
        fib(n - 1) + fib(n - 2)
    }
}

#[delayed]
fn count_down(log: &Log, n: u64) -> Delayed<u64> {
    log.push("down");
    if n == 0 {
        value(0)
    } else {
        count_down(log.clone(), n - 1)
    }
}

#[delayed]
fn choose(log: &Log, left: bool, a: Delayed<i64>, b: Delayed<i64>) -> Delayed<i64> {
    log.push("choose");
    if left { a } else { b }
}

#[delayed]
fn inc(log: &Log, x: i64) -> i64 {
    log.push(format!("inc {x}"));
    x + 1
}

#[delayed]
fn may_fail(log: &Log, x: i64) -> Result<Delayed<i64>, String> {
    if x < 0 {
        Err("negative".to_owned())
    } else {
        Ok(inc(log.clone(), x))
    }
}

#[test]
fn a_recursive_graph() {
    for (name, options) in everywhere() {
        assert_eq!(fib(12).compute_with(&options).unwrap(), 144, "{name}");
    }
}

#[test]
fn ten_thousand_graphs_one_after_another() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let d = count_down(log.clone(), 10_000);
        assert_eq!(
            ends(&name, move || d.compute_with(&options).unwrap()),
            0,
            "{name}"
        );
        assert_eq!(log.len(), 10_001, "{name}");
    }
}

#[test]
fn only_the_chosen_branch_runs() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let (a, b) = (inc(log.clone(), 10), inc(log.clone(), 20));
        let d = choose(log.clone(), value(1).map(|x| *x > 0), a, b);
        assert_eq!(d.compute_with(&options).unwrap(), 11, "{name}");
        assert_eq!(log.take(), ["choose", "inc 10"], "{name}");
    }
}

#[test]
fn the_graph_may_depend_on_a_value() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let d = inc(log.clone(), 2).and_then({
            let log = log.clone();
            move |n| {
                (0..*n)
                    .map(|i| inc(log.clone(), i))
                    .collect::<Delayed<Vec<i64>>>()
            }
        });
        assert_eq!(d.compute_with(&options).unwrap(), [1, 2, 3], "{name}");
        assert_eq!(log.take().len(), 4, "{name}");
        let d = value(2).map({
            let log = log.clone();
            move |n| inc(log.clone(), *n)
        });
        assert_eq!(d.flatten().compute_with(&options).unwrap(), 3, "{name}");
    }
}

#[test]
fn it_may_fail_before_and_in_the_graph() {
    for (name, options) in everywhere() {
        let log = Log::new();
        assert_eq!(
            may_fail(log.clone(), 1).compute_with(&options).unwrap(),
            2,
            "{name}"
        );
        let e = may_fail(log.clone(), -1)
            .compute_with(&options)
            .unwrap_err();
        assert!(format!("{e:#}").ends_with("negative"), "{name}: {e:#}");
        let e = value(1).and_then(|_| value(0).map(|x| assert_ne!(*x, 0, "planned panic")));
        common::quiet();
        assert!(
            e.compute_with(&options).unwrap_err().root().is_panic(),
            "{name}"
        );
    }
}

#[test]
fn its_users_see_the_value_of_the_graph() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let d = may_fail(log.clone(), 1);
        let users = (inc(log.clone(), &d), inc(log.clone(), &d), &d);
        assert_eq!(compute_with(&options, &users).unwrap(), (3, 3, 2), "{name}");
        assert_eq!(log.count("inc 1"), 1, "{name}: one graph, run once");
    }
}
