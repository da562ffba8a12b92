//! P3: nothing is known of a closure, so every call of one is its own, as of a function; `.pure()` says otherwise.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use common::{everywhere, schedulers};
use lazygraph::{Memo, Options, compute_with, prelude::*};

/// How many closures have run, in this test.
static RAN: AtomicUsize = AtomicUsize::new(0);

#[delayed(pure)]
fn one() -> u64 {
    1
}

fn ran(x: &u64) -> u64 {
    RAN.fetch_add(1, SeqCst);
    x + 1
}

/// A node that calls a closure which captures nothing.
type Make = fn(&Delayed<u64>) -> Delayed<u64>;

const VERBS: &[(&str, Make)] = &[
    ("map", |x| x.map(ran)),
    ("map_owned", |x| x.map_owned(|x| ran(&x))),
    ("and_then", |x| x.and_then(|x| value(ran(x)))),
    ("apply", |x| (x, x).apply(|x, _| ran(x))),
    ("call", |x| call(|x: u64| ran(&x), (x,))),
    ("delayed", |x| delayed(|x: u64| ran(&x))(x.clone())),
];

#[test]
fn a_bootstrap_loop_draws_each_time() {
    for (verb, make) in VERBS {
        for (name, options) in everywhere() {
            let x = one();
            let four: Vec<_> = (0..4).map(|_| make(&x)).collect();
            RAN.store(0, SeqCst);
            assert_eq!(
                compute_with(&options, &four).unwrap(),
                [2; 4],
                "{verb}, {name}"
            );
            assert_eq!(RAN.load(SeqCst), 4, "{verb}, {name}");
        }
    }
    // Here, for the count is the process's: said to be pure, they are one, and remembered.
    for (verb, make) in VERBS.iter().take(4) {
        for (name, options) in schedulers() {
            let (x, memo) = (one(), Memo::new());
            let options: Options = options.memo(&memo);
            RAN.store(0, SeqCst);
            for _ in 0..2 {
                let four: Vec<_> = (0..4).map(|_| make(&x).pure()).collect();
                assert_eq!(
                    compute_with(&options, &four).unwrap(),
                    [2; 4],
                    "{verb}, {name}"
                );
            }
            assert_eq!(RAN.load(SeqCst), 1, "{verb}, {name}");
        }
    }
}

/// The library's own projections go on merging.
#[test]
fn projections_are_one() {
    let list = value(vec![(1u64, 2u64), (3, 4)]);
    let pairs = || {
        let (a, b) = list.at(1).unzip();
        (a + b, list.len(), list.is_empty())
    };
    let plan = lazygraph::Plan::new((pairs(), pairs()), &Options::new().fuse(false)).unwrap();
    let once = lazygraph::Plan::new(pairs(), &Options::new().fuse(false)).unwrap();
    assert_eq!(plan.order().len(), once.order().len());
}
