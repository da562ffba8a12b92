//! P5: while a node waits, its thread runs only nodes of the graph it waits for. So what it holds meanwhile – a lock,
//! a `RefCell`, a thread-local – is never met by an unrelated node, also when bodies use rayon's `par_iter`.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Tally, ends, pool_of, schedulers};
use lazygraph::{Options, compute_with, prelude::*};
use rayon::prelude::*;

thread_local! {
    /// Set while this thread is inside an outer node, or inside a piece of parallel work of one.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static BORROWED: RefCell<u64> = const { RefCell::new(0) };
}

/// Marks this thread as inside until it is dropped.
struct Mark(bool);

impl Mark {
    fn set() -> Self {
        Mark(INSIDE.replace(true))
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        INSIDE.set(self.0);
    }
}

fn burn(n: u64) -> u64 {
    (0..n).fold(1, |a, b| {
        std::hint::black_box(a ^ b.wrapping_mul(0x9e37_79b9))
    })
}

#[delayed]
fn plain(x: u64) -> u64 {
    burn(2_000) & x
}

/// A body that splits its work over the pool, and whose pieces split again: every wait is a chance to steal.
#[delayed]
fn parallel(x: u64) -> u64 {
    (0..16u64)
        .into_par_iter()
        .map(|i| {
            let _mark = Mark::set();
            let (a, b) = rayon::join(|| burn(3_000), || burn(3_000));
            (a ^ b ^ i) & x
        })
        .max()
        .unwrap_or(0)
}

/// Splits its work so that whoever gives half of it away waits for a long time: a wide open door for strangers.
fn split(depth: u32) {
    let _mark = Mark::set();
    if depth == 0 {
        // Time for others to come and take the other halves.
        return std::thread::sleep(Duration::from_millis(1));
    }
    let here = std::thread::current().id();
    rayon::join(
        || split(depth - 1),
        || {
            if std::thread::current().id() != here {
                std::thread::sleep(Duration::from_millis(15));
            }
            split(depth - 1);
        },
    );
}

#[delayed]
fn splits(strangers: &Tally) {
    if INSIDE.get() {
        strangers.add();
    }
    split(4);
}

/// One of many: the run has always more of these than threads.
#[delayed]
fn small(strangers: &Tally, started: &Tally) {
    started.add();
    if INSIDE.get() {
        strangers.add();
    }
    std::thread::sleep(Duration::from_micros(500));
}

#[delayed]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

#[test]
fn a_thread_that_waits_in_rayon_starts_nothing_of_ours() {
    for workers in [3, 4, 8] {
        let (strangers, started) = (Tally::new(), Tally::new());
        let (found, ran) = (strangers.clone(), started.clone());
        ends("waiting in rayon", move || {
            let pool = pool_of(workers);
            for _ in 0..4 {
                // While nothing else is ready, the idle threads of the pool take up parts of the splitting body.
                // Then much is ready at once, threads are asked for, and those at hand are waiting in rayon.
                let (splitting, pause) = (splits(strangers.clone()), pause());
                let small = || small(strangers.clone(), started.clone()).after(&pause);
                let many: Vec<_> = (0..150).map(|_| small()).collect();
                compute_with(&Options::new().pool(&pool), (&splitting, &many)).unwrap();
            }
        });
        assert_eq!((found.get(), ran.get()), (0, 600), "{workers} workers");
    }
}

#[delayed]
fn meets(strangers: &Tally, par: bool, x: u64) -> Result<u64, Error> {
    if INSIDE.get() {
        strangers.add();
    }
    let _mark = Mark::set();
    let inner: Vec<_> = (0..6)
        .map(|i| if par { parallel(x + i) } else { plain(x + i) })
        .collect();
    Ok(compute(inner)?.into_iter().max().unwrap_or(0))
}

#[test]
fn no_outer_node_starts_on_top_of_another() {
    for (name, options) in schedulers() {
        for par in [false, true] {
            let strangers = Tally::new();
            let many: Vec<_> = (0..60).map(|x| meets(strangers.clone(), par, x)).collect();
            let options = options.clone();
            ends(&name, move || compute_with(&options, &many).unwrap());
            assert_eq!(strangers.get(), 0, "{name}, par_iter {par}");
        }
    }
}

#[test]
fn nor_of_another_run_on_the_same_pool() {
    for workers in [2, 4, 8] {
        let (strangers, started) = (Tally::new(), Tally::new());
        let found = strangers.clone();
        ends("two runs", move || {
            let pool = pool_of(workers);
            let (pool, strangers, started) = (&pool, &strangers, &started);
            std::thread::scope(|s| {
                // One run whose bodies wait in rayon all the time, and many that begin meanwhile.
                s.spawn(move || {
                    let many: Vec<_> = (0..4).map(|_| splits(strangers.clone())).collect();
                    compute_with(&Options::new().pool(pool), &many).unwrap();
                });
                s.spawn(move || {
                    for _ in 0..40 {
                        let small = || small(strangers.clone(), started.clone());
                        let few: Vec<_> = (0..3).map(|_| small()).collect();
                        compute_with(&Options::new().pool(pool), &few).unwrap();
                    }
                });
            });
            assert_eq!(started.get(), 120);
        });
        assert_eq!(found.get(), 0, "{workers} workers");
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<u64>>);

/// Holds a lock that all its siblings want, and waits.
#[delayed]
fn locks(shared: &Shared, par: bool, x: u64) -> Result<u64, Error> {
    let mut held = shared.0.lock().expect("nobody panics");
    let inner: Vec<_> = (0..4)
        .map(|i| if par { parallel(x + i) } else { plain(x + i) })
        .collect();
    let values = compute(inner)?;
    *held += 1;
    Ok(values.into_iter().max().unwrap_or(0))
}

#[test]
fn a_lock_may_be_held_across_compute() {
    for (name, options) in schedulers() {
        for par in [false, true] {
            let shared = Shared::default();
            let many: Vec<_> = (0..40).map(|x| locks(shared.clone(), par, x)).collect();
            let options = options.clone();
            // A stranger on this stack would wait for a lock that its own thread holds.
            ends(&name, move || compute_with(&options, &many).unwrap());
            assert_eq!(*shared.0.lock().unwrap(), 40, "{name}, par_iter {par}");
        }
    }
}

#[delayed]
fn borrows(par: bool, x: u64) -> Result<u64, Error> {
    BORROWED.with(|cell| {
        let mut held = cell.borrow_mut(); // panics when it is met again
        *held += 1;
        let inner: Vec<_> = (0..4)
            .map(|i| if par { parallel(x + i) } else { plain(x + i) })
            .collect();
        Ok(compute(inner)?.into_iter().max().unwrap_or(0))
    })
}

#[test]
fn a_ref_cell_may_be_borrowed_across_compute() {
    for (name, options) in schedulers() {
        for par in [false, true] {
            let many: Vec<_> = (0..40).map(|x| borrows(par, x)).collect();
            let options = options.clone();
            ends(&name, move || compute_with(&options, &many).unwrap());
        }
    }
}

/// Three levels, each with a lock of its own level.
#[delayed]
fn level(locks: &[Shared], depth: usize) -> Result<usize, Error> {
    if depth == locks.len() {
        return Ok(1);
    }
    let _held = locks[depth].0.lock().expect("nobody panics");
    let rest = value(locks.to_vec());
    let below: Vec<_> = (0..3).map(|_| level(&rest, depth + 1)).collect();
    Ok(compute(below)?.into_iter().sum())
}

#[test]
fn a_lock_for_each_level() {
    for (name, options) in schedulers() {
        let shared: Vec<Shared> = (0..4).map(|_| Shared::default()).collect();
        let many: Vec<_> = (0..4).map(|_| level(shared.clone(), 0)).collect();
        let values = ends(&name, move || compute_with(&options, &many).unwrap());
        assert_eq!(values, [81; 4], "{name}");
    }
}

#[test]
fn waiting_for_a_pure_node_in_flight_runs_no_strangers_either() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);

    #[delayed(pure)]
    fn slow(x: u64) -> u64 {
        STARTED.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(30));
        x
    }
    #[delayed]
    fn asks(strangers: &Tally, x: u64) -> Result<u64, Error> {
        if INSIDE.get() {
            strangers.add();
        }
        let _mark = Mark::set();
        slow(x % 3).compute()
    }
    let strangers = Tally::new();
    let many: Vec<_> = (0..40).map(|x| asks(strangers.clone(), x)).collect();
    let values = ends("in flight", move || {
        compute_with(&Options::new().threads(4), &many).unwrap()
    });
    assert_eq!(values, (0..40).map(|x| x % 3).collect::<Vec<_>>());
    assert_eq!((strangers.get(), STARTED.load(Ordering::SeqCst)), (0, 3));
}
