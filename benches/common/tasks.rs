//! Tasks that are not shapes: nested calls, coarse nodes, pure calls, many short chains.

use super::shapes::sum;
use lazygraph::{Delayed, delayed, get, tree_reduce};
use rayon::prelude::*;
use std::hint::black_box;

// ------------------------------------------------------------------ nested

pub(crate) const FIB_OF: u64 = 30;
pub(crate) const FIB: u64 = 832_040;
/// How many calls of `fib` that takes.
pub(crate) const FIB_CALLS: u64 = 2_692_537;

#[delayed]
pub(crate) fn fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = get!(fib(n - 1), fib(n - 2));
    a + b
}

/// Remembered: n + 1 calls.
#[delayed(pure)]
pub(crate) fn pure_fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = get!(pure_fib(n - 1), pure_fib(n - 2));
    a + b
}

pub(crate) fn plain_fib(n: u64) -> u64 {
    if n < 2 {
        n
    } else {
        black_box(plain_fib(n - 1)) + black_box(plain_fib(n - 2))
    }
}

pub(crate) fn join_fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = rayon::join(|| join_fib(n - 1), || join_fib(n - 2));
    a + b
}

// ------------------------------------------------------------------ coarse

/// About 10 µs of arithmetic.
pub(crate) fn spin(i: u64) -> u64 {
    let mut x = i
        .wrapping_mul(2_654_435_761)
        .wrapping_add(88_172_645_463_325_252);
    for _ in 0..5_000 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

#[delayed]
fn work(i: u64) -> u64 {
    spin(i)
}

pub(crate) fn coarse(nodes: u64) -> Delayed<u64> {
    tree_reduce((0..nodes).map(work), 16, sum)
}

pub(crate) fn coarse_loop(nodes: u64) -> u64 {
    (0..nodes).map(spin).fold(0, u64::wrapping_add)
}

pub(crate) fn coarse_rayon(nodes: u64) -> u64 {
    (0..nodes)
        .into_par_iter()
        .map(spin)
        .reduce(|| 0, u64::wrapping_add)
}

// ------------------------------------------------------------------ pure calls, most of them equal

pub(crate) const DISTINCT: u64 = 1_000;

#[delayed(pure)]
fn square(x: u64) -> u64 {
    x.wrapping_mul(x)
}

/// `calls` calls of a pure function, of which [`DISTINCT`] differ, and their sum.
pub(crate) fn repeated(calls: u64) -> Delayed<u64> {
    tree_reduce((0..calls).map(|i| square(i % DISTINCT)), 16, sum)
}

pub(crate) fn repeated_loop(calls: u64) -> u64 {
    (0..calls)
        .map(|i| square::now(black_box(i % DISTINCT)))
        .fold(0, u64::wrapping_add)
}

// ------------------------------------------------------------------ chains

/// How long each chain is.
pub(crate) const LINKS: u64 = 50;

#[delayed]
fn link(x: u64, i: u64) -> u64 {
    x.rotate_left(5) ^ i
}

/// Many independent chains, and their sum.
pub(crate) fn chains(count: u64) -> Delayed<u64> {
    tree_reduce(
        (0..count).map(|c| (1..LINKS).fold(link(c, 0), link)),
        16,
        sum,
    )
}

pub(crate) fn chains_loop(count: u64) -> u64 {
    (0..count)
        .map(|c| (0..LINKS).fold(c, |x, i| link::now(black_box(x), i)))
        .fold(0, u64::wrapping_add)
}
