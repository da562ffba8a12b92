//! Large graphs are lowered, scheduled and freed in other ways than small ones: nothing of that shows.

use common::tracked::{Meter, Tracked};
use common::{Chance, Log, PLANNED, Tally, quiet, schedulers};
use lazygraph::{
    CancelToken, ErrorKind, Options, Plan, compute_all_with, compute_with, prelude::*,
};

/// More than a walk may enter, and more than a run begins with alone.
const LARGE: usize = 30_000;

#[delayed]
fn leaf(runs: &Tally, x: u64) -> u64 {
    runs.add();
    x
}

#[delayed]
fn mix(runs: &Tally, a: u64, b: u64) -> u64 {
    runs.add();
    a.wrapping_mul(3).wrapping_add(b)
}

#[delayed]
fn sum(runs: &Tally, xs: &[u64]) -> u64 {
    runs.add();
    xs.iter().fold(1, |s, x| s.wrapping_mul(5).wrapping_add(*x))
}

/// A random graph, its value by hand, and how many nodes its outputs need.
struct Random {
    outputs: Vec<Delayed<u64>>,
    values: Vec<u64>,
    needed: usize,
}

/// Nodes read any that are before them, most of them near ones.
fn random(seed: u64, nodes: usize, runs: &Tally) -> Random {
    let mut random = Chance(seed);
    let mut calls: Vec<Delayed<u64>> = Vec::new();
    let (mut values, mut inputs) = (Vec::new(), Vec::new());
    for i in 0..nodes {
        let near = |random: &mut Chance| match random.below(8) {
            0 => random.below(i),
            _ => i - 1 - random.below(i.min(50)),
        };
        let read: Vec<usize> = match random.below(10) {
            _ if i < 10 => Vec::new(),
            0 => Vec::new(),
            1..7 => (0..2).map(|_| near(&mut random)).collect(),
            _ => (0..1 + random.below(12))
                .map(|_| near(&mut random))
                .collect(),
        };
        let (call, value) = match read[..] {
            [] => (leaf(runs.clone(), i as u64), i as u64),
            [a, b] => {
                let value = u64::wrapping_add(u64::wrapping_mul(values[a], 3), values[b]);
                (mix(runs.clone(), &calls[a], &calls[b]), value)
            }
            _ => {
                let list: Vec<_> = read.iter().map(|&k| calls[k].clone()).collect();
                let xs: Vec<u64> = read.iter().map(|&k| values[k]).collect();
                (sum(runs.clone(), list), sum::now(&Tally::new(), &xs))
            }
        };
        calls.push(call);
        values.push(value);
        inputs.push(read);
    }
    let wanted: Vec<usize> = (0..40).map(|k| nodes - 1 - 13 * k).collect();
    let mut needed = vec![false; nodes];
    wanted.iter().for_each(|&i| needed[i] = true);
    // From the last to the first: all users have been seen.
    for i in (0..nodes).rev() {
        if needed[i] {
            inputs[i].iter().for_each(|&k| needed[k] = true);
        }
    }
    Random {
        outputs: wanted.iter().map(|&i| calls[i].clone()).collect(),
        values: wanted.iter().map(|&i| values[i]).collect(),
        needed: needed.iter().filter(|n| **n).count(),
    }
}

#[test]
fn a_random_graph_has_the_values_of_a_loop_on_every_scheduler() {
    for (seed, (name, options)) in schedulers().into_iter().enumerate() {
        for optimize in [true, false] {
            let runs = Tally::new();
            let graph = random(seed as u64, LARGE, &runs);
            assert!(graph.needed > 8_000, "it is to be large");
            let values = compute_with(&options.clone().optimize(optimize), &graph.outputs);
            assert_eq!(values.unwrap(), graph.values, "{name}, seed {seed}");
            assert_eq!(
                runs.get(),
                graph.needed,
                "{name}: each that is needed, once"
            );
        }
    }
}

#[test]
fn a_plan_of_one_runs_again() {
    for (name, options) in schedulers() {
        let runs = Tally::new();
        let graph = random(77, LARGE, &runs);
        let plan = Plan::new(&graph.outputs, &options).unwrap();
        assert_eq!(plan.node_count(), graph.needed);
        for times in 1..4 {
            assert_eq!(plan.run().unwrap(), graph.values, "{name}");
            assert_eq!(runs.get(), times * graph.needed, "{name}");
        }
    }
}

#[test]
fn made_on_two_threads_it_is_the_same() {
    // Every other node is made on another thread: none of the two has made them in an order of its own.
    let runs = Tally::new();
    let mut value = 0u64;
    let mut call = leaf(runs.clone(), 0);
    for _ in 0..20 {
        let (of, below) = (runs.clone(), call);
        call = std::thread::spawn(move || (0..300).fold(below, |x, i| mix(of.clone(), x, i)))
            .join()
            .unwrap();
        call = (0..300).fold(call, |x, i| mix(runs.clone(), x, i));
        for i in (0..300).chain(0..300) {
            value = value.wrapping_mul(3).wrapping_add(i);
        }
    }
    for (name, options) in schedulers() {
        assert_eq!(call.compute_with(&options).unwrap(), value, "{name}");
    }
    let plan = Plan::new(&call, &Options::new()).unwrap();
    assert_eq!((plan.node_count(), plan.unit_count()), (12_001, 1));
}

#[test]
fn an_order_without_data_goes_over_the_order_of_making() {
    let log = Log::new();
    #[delayed]
    fn note(log: &Log, name: &'static str) -> u64 {
        log.push(name);
        1
    }
    let first = note(log.clone(), "made first");
    let then = note(log.clone(), "made then");
    let first = first.after(&then);
    let runs = Tally::new();
    let many = (0..10_000).fold(first, |x, i| mix(runs.clone(), x, i));
    many.compute_with(&Options::new().threads(1)).unwrap();
    assert_eq!(log.entries(), ["made then", "made first"]);
}

#[test]
fn chains_that_were_made_level_by_level_are_units() {
    let runs = Tally::new();
    let mut level: Vec<_> = (0..2_000).map(|i| leaf(runs.clone(), i)).collect();
    for _ in 0..4 {
        level = level.into_iter().map(|x| mix(runs.clone(), x, 1)).collect();
    }
    for (name, options) in schedulers() {
        let plan = Plan::new(&level, &options).unwrap();
        assert_eq!(
            (plan.node_count(), plan.unit_count()),
            (10_000, 2_000),
            "{name}"
        );
        let values = plan.run().unwrap();
        assert_eq!(values[7], (0..4).fold(7, |x, _| 3 * x + 1), "{name}");
    }
}

// ------------------------------------------------------------------ failure

#[delayed]
fn fails_at(x: u64, bad: u64) -> Result<u64, String> {
    if x == bad {
        Err(format!("no {x}"))
    } else {
        Ok(x + 1)
    }
}

#[delayed]
fn panics_at(x: u64, bad: u64) -> u64 {
    assert!(x != bad, "{PLANNED}");
    x + 1
}

#[test]
fn an_error_in_the_middle_names_its_node() {
    quiet();
    for (name, options) in schedulers() {
        for bad in [0, 1, 700, 4_999, 9_999] {
            let chain = (0..10_000).fold(value(0).map(|x| *x), |x, _| fails_at(x, bad));
            let e = chain.compute_with(&options).unwrap_err();
            assert_eq!(
                (e.kind(), e.task()),
                (ErrorKind::Failed, "fails_at"),
                "{name}"
            );
            assert!(
                format!("{e:#}").ends_with(&format!("no {bad}")),
                "{name}: {e:#}"
            );
            let many: Vec<_> = (0..10_000).map(|x| panics_at(x, bad)).collect();
            let e = compute_with(&options, many).unwrap_err();
            assert_eq!(
                (e.kind(), e.task()),
                (ErrorKind::Panicked, "panics_at"),
                "{name}"
            );
        }
    }
}

#[test]
fn failures_as_values_are_in_their_places() {
    quiet();
    for (name, options) in schedulers() {
        let many = (0..10_000).map(|x| {
            let x = fails_at(x, x - x % 1000);
            panics_at(x, 5)
        });
        let all = compute_all_with(&options, many);
        for (x, outcome) in all.iter().enumerate() {
            match (x, outcome) {
                (x, Err(e)) if x % 1000 == 0 => assert_eq!(e.task(), "fails_at", "{name}, {x}"),
                (4, Err(e)) => assert_eq!(e.kind(), ErrorKind::Panicked, "{name}"),
                (x, Ok(y)) => assert_eq!(*y, x as u64 + 2, "{name}"),
                (x, Err(e)) => panic!("{name}: {x} has failed: {e:?}"),
            }
        }
    }
}

#[test]
fn a_cancel_from_within_stops_it() {
    for (name, options) in schedulers() {
        let (token, runs) = (CancelToken::new(), Tally::new());
        let stop = token.clone();
        let stops = call(move || stop.cancel(), ());
        let many: Vec<_> = (0..10_000)
            .map(|x| leaf(runs.clone(), x).after(&stops))
            .collect();
        let e = compute_with(&options.clone().cancel(&token), many).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Cancelled, "{name}");
        assert_eq!(runs.get(), 0, "{name}: nothing starts after it");
    }
}

// ------------------------------------------------------------------ memory

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn join2(a: &Tracked, b: &Tracked) -> Tracked {
    a.like(a.value() + b.value())
}

#[test]
fn results_that_own_memory_are_all_dropped() {
    for (name, options) in schedulers() {
        let meter = Meter::new();
        let mut level: Vec<_> = (0..8_192).map(|x| make(meter.clone(), x)).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|p| join2(&p[0], &p[1])).collect();
        }
        let total = level[0].map(|t| t.value());
        assert_eq!(
            total.compute_with(&options).unwrap(),
            8_191 * 8_192 / 2,
            "{name}"
        );
        assert_eq!((meter.live(), meter.cloned()), (0, 0), "{name}");
        // One worker holds what the plan says, and no more.
        if options_are_serial(&name) {
            assert!(meter.peak() <= 15, "{name}: {} alive", meter.peak());
        }
    }
}

fn options_are_serial(name: &str) -> bool {
    name == "serial" || name == "1 threads"
}

// ------------------------------------------------------------------ letting go

/// Counts its drops, and panics in one of them.
#[derive(Clone)]
struct Bomb(Tally, bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.add();
        assert!(!self.1 || std::thread::panicking(), "{PLANNED}");
    }
}

#[delayed]
fn holds(x: u64, _bomb: &Bomb) -> u64 {
    x
}

#[test]
fn a_graph_is_freed_whole_though_drops_of_arguments_panic() {
    quiet();
    for bombs in [1, 2, 5_000] {
        let drops = Tally::new();
        let chain = (0..10_000).fold(value(0u64).map(|x| *x), |x, i| {
            holds(x, Bomb(drops.clone(), i % (10_000 / bombs) == 0))
        });
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(chain)));
        assert!(dropped.is_err(), "the first panic is told");
        assert_eq!(drops.get(), 10_000, "{bombs} bombs");
    }
}

#[test]
fn nodes_are_freed_by_any_thread() {
    let drops = Tally::new();
    let made: Vec<Vec<Delayed<u64>>> = (0..4)
        .map(|_| {
            let drops = drops.clone();
            let make = move || {
                (0..5_000)
                    .map(|i| holds(i, Bomb(drops.clone(), false)))
                    .collect()
            };
            std::thread::spawn(make).join().unwrap()
        })
        .collect();
    // Each of the four is dropped by another two threads, half by half, while new ones are made.
    std::thread::scope(|scope| {
        for mut nodes in made {
            let half = nodes.split_off(2_500);
            scope.spawn(move || drop(nodes));
            scope.spawn(move || drop(half));
            scope.spawn(|| (0..5_000).for_each(|i| drop(holds(i, Bomb(drops.clone(), false)))));
        }
    });
    assert_eq!(drops.get(), 40_000);
}
