//! P5 for futures: while a task waits for a future, its thread runs only what that needs. So what it holds meanwhile is
//! never met again on its own stack, also when bodies use rayon's `par_iter`; and it never hangs, on any number of slots.
//!
//! `LAZYGRAPH_TREES=10000 cargo test --test behaviour a_waiting_task -- --nocapture` prints what was counted.

use common::locked_trees::{Locks, children, size};
use common::{Chance, PATIENCE, client_of, close, ends, ends_within, wait_until};
use lazygraph::{Client, Handle, get_client, prelude::*, secede, worker_client};
use rayon::prelude::*;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Trees that run at once, on the same locks.
const FOREST: usize = 8;

#[derive(Clone, Default)]
struct World(Arc<Shared>);

#[derive(Default)]
struct Shared {
    locks: Locks,
    tasks: AtomicUsize,
    lent: AtomicUsize,
}

#[delayed]
fn sum(sizes: Vec<usize>) -> usize {
    sizes.into_iter().sum()
}

/// The sizes of the trees below, by one of the ways to ask for them.
fn below(client: &Client, world: &World, seed: u64, level: usize) -> Result<usize, Error> {
    let child = |seed| tree(world.clone(), seed, level + 1);
    let seeds = children(seed, level);
    let total = |sizes: Vec<usize>| sizes.into_iter().sum::<usize>();
    let one_by_one =
        |futures: Vec<Handle<usize>>| futures.iter().map(Handle::result).sum::<Result<usize, _>>();
    match Chance(!seed).below(9) {
        0 => one_by_one(seeds.map(|seed| client.submit(child(seed))).collect()),
        1 => one_by_one(client.map(child, seeds)),
        2 => client.gather(client.map(child, seeds)).map(total),
        3 => worker_client(|client| client.gather(client.map(child, seeds)).map(total)),
        4 => {
            let futures: Vec<_> = seeds.map(|seed| client.submit(child(seed))).collect();
            client.submit(sum(&futures)).result()
        }
        5 => {
            let mut futures: Vec<_> = seeds.map(|seed| client.submit(child(seed))).collect();
            let _away = secede()?;
            let mut size = 0;
            while !futures.is_empty() {
                let (done, pending) = client.wait_any(futures)?;
                size += total(client.gather(done)?);
                futures = pending;
            }
            Ok(size)
        }
        6 => {
            let futures: Vec<_> = seeds.map(|seed| client.submit(child(seed))).collect();
            sum(&futures).compute()
        }
        7 => {
            let futures = client.map(child, seeds);
            let sizes = futures.iter().map(|future| future.to_delayed().compute());
            sizes.sum()
        }
        _ => compute(seeds.map(child).collect::<Vec<_>>()).map(total),
    }
}

#[delayed]
fn tree(world: &World, seed: u64, level: usize) -> Result<usize, Error> {
    let shared = &world.0;
    shared.tasks.fetch_add(1, SeqCst);
    let mut chance = Chance(seed);
    let held = shared.locks.hold(&mut chance, level);
    let client = get_client()?;
    let inside = match chance.below(4) {
        0 => (0..64usize).into_par_iter().map(|x| x % 2).sum::<usize>() - 32,
        _ => 0,
    };
    if chance.below(16) == 0 {
        shared.lent.fetch_max(client.stats().lent, SeqCst);
    }
    let size = below(&client, world, seed, level);
    drop(held);
    Ok(size? + 1 + inside)
}

mod slow {
    use super::*;

    #[test]
    fn random_trees_of_tasks_that_hold_locks() {
        let trees: usize = std::env::var("LAZYGRAPH_TREES").map_or(600, |n| n.parse().unwrap());
        for slots in [1, 2, 4] {
            ends_within(10 * PATIENCE, "it", move || {
                let client = client_of(slots);
                let world = World::default();
                let mut chance = Chance(slots as u64);
                for _ in 0..trees / 3 / FOREST {
                    let seeds: Vec<_> = (0..FOREST).map(|_| chance.draw()).collect();
                    let roots = seeds.iter().map(|&seed| tree(world.clone(), seed, 0));
                    let roots: Vec<_> = roots.map(|root| client.submit(root)).collect();
                    let sizes: Vec<_> = seeds.iter().map(|&seed| size(seed, 0)).collect();
                    assert_eq!(client.gather(roots).unwrap(), sizes);
                }
                let (tasks, lent) = (world.0.tasks.load(SeqCst), world.0.lent.load(SeqCst));
                let reentries = world.0.locks.reentries();
                println!(
                    "{slots} slots: {} trees, {tasks} tasks, {reentries} re-entries, at most {lent} lent threads",
                    trees / 3 / FOREST * FOREST,
                );
                assert_eq!(reentries, 0);
                // The last of several futures ends before its task.
                assert!(wait_until(|| client.stats().live == 0));
                close(&client);
            });
        }
    }
}

thread_local! {
    static WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Some futures of a task, one of them twice, are not all of it: the others are strangers.
#[test]
fn what_of_a_task_is_not_waited_for_is_a_stranger() {
    #[delayed]
    fn met(x: i64) -> i64 {
        if WAITS.get() { -1 } else { x }
    }
    #[delayed]
    fn waits() -> Result<(i64, i64), Error> {
        let client = get_client()?;
        let (two, one) = (client.map(met, [1, 2]), client.submit(value(0)));
        WAITS.set(true);
        let first = client.gather([&two[0], &one, &two[0]]);
        WAITS.set(false);
        Ok((first?[0], two[1].result()?))
    }
    ends("it", || {
        let client = client_of(1);
        assert_eq!(client.submit(waits()).result().unwrap(), (1, 2));
    });
}
