//! P3: a pure node runs once per outermost run, whatever level asks for it; in flight counts.

use common::pure::{asks, fib, slowly};
use common::{Log, Meeting, ends, schedulers};
use lazygraph::{Counter, Options, compute_with, prelude::*};

#[delayed(pure)]
fn load(#[key(skip)] log: &Log, x: i64) -> i64 {
    log.push(format!("load {x}"));
    x
}

#[delayed]
fn outer(log: &Log, x: i64) -> Result<i64, Error> {
    let (a, b) = compute!(load(log.clone(), x), load(log.clone(), x + 1))?;
    Ok(a + b)
}

#[delayed]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[test]
fn fib_of_ninety_is_ninety_one_bodies() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let n = fib(log.clone(), 90).compute_with(&options).unwrap();
        assert_eq!(n, 2_880_067_194_370_816_120, "{name}");
        assert_eq!(log.len(), 91, "{name}");
    }
}

#[test]
fn a_second_run_starts_afresh() {
    let log = Log::new();
    let f = fib(log.clone(), 10);
    assert_eq!((f.compute().unwrap(), log.take().len()), (55, 11));
    assert_eq!((f.compute().unwrap(), log.take().len()), (55, 11));
}

#[test]
fn outer_and_inner_graphs_share_a_node() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let direct = load(log.clone(), 1);
        let all = add(add(&direct, outer(log.clone(), 1)), outer(log.clone(), 0));
        assert_eq!(all.compute_with(&options).unwrap(), 5, "{name}");
        let mut ran = log.take();
        ran.sort();
        assert_eq!(ran, ["load 0", "load 1", "load 2"], "{name}");
    }
}

#[test]
fn siblings_share_what_their_bodies_compute() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let many: Vec<_> = (0..50).map(|_| outer(log.clone(), 3)).collect();
        assert_eq!(
            compute_with(&options, &many).unwrap(),
            vec![7; 50],
            "{name}"
        );
        assert_eq!(log.len(), 2, "{name}");
    }
}

#[test]
fn the_second_asker_waits_for_a_node_in_flight() {
    for threads in [2, 8] {
        let (log, asked, meeting) = (Log::new(), Log::new(), Meeting::of(2));
        let call = || asks(log.clone(), asked.clone(), meeting.clone());
        let (a, b) = (call(), call());
        let options = Options::new().threads(threads);
        assert_eq!(
            compute_with(&options, (a, b)).unwrap(),
            (7, 7),
            "{threads} threads"
        );
        assert_eq!(log.take(), ["slowly"], "{threads} threads");
    }
}

#[test]
fn a_node_in_flight_in_the_outer_graph_is_awaited_from_a_body() {
    let (log, asked, meeting) = (Log::new(), Log::new(), Meeting::of(1));
    asked.push("the graph itself");
    let inner = asks(log.clone(), asked.clone(), meeting);
    let direct = slowly(log.clone(), asked, 7);
    let options = Options::new().threads(2);
    assert_eq!(compute_with(&options, (direct, inner)).unwrap(), (7, 7));
    assert_eq!(log.take(), ["slowly"]);
}

#[delayed(pure)]
fn fails(#[key(skip)] log: &Log, x: i64) -> Result<i64, String> {
    log.push("fails");
    Err(format!("no {x}"))
}

#[delayed]
fn tolerant(log: &Log) -> Result<i64, Error> {
    Ok(fails(log.clone(), 1).unwrap_or(5).compute()?
        + fails(log.clone(), 1).unwrap_or(6).compute()?)
}

#[test]
fn a_failure_in_a_nested_run_can_be_caught_there() {
    for (name, options) in schedulers() {
        let log = Log::new();
        assert_eq!(
            tolerant(log.clone()).compute_with(&options).unwrap(),
            11,
            "{name}"
        );
        assert!((1..=2).contains(&log.len()), "{name}: {}", log.len());
    }
}

#[delayed(pure)]
fn collatz(#[key(skip)] log: &Log, n: u64) -> Result<u64, Error> {
    log.push(n.to_string());
    if n == 1 {
        return Ok(0);
    }
    let next = if n.is_multiple_of(2) {
        n / 2
    } else {
        3 * n + 1
    };
    Ok(collatz(log.clone(), next).compute()? + 1)
}

#[test]
fn many_paths_into_one_tree_run_each_node_once() {
    for threads in [1, 2, 8] {
        let log = Log::new();
        let starts: Vec<_> = (1..=100).map(|n| collatz(log.clone(), n)).collect();
        let options = Options::new().threads(threads);
        let longest = ends("collatz", move || {
            compute_with(&options, &starts).unwrap().into_iter().max()
        });
        assert_eq!(longest, Some(118), "{threads} threads");
        let mut ran = log.take();
        let all = ran.len();
        ran.sort();
        ran.dedup();
        assert_eq!(ran.len(), all, "{threads} threads: a number ran twice");
    }
}

/// That of the README, which says so.
#[delayed(pure)]
fn ways(right: u64, down: u64) -> u64 {
    if right == 0 || down == 0 {
        return 1;
    }
    let (a, b) = get!(ways(right - 1, down), ways(right, down - 1));
    a + b
}

#[test]
fn the_ways_across_a_grid_are_288_bodies() {
    for (name, options) in schedulers() {
        let seen = Counter::new();
        let options = options.observe(&seen);
        let all = ways(16, 16).compute_with(&options).unwrap();
        assert_eq!(all, 601_080_390, "{name}");
        assert_eq!(seen.executed("ways"), 288, "{name}");
    }
}
