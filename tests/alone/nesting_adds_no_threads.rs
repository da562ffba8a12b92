//! P6: the number of threads does not grow with nesting.
//!
//! One test only: it counts the threads of the process.

#![cfg(target_os = "linux")]

use common::{ends, pool_of, thread_count, thread_count_with};
use lazygraph::{Options, compute_with, prelude::*};

#[delayed]
fn down(n: u64) -> Result<usize, Error> {
    if n == 0 {
        return Ok(thread_count());
    }
    let here = thread_count();
    Ok(here.max(down(n - 1).compute()?))
}

#[delayed]
fn fan(n: u64) -> Result<usize, Error> {
    if n == 0 {
        return Ok(thread_count());
    }
    let below: Vec<_> = (0..3).map(|_| fan(n - 1)).collect();
    Ok(compute(below)?.into_iter().max().unwrap_or(0))
}

#[test]
fn a_thousand_levels_and_a_handful_of_threads() {
    for workers in [1, 2, 8] {
        let pool = pool_of(workers);
        // All the threads of the pool, and the one that `ends` starts below.
        let before = thread_count_with(&pool) + 1;
        let (deep, wide) = ends("nesting", move || {
            let options = Options::new().pool(&pool);
            let deep = down(1000).compute_with(&options).unwrap();
            let many: Vec<_> = (0..50).map(|_| down(50)).collect();
            let many = compute_with(&options, &many).unwrap();
            let wide = fan(6).compute_with(&options).unwrap();
            (deep, wide.max(many.into_iter().max().unwrap()))
        });
        // A handful: a timer, a lent thread or two; not one for each level, nor one for each waiting node.
        assert!(
            deep <= before + 4,
            "{workers} workers: {before} threads, {deep} when nested"
        );
        assert!(
            wide <= before + 4,
            "{workers} workers: {before} threads, {wide} when nested"
        );
    }
}
