//! The cull pass.

use common::{Log, everywhere};
use lazygraph::{Options, Plan, compute_with, prelude::*};

#[delayed]
fn step(log: &Log, x: i64) -> i64 {
    log.push("step");
    x + 1
}

#[delayed]
fn pair(log: &Log, x: i64) -> (i64, i64) {
    log.push("pair");
    (x, x)
}

#[test]
fn unused_calls_are_neither_planned_nor_run() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let used = step(log.clone(), 0);
        let _unused: Vec<_> = (0..100).map(|_| step(log.clone(), &used)).collect();
        let end = step(log.clone(), &used);
        assert_eq!(Plan::new(&end, &options).unwrap().node_count(), 2, "{name}");
        assert_eq!(end.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(log.len(), 2, "{name}");
    }
}

#[test]
fn the_half_that_nobody_asks_for() {
    let log = Log::new();
    let (a, b) = pair(log.clone(), 1).unzip();
    let one = Plan::new(&a, &Options::new()).unwrap().node_count();
    let two = Plan::new((&a, &b), &Options::new()).unwrap().node_count();
    assert!(one < two, "{one} and {two}");
}

#[test]
fn what_an_output_comes_after_is_needed() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let first = pair(log.clone(), 1);
        let end = step(log.clone(), 1).after(&first);
        assert_eq!(end.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(log.take(), ["pair", "step"], "{name}");
    }
}

#[test]
fn each_compute_has_its_own_outputs() {
    let log = Log::new();
    let a = step(log.clone(), 0);
    let b = step(log.clone(), &a);
    let c = step(log.clone(), &b);
    assert_eq!(compute_with(&Options::new(), &a).unwrap(), 1);
    assert_eq!(log.take().len(), 1);
    assert_eq!(compute_with(&Options::new(), (&b, &c)).unwrap(), (2, 3));
    assert_eq!(log.take().len(), 3);
}
