//! P4–P6: ten thousand random nested trees whose bodies hold locks across computes and use `par_iter`.
//! None hangs, no lock is met again by the thread that holds it, and threads stay bounded.
//!
//! One test only: it counts the threads of the process. With `--nocapture` it prints what it counted.

#![cfg(target_os = "linux")]

use common::{ends, thread_count};
use lazygraph::{Options, compute_with, prelude::*};
use rayon::prelude::*;
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

const TREES: usize = 10_000;
/// Trees that run at once, on the same locks.
const FOREST: usize = 8;

/// Locks, one row for each level, so that they are always taken in the same order.
#[derive(Clone, Default)]
struct World(Arc<Shared>);

#[derive(Default)]
struct Shared {
    locks: [[Mutex<()>; 3]; 6],
    reentries: AtomicUsize,
    nodes: AtomicUsize,
    threads: AtomicUsize,
}

thread_local! {
    /// The locks that bodies on this thread's stack hold.
    static HELD: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
}

fn next(seed: &mut u64) -> usize {
    // Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014.
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as usize
}

/// How many nodes the tree of `seed` has.
fn size(seed: u64, level: usize) -> usize {
    children(seed, level)
        .map(|seed| size(seed, level + 1))
        .sum::<usize>()
        + 1
}

fn children(seed: u64, level: usize) -> impl Iterator<Item = u64> {
    let mut random = seed ^ 0x5eed;
    let many = if level < 5 { next(&mut random) % 4 } else { 0 };
    (0..many).map(move |_| next(&mut random) as u64)
}

#[delayed]
fn tree(world: &World, seed: u64, level: usize) -> Result<usize, Error> {
    let shared = &world.0;
    shared.nodes.fetch_add(1, SeqCst);
    let mut random = seed;
    let lock = (level, next(&mut random) % 3);
    let met = HELD.with_borrow(|held| held.contains(&lock));
    shared.reentries.fetch_add(usize::from(met), SeqCst);
    // Half of the nodes hold a lock while they wait; met again, taking it would be the end of the test.
    let guard = (next(&mut random).is_multiple_of(2) && !met).then(|| {
        let guard = shared.locks[lock.0][lock.1].lock();
        HELD.with_borrow_mut(|held| held.push(lock));
        guard
    });
    let below: Vec<_> = children(seed, level)
        .map(|seed| tree(world.clone(), seed, level + 1))
        .collect();
    let inside = match next(&mut random) % 4 {
        0 => (0..64usize).into_par_iter().map(|x| x % 2).sum::<usize>() - 32,
        _ => 0,
    };
    if next(&mut random).is_multiple_of(64) {
        shared.threads.fetch_max(thread_count(), SeqCst);
    }
    let result = compute(&below).map(|sizes| sizes.into_iter().sum::<usize>() + 1 + inside);
    if let Some(guard) = guard {
        HELD.with_borrow_mut(|held| held.retain(|l| *l != lock));
        drop(guard);
    }
    result
}

#[test]
fn they_all_end() {
    let mut seed = 7;
    for workers in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(workers)
            .build()
            .unwrap();
        let before = pool
            .broadcast(|_| thread_count())
            .into_iter()
            .max()
            .unwrap()
            + 1;
        let forests = TREES / 3 / FOREST + 1;
        let seeds: Vec<Vec<u64>> = (0..forests)
            .map(|_| (0..FOREST).map(|_| next(&mut seed) as u64).collect())
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
            shared.reentries.load(SeqCst),
        );
        assert_eq!(shared.reentries.load(SeqCst), 0);
        // One can be lent for each slot whose holder waits, and one keeps time.
        assert!(
            threads <= before + workers + 2,
            "{before} threads, {threads} when nested"
        );
    }
}
