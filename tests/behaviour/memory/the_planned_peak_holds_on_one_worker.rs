//! P7: with one worker at most P+1 heap-owning intermediates are alive, P being the peak of a good static order.

use common::shapes::{self, PROMISED};
use common::tracked::Meter;
use common::{Log, schedulers};
use lazygraph::{Options, Plan, compute_with, prelude::*};

#[test]
fn as_measured() {
    for (name, options) in schedulers().into_iter().take(2) {
        for fuse in [false, true] {
            let options = options.clone().fuse(fuse);
            for (build, peak) in PROMISED {
                let meter = Meter::new();
                let shape = build(&meter);
                assert_eq!(
                    compute_with(&options, &shape.outputs).unwrap(),
                    shape.expected
                );
                assert!(
                    meter.peak() <= peak + 1,
                    "{} on {name}, fuse {fuse}: {} alive, {} allowed",
                    shape.name,
                    meter.peak(),
                    peak + 1
                );
                assert_eq!(meter.live(), 0);
            }
        }
    }
}

#[test]
fn as_planned() {
    for (build, peak) in PROMISED {
        let shape = build(&Meter::new());
        for fuse in [false, true] {
            let plan = Plan::new(&shape.outputs, &Options::new().fuse(fuse)).unwrap();
            let planned = plan.memory_profile().peak();
            assert!(
                planned <= peak,
                "{}, fuse {fuse}: {planned}, not {peak}",
                shape.name
            );
        }
    }
}

#[test]
fn what_is_planned_is_what_happens() {
    for (name, options) in schedulers().into_iter().take(2) {
        let meter = Meter::new();
        let options = options.fuse(false);
        let shape = shapes::ladder(&meter, 30);
        let plan = Plan::new(&shape.outputs, &options).unwrap();
        let planned = plan.memory_profile().peak();
        assert_eq!(plan.run_with(&options).unwrap(), shape.expected);
        // A result is there before its inputs are let go: one more than planned, at most.
        assert!(
            meter.peak() == planned || meter.peak() == planned + 1,
            "{name}: {planned} planned, {} alive",
            meter.peak()
        );
    }
}

#[test]
fn several_candidate_orders_beat_one_on_a_grid() {
    let meter = Meter::new();
    let shape = shapes::grid(&meter, 20);
    let options = Options::new().threads(1);
    assert_eq!(
        compute_with(&options, &shape.outputs).unwrap(),
        shape.expected
    );
    // A depth-first order holds 37, row by row 20 are enough.
    assert!(meter.peak() <= 22, "{} alive", meter.peak());
}

#[delayed]
fn make(n: usize) -> Vec<u64> {
    vec![1; n]
}

#[delayed]
fn push(log: &Log, mut v: Vec<u64>) -> Vec<u64> {
    log.push(format!("{:p}", v.as_ptr()));
    v.push(1);
    v
}

#[delayed]
fn count(v: &[u64]) -> usize {
    v.len()
}

#[test]
fn an_only_owner_works_in_place() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let reserved = make(0).map_owned(|mut v| {
            v.reserve(100);
            v
        });
        let mut v = reserved;
        for _ in 0..10 {
            v = push(log.clone(), v);
        }
        assert_eq!(count(&v).compute_with(&options).unwrap(), 10, "{name}");
        let mut places = log.take();
        places.dedup();
        assert_eq!(places.len(), 1, "{name}: one buffer all the way");
    }
}
