//! A compute may be called from any thread: one of a foreign rayon pool, one inside `par_iter`, one of the very pool.

use std::sync::Arc;

use common::{ends, pool_of};
use lazygraph::{Options, Scheduler, prelude::*};
use rayon::prelude::*;

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn sum(xs: &[u64]) -> u64 {
    xs.iter().sum()
}

#[delayed]
fn nests(x: u64) -> Result<u64, Error> {
    let (a, b) = compute!(inc(x), inc(x + 1))?;
    Ok(a + b)
}

fn graph(n: u64) -> Delayed<u64> {
    sum((0..n).map(|x| nests(inc(x))).collect::<Vec<_>>())
}

fn expected(n: u64) -> u64 {
    (0..n).map(|x| 2 * x + 5).sum()
}

#[test]
fn from_par_iter_of_a_foreign_pool() {
    for threads in [1, 2, 4] {
        for options in [
            Options::new(),
            Options::new().threads(1),
            Options::new().threads(2),
            Options::new().scheduler(Scheduler::Serial),
        ] {
            let foreign = pool_of(threads);
            let values: Vec<u64> = ends("par_iter", move || {
                foreign.install(|| {
                    (0..64u64)
                        .into_par_iter()
                        .map(|n| graph(n % 20).compute_with(&options).unwrap())
                        .collect()
                })
            });
            assert!(
                values.into_iter().eq((0..64).map(|n| expected(n % 20))),
                "{threads} threads"
            );
        }
    }
}

#[test]
fn from_par_iter_of_the_very_pool() {
    for threads in [1, 2, 4] {
        let own = Arc::new(pool_of(threads));
        let values: Vec<u64> = ends("the same pool", move || {
            own.install(|| {
                (0..64u64)
                    .into_par_iter()
                    .map(|n| {
                        graph(n % 20)
                            .compute_with(&Options::new().pool(&own))
                            .unwrap()
                    })
                    .collect()
            })
        });
        assert!(
            values.into_iter().eq((0..64).map(|n| expected(n % 20))),
            "{threads} threads"
        );
    }
}

#[test]
fn from_par_iter_of_the_global_pool() {
    let values: Vec<u64> = ends("the global pool", || {
        (0..64u64)
            .into_par_iter()
            .map(|n| graph(n % 20).compute().unwrap())
            .collect()
    });
    assert!(values.into_iter().eq((0..64).map(|n| expected(n % 20))));
}

#[test]
fn two_pools_that_compute_on_each_other() {
    let (a, b) = (Arc::new(pool_of(1)), Arc::new(pool_of(1)));
    #[delayed]
    fn crosses(pools: &Pools, depth: u64) -> Result<u64, Error> {
        if depth == 0 {
            return Ok(0);
        }
        let other = Pools(pools.1.clone(), pools.0.clone());
        let below = crosses(other, depth - 1);
        Ok(below.compute_with(&Options::new().pool(&pools.1))? + 1)
    }
    let pools = Pools(a.clone(), b);
    let d = crosses(pools, 20);
    let depth = ends("two pools", move || {
        d.compute_with(&Options::new().pool(&a)).unwrap()
    });
    assert_eq!(depth, 20);
}

#[derive(Clone)]
struct Pools(Arc<rayon::ThreadPool>, Arc<rayon::ThreadPool>);
