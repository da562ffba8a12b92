//! P11: with one worker the execution order is the static order, and that depends on nothing but the graph.

use common::{Log, schedulers};
use lazygraph::{Options, Plan, compute_with, prelude::*};

#[delayed]
fn leaf(log: &Log, id: &str) -> Vec<String> {
    log.push(id);
    vec![id.to_owned()]
}

#[delayed]
fn join_two(log: &Log, id: &str, a: &[String], b: &[String]) -> Vec<String> {
    log.push(id);
    [a, b].concat()
}

#[delayed]
fn step(log: &Log, id: &str, a: &[String]) -> Vec<String> {
    log.push(id);
    a.to_vec()
}

/// The order in which nodes are created.
#[derive(Clone, Copy)]
enum Creation {
    LevelByLevel,
    DepthFirst,
    Backwards,
}

const CREATIONS: [Creation; 3] = [
    Creation::LevelByLevel,
    Creation::DepthFirst,
    Creation::Backwards,
];

/// A tree over eight chains of two nodes. Node `id` is always in the same place of the graph.
fn tree(log: &Log, creation: Creation, prefix: &str) -> Delayed<Vec<String>> {
    let id = |s: String| format!("{prefix}{s}");
    let start = |i: usize| {
        let s = id(format!("leaf {i}"));
        leaf(log.clone(), s.as_str()).named(s)
    };
    let go = |i: usize, d: &Delayed<Vec<String>>| {
        let s = id(format!("step {i}"));
        step(log.clone(), s.as_str(), d).named(s)
    };
    let meet = |level: usize, i: usize, a: &Delayed<Vec<String>>, b: &Delayed<Vec<String>>| {
        let s = id(format!("join {level}.{i}"));
        join_two(log.clone(), s.as_str(), a, b).named(s)
    };
    let mut level: Vec<_> = match creation {
        Creation::LevelByLevel => {
            let starts: Vec<_> = (0..8).map(start).collect();
            starts.iter().enumerate().map(|(i, d)| go(i, d)).collect()
        }
        Creation::DepthFirst => (0..8).map(|i| go(i, &start(i))).collect(),
        Creation::Backwards => {
            let mut all: Vec<_> = (0..8).rev().map(|i| go(i, &start(i))).collect();
            all.reverse();
            all
        }
    };
    let mut depth = 0;
    while level.len() > 1 {
        depth += 1;
        let pairs = level.chunks(2).enumerate();
        level = match creation {
            Creation::Backwards => {
                let pairs: Vec<_> = pairs.collect();
                let mut all: Vec<_> = pairs
                    .iter()
                    .rev()
                    .map(|(i, p)| meet(depth, *i, &p[0], &p[1]))
                    .collect();
                all.reverse();
                all
            }
            _ => pairs.map(|(i, p)| meet(depth, i, &p[0], &p[1])).collect(),
        };
    }
    level.remove(0)
}

fn planned(d: &Delayed<Vec<String>>, options: &Options) -> Vec<String> {
    let plan = Plan::new(d, options).unwrap();
    plan.order().map(|n| n.label().to_string()).collect()
}

#[test]
fn what_runs_is_what_was_planned() {
    for (name, options) in schedulers().into_iter().take(2) {
        for fuse in [true, false] {
            let options = options.clone().fuse(fuse);
            for creation in CREATIONS {
                let log = Log::new();
                let d = tree(&log, creation, "");
                let order = planned(&d, &options);
                assert_eq!(order.len(), 23);
                d.compute_with(&options).unwrap();
                assert_eq!(log.take(), order, "{name}, fuse {fuse}");
                Plan::new(&d, &options).unwrap().run_with(&options).unwrap();
                assert_eq!(log.take(), order, "{name}, fuse {fuse}: a plan that is run");
            }
        }
    }
}

#[test]
fn without_the_order_pass_as_well() {
    for (name, options) in schedulers().into_iter().take(2) {
        let options = options.order(false);
        let log = Log::new();
        let d = tree(&log, Creation::LevelByLevel, "");
        let order = planned(&d, &options);
        d.compute_with(&options).unwrap();
        assert_eq!(log.take(), order, "{name}");
    }
}

#[test]
fn the_order_of_creation_does_not_matter() {
    let log = Log::new();
    let orders = CREATIONS.map(|c| planned(&tree(&log, c, ""), &Options::new()));
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0], orders[2]);
}

#[test]
fn labels_do_not_matter() {
    let log = Log::new();
    let plain = planned(&tree(&log, Creation::LevelByLevel, ""), &Options::new());
    let other = planned(&tree(&log, Creation::LevelByLevel, "zz "), &Options::new());
    let stripped: Vec<_> = other
        .iter()
        .map(|s| s.trim_start_matches("zz ").to_owned())
        .collect();
    assert_eq!(plain, stripped);
}

#[test]
fn one_tree_has_one_peak() {
    let log = Log::new();
    let peaks = CREATIONS.map(|c| {
        let d = tree(&log, c, "");
        Plan::new(&d, &Options::new())
            .unwrap()
            .memory_profile()
            .peak()
    });
    assert_eq!(peaks, [peaks[0]; 3]);
    assert!(peaks[0] <= 4, "{}", peaks[0]);
}

#[test]
fn a_hundred_runs_in_one_order() {
    let log = Log::new();
    let d = tree(&log, Creation::Backwards, "");
    let options = Options::new().threads(1);
    d.compute_with(&options).unwrap();
    let first = log.take();
    for _ in 0..100 {
        d.compute_with(&options).unwrap();
        assert_eq!(log.take(), first);
    }
}

#[test]
fn many_outputs_follow_the_order_too() {
    let log = Log::new();
    let trees = CREATIONS.map(|c| tree(&log, c, ""));
    for (name, options) in schedulers().into_iter().take(2) {
        let plan = Plan::new(&trees, &options).unwrap();
        let order: Vec<String> = plan.order().map(|n| n.label().to_string()).collect();
        compute_with(&options, &trees).unwrap();
        assert_eq!(log.take(), order, "{name}");
    }
}
