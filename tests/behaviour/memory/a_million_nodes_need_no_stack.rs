//! P9: any shape is built, optimized, run and dropped on a stack of 512 KiB, in linear time.

use common::tracked::{Meter, Tracked};
use common::{ends, on_a_small_stack};
use lazygraph::{Options, Plan, Scheduler, compute_with, prelude::*, tree_reduce};

const MILLION: usize = 1_000_000;
const QUARTER: usize = MILLION / 4;

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn start(x: u64) -> u64 {
    x
}

#[delayed(pure)]
fn pure_inc(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[delayed]
fn least(x: u64, y: u64) -> u64 {
    x.min(y)
}

#[delayed]
fn sum(xs: &[u64]) -> u64 {
    xs.iter().sum()
}

#[delayed]
fn sum_lent(xs: &[&u64]) -> u64 {
    xs.iter().copied().sum()
}

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn bump(mut t: Tracked) -> Tracked {
    t.set(t.value() + 1);
    t
}

#[delayed]
fn look(t: &Tracked) -> Tracked {
    t.like(t.value() + 1)
}

#[delayed]
fn total(parts: &[&Tracked]) -> i64 {
    parts.iter().map(|t| t.value()).sum()
}

/// Builds, optimizes, runs and drops a graph on a small stack: serially, and on two workers.
fn check<T: lazygraph::Value + Clone + PartialEq + std::fmt::Debug>(
    expected: T,
    options: Options,
    build: impl Fn() -> Delayed<T> + Send + 'static,
) {
    ends("a small stack", move || {
        on_a_small_stack(move || {
            let d = build();
            let plan = Plan::new(&d, &options).unwrap();
            let serial = Options::new().scheduler(Scheduler::Serial);
            assert_eq!(plan.run_with(&serial).unwrap(), expected, "serial");
            assert_eq!(
                plan.run_with(&Options::new().threads(2)).unwrap(),
                expected,
                "two workers"
            );
            drop(plan);
            drop(d);
        });
    });
}

fn chain(n: usize) -> Delayed<u64> {
    let mut x = start(0);
    for _ in 1..n {
        x = inc(x);
    }
    x
}

#[test]
fn a_chain_of_a_million() {
    check(MILLION as u64 - 1, Options::new(), || chain(MILLION));
}

#[test]
fn a_chain_that_is_not_fused() {
    check(QUARTER as u64 - 1, Options::new().fuse(false), || {
        chain(QUARTER)
    });
}

#[test]
fn a_fan_in_of_a_million() {
    check((0..MILLION as u64).sum(), Options::new(), || {
        sum((0..MILLION as u64).map(start).collect::<Vec<_>>())
    });
}

#[test]
fn a_fan_in_that_is_lent() {
    check((0..QUARTER as u64).sum(), Options::new(), || {
        sum_lent((0..QUARTER as u64).map(start).collect::<Vec<_>>())
    });
}

#[test]
fn a_fan_out() {
    check(2 * QUARTER as u64, Options::new(), || {
        let top = start(1);
        sum((0..QUARTER).map(|_| inc(&top)).collect::<Vec<_>>())
    });
}

#[test]
fn as_many_outputs() {
    ends("outputs", || {
        on_a_small_stack(|| {
            let many: Vec<_> = (0..QUARTER as u64).map(start).collect();
            let values = compute_with(&Options::new().threads(2), &many).unwrap();
            assert!(values.into_iter().eq(0..QUARTER as u64));
        });
    });
}

#[test]
fn a_running_sum() {
    check((0..QUARTER as u64 / 2).sum(), Options::new(), || {
        (0..QUARTER as u64 / 2).map(start).fold(start(0), add)
    });
}

#[test]
fn a_tree() {
    check((0..QUARTER as u64).sum(), Options::new(), || {
        let leaves: Vec<_> = (0..QUARTER as u64).map(start).collect();
        tree_reduce(leaves, 8, sum)
    });
}

#[test]
fn a_pure_chain_with_a_pure_copy() {
    check((100_000, 100_000), Options::new(), || {
        let chain = || (0..100_000).fold(start(0).key(&"start"), |x, _| pure_inc(x));
        join((chain(), chain()))
    });
}

#[test]
fn a_grid() {
    check(1, Options::new(), || {
        let n = 300;
        let mut row: Vec<Delayed<u64>> = (0..n).map(|_| start(1)).collect();
        for _ in 1..n {
            let mut next: Vec<Delayed<u64>> = vec![start(1)];
            for j in 1..n {
                next.push(least(&row[j], &next[j - 1]));
            }
            row = next;
        }
        row.pop().expect("a row is not empty")
    });
}

#[test]
fn chains_of_values_on_the_heap() {
    ends("heap", || {
        on_a_small_stack(|| {
            for options in [
                Options::new().scheduler(Scheduler::Serial),
                Options::new().threads(2),
            ] {
                for fuse in [true, false] {
                    let meter = Meter::new();
                    let mut owned = make(meter.clone(), 0);
                    let mut lent = make(meter.clone(), 0);
                    for _ in 0..50_000 {
                        owned = bump(owned);
                        lent = look(lent);
                    }
                    let d = total([owned, lent]);
                    assert_eq!(
                        d.compute_with(&options.clone().fuse(fuse)).unwrap(),
                        100_000
                    );
                    assert_eq!((meter.live(), meter.cloned()), (0, 0));
                    assert!(meter.peak() <= 9, "{}", meter.peak());
                }
            }
        });
    });
}

#[test]
fn chains_of_projections_catches_and_orders() {
    check(4 * 20_000, Options::new(), || {
        let mut x = start(0);
        for _ in 0..20_000 {
            x = x.map(|x| x + 1);
            x = (x + 1).unwrap_or(0);
            x = x.catch().map(|r| *r.as_ref().expect("nothing fails")) + 1;
            let later = inc(0).after(&x);
            x = join((x, later)).map(|(x, later)| x + later);
        }
        x
    });
}

#[test]
fn what_is_never_computed_is_dropped_as_well() {
    ends("dropping", || {
        on_a_small_stack(|| {
            drop(chain(MILLION));
            let mut nested = vec![start(0)];
            for _ in 0..100_000 {
                nested = vec![sum(nested)];
            }
            drop(nested);
            let d = chain(MILLION / 10);
            let kept = inc(&d);
            drop(d);
            drop(kept);
        });
    });
}

#[test]
fn what_is_asked_about_a_deep_graph() {
    ends("asking", || {
        on_a_small_stack(|| {
            let d = (0..100_000).fold(pure_inc(0), |x, _| pure_inc(x));
            assert!(d.content_key().is_some());
            assert!(format!("{d:?}").len() < 1000);
            let plan = Plan::new(&d, &Options::new()).unwrap();
            assert_eq!((plan.node_count(), plan.unit_count()), (100_001, 1));
            assert_eq!(plan.order().count(), 100_001);
            assert_eq!(plan.run().unwrap(), 100_001);
            assert!(plan.to_dot().len() > 100_000);
            assert!(serde_json::to_string(&plan).unwrap().len() > 100_000);
            assert!(petgraph::algo::toposort(&plan.graph(), None).is_ok());
            drop(plan);
        });
    });
}

#[test]
fn a_failure_deep_in_a_graph() {
    #[delayed]
    fn refuse(x: u64) -> Result<u64, String> {
        Err(format!("no {x}"))
    }
    ends("a deep failure", || {
        on_a_small_stack(|| {
            let mut x = inc(refuse(1));
            for _ in 0..100_000 {
                x = inc(x);
            }
            for options in [
                Options::new().scheduler(Scheduler::Serial),
                Options::new().threads(2),
            ] {
                assert_eq!(x.compute_with(&options).unwrap_err().task(), "refuse");
                assert_eq!(x.unwrap_or(3).compute_with(&options).unwrap(), 3);
            }
        });
    });
}
