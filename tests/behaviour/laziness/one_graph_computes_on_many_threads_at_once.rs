//! DESIGN §8: a graph built on one thread is computed on ten at once; every compute is its own evaluation.

use common::tracked::{Meter, Tracked};
use common::{Meeting, Tally, ends, everywhere};
use lazygraph::{Options, Plan, compute_with, prelude::*};

#[delayed]
fn make(meter: &Meter, tally: &Tally, x: i64) -> Tracked {
    tally.add();
    Tracked::new(meter, x)
}

#[delayed]
fn bump(mut t: Tracked) -> Tracked {
    t.set(t.value() + 1);
    t
}

#[delayed]
fn sum(parts: &[&Tracked]) -> i64 {
    parts.iter().map(|t| t.value()).sum()
}

#[delayed(pure)]
fn square(#[key(skip)] tally: &Tally, x: i64) -> i64 {
    tally.add();
    x * x
}

fn graph(meter: &Meter, tally: &Tally) -> Delayed<i64> {
    let parts: Vec<_> = (0..20)
        .map(|x| bump(make(meter.clone(), tally.clone(), x)))
        .collect();
    let squares = square(tally.clone(), 3) + square(tally.clone(), 3);
    sum(parts) + squares
}

#[test]
fn ten_computes() {
    for (name, options) in everywhere() {
        ends(&name.clone(), move || {
            let (meter, tally, meeting) = (Meter::new(), Tally::new(), Meeting::of(10));
            let d = graph(&meter, &tally);
            std::thread::scope(|s| {
                for _ in 0..10 {
                    s.spawn(|| {
                        assert!(meeting.join());
                        for _ in 0..5 {
                            assert_eq!(d.compute_with(&options).unwrap(), 228, "{name}");
                        }
                    });
                }
            });
            let squares = if name.contains("not optimized") { 2 } else { 1 };
            assert_eq!(tally.get(), 50 * (20 + squares), "{name}");
            assert_eq!((meter.live(), meter.cloned()), (0, 0), "{name}");
        });
    }
}

#[test]
fn ten_runs_of_one_plan() {
    let (meter, tally) = (Meter::new(), Tally::new());
    let d = graph(&meter, &tally);
    let options = Options::new().threads(2);
    let plan = Plan::new(&d, &options).unwrap();
    std::thread::scope(|s| {
        for _ in 0..10 {
            s.spawn(|| assert_eq!(plan.run_with(&options).unwrap(), 228));
        }
    });
    assert_eq!((tally.get(), meter.live()), (10 * 21, 0));
}

#[test]
fn handles_cross_threads() {
    let (meter, tally) = (Meter::new(), Tally::new());
    let d = graph(&meter, &tally);
    let other = d.clone();
    let bigger = std::thread::spawn(move || (&other + 1, other))
        .join()
        .unwrap();
    drop(d);
    assert_eq!(
        compute_with(&Options::new(), (&bigger.0, &bigger.1)).unwrap(),
        (229, 228)
    );
    std::thread::spawn(move || drop(bigger)).join().unwrap();
    assert_eq!(meter.live(), 0);
}

#[test]
fn a_shared_part_in_ten_different_graphs_at_once() {
    let (meter, tally) = (Meter::new(), Tally::new());
    let shared = graph(&meter, &tally);
    std::thread::scope(|s| {
        for i in 0..10 {
            let shared = &shared;
            s.spawn(move || {
                let mine = shared + i;
                assert_eq!(
                    mine.compute_with(&Options::new().threads(2)).unwrap(),
                    228 + i
                );
            });
        }
    });
    assert_eq!(tally.get(), 210);
}
