//! P4: `compute` inside a node, on pools of any size.

use common::{Log, ends, everywhere, pool_of, schedulers};
use lazygraph::{Options, compute_with, prelude::*};

#[delayed]
fn fib(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    let (a, b) = compute!(fib(n - 1), fib(n - 2))?;
    Ok(a + b)
}

#[delayed]
fn fib_gets(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = get!(fib_gets(n - 1), fib_gets(n - 2));
    a + b
}

/// One after the other, not together.
#[delayed]
fn fib_twice(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    Ok(fib_twice(n - 1).compute()? + fib_twice(n - 2).compute()?)
}

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn sum(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

#[delayed]
fn wide(n: i64) -> Result<i64, Error> {
    let squares: Vec<_> = (0..n).map(|i| inc(inc(i))).collect();
    sum(squares).compute()
}

#[delayed]
fn layers(depth: u32, width: i64) -> Result<i64, Error> {
    if depth == 0 {
        return Ok(1);
    }
    let below: Vec<_> = (0..width).map(|_| layers(depth - 1, width)).collect();
    Ok(compute(below)?.iter().sum())
}

#[test]
fn fib_on_every_pool() {
    for (name, options) in everywhere() {
        let values = ends(&name, move || {
            let values = (fib(15), fib_gets(15), fib_twice(12));
            compute_with(&options, values).unwrap()
        });
        assert_eq!(values, (610, 610, 144), "{name}");
    }
}

#[test]
fn wide_graphs_in_wide_graphs() {
    for (name, options) in everywhere() {
        let total = ends(&name, move || {
            let many: Vec<_> = (0..50).map(wide).collect();
            sum(many).compute_with(&options).unwrap()
        });
        let expected: i64 = (0..50).map(|n| (0..n).map(|i| i + 2).sum::<i64>()).sum();
        assert_eq!(total, expected, "{name}");
        let options = schedulers().remove(2).1;
        let leaves = ends(&name, move || layers(4, 5).compute_with(&options).unwrap());
        assert_eq!(leaves, 625, "{name}");
    }
}

#[test]
fn three_hundred_parents_of_one_child_each() {
    #[delayed]
    fn parent(x: i64) -> Result<i64, Error> {
        inc(x).compute()
    }
    for (name, options) in everywhere() {
        let many: Vec<_> = (0..300).map(parent).collect();
        let values = ends(&name, move || compute_with(&options, &many).unwrap());
        assert_eq!(values, (1..=300).collect::<Vec<_>>());
    }
}

#[test]
fn a_handle_may_be_computed_inside_another_body() {
    // The handle was built outside; the inner run is a run like any other.
    for (name, options) in everywhere() {
        let log = Log::new();
        let shared = inc(1).map({
            let log = log.clone();
            move |x| {
                log.push("shared");
                *x
            }
        });
        let inside: Vec<_> = (0..3)
            .map(|i| {
                let shared = shared.clone();
                value(i).map(move |i| shared.get() + i)
            })
            .collect();
        assert_eq!(
            compute_with(&options, &inside).unwrap(),
            [2, 3, 4],
            "{name}"
        );
        assert_eq!(
            log.len(),
            3,
            "{name}: impure, so once in each inner compute"
        );
    }
}

#[test]
fn a_caller_on_a_pool_thread() {
    for threads in [1, 2] {
        let pool = pool_of(threads);
        let value = ends("a pool thread", move || {
            let plain = pool.install(|| fib(12).compute().unwrap());
            let again = pool.install(|| fib(12).compute_with(&Options::new().pool(&pool)).unwrap());
            (plain, again)
        });
        assert_eq!(value, (144, 144), "{threads} threads");
    }
}

#[test]
fn computes_inside_par_iter_inside_bodies() {
    use rayon::prelude::*;
    #[delayed]
    fn parallel(n: i64) -> i64 {
        (0..n).into_par_iter().map(|i| inc(inc(i)).get()).sum()
    }
    for (name, options) in everywhere() {
        let many: Vec<_> = (0..20).map(|_| parallel(20)).collect();
        let total = ends(&name, move || sum(many).compute_with(&options).unwrap());
        assert_eq!(total, 20 * (2..22).sum::<i64>(), "{name}");
    }
}

#[test]
fn threads_of_a_body_may_compute_too() {
    #[delayed]
    fn spawns(n: i64) -> i64 {
        std::thread::scope(|s| {
            let threads: Vec<_> = (0..n).map(|i| s.spawn(move || inc(i).get())).collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("it computes"))
                .sum()
        })
    }
    for (name, options) in everywhere() {
        let total = ends(&name, move || spawns(4).compute_with(&options).unwrap());
        assert_eq!(total, 10, "{name}");
    }
}
