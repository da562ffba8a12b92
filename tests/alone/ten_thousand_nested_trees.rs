//! P4–P6: ten thousand random nested trees whose bodies hold locks across computes and use `par_iter`.
//! None hangs, no lock is met again by the thread that holds it, and threads stay bounded.
//!
//! One test only: it counts the threads of the process. With `--nocapture` it prints what it counted.

#![cfg(target_os = "linux")]

use common::locked_trees::{Locks, children, size};
use common::{Chance, ends, pool_of, thread_count, thread_count_with};
use lazygraph::{Options, compute_with, prelude::*};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const TREES: usize = 10_000;
/// Trees that run at once, on the same locks.
const FOREST: usize = 8;

#[derive(Clone, Default)]
struct World(Arc<Shared>);

#[derive(Default)]
struct Shared {
    locks: Locks,
    nodes: AtomicUsize,
    threads: AtomicUsize,
}

#[delayed]
fn tree(world: &World, seed: u64, level: usize) -> Result<usize, Error> {
    let shared = &world.0;
    shared.nodes.fetch_add(1, SeqCst);
    let mut chance = Chance(seed);
    let held = shared.locks.hold(&mut chance, level);
    let below: Vec<_> = children(seed, level)
        .map(|seed| tree(world.clone(), seed, level + 1))
        .collect();
    let inside = match chance.below(4) {
        0 => (0..64usize).into_par_iter().map(|x| x % 2).sum::<usize>() - 32,
        _ => 0,
    };
    if chance.below(64) == 0 {
        shared.threads.fetch_max(thread_count(), SeqCst);
    }
    let result = compute(&below).map(|sizes| sizes.into_iter().sum::<usize>() + 1 + inside);
    drop(held);
    result
}

#[test]
fn they_all_end() {
    let mut chance = Chance(7);
    for workers in [1, 2, 8] {
        let pool = pool_of(workers);
        let before = thread_count_with(&pool) + 1;
        let forests = TREES / 3 / FOREST + 1;
        let seeds: Vec<Vec<u64>> = (0..forests)
            .map(|_| (0..FOREST).map(|_| chance.draw()).collect())
            .collect();
        let world = World::default();
        let inner = world.clone();
        ends("trees", move || {
            let options = Options::new().pool(&pool);
            for seeds in seeds {
                let expected: Vec<usize> = seeds.iter().map(|&seed| size(seed, 0)).collect();
                let trees: Vec<_> = seeds
                    .iter()
                    .map(|&seed| tree(inner.clone(), seed, 0))
                    .collect();
                assert_eq!(compute_with(&options, &trees).unwrap(), expected);
            }
        });
        let shared = &world.0;
        let (nodes, threads) = (shared.nodes.load(SeqCst), shared.threads.load(SeqCst));
        println!(
            "{workers} workers: {} trees, {nodes} nodes, {} re-entries, {before} threads before, at most {threads}",
            forests * FOREST,
            shared.locks.reentries(),
        );
        assert_eq!(shared.locks.reentries(), 0);
        // One can be lent for each slot whose holder waits, and one keeps time.
        assert!(
            threads <= before + workers + 2,
            "{before} threads, {threads} when nested"
        );
    }
}
