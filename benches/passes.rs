//! One table: what the optimizer pays, and what purity costs.
//!
//! ```text
//! cargo bench --bench passes                      the table
//! cargo bench --bench passes -- --only grid       one graph (a part of its name)
//! cargo bench --bench passes -- --threads 1       on one thread alone
//! cargo bench --bench passes -- --runs 3          medians over 3 rounds instead of 7
//! ```
//!
//! Each graph is computed as it comes, and with the optimizer off; beside it stands the plain program on rayon, which
//! has no graph: what somebody writes who does not look for what is shared. Every variant runs once in each round. Every
//! result is checked.

mod common;

use common::tasks::spin;
use common::wishes::Wishes;
use common::{nodes, pool};
use lazygraph::{Delayed, Error, Options, Plan, compute_with, delayed, tree_reduce};
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let wishes = Wishes::read();
    println!(
        "| what | variant | threads | ms | ns per node | x rayon |\n|---|---|--:|--:|--:|--:|"
    );
    for (name, group) in GROUPS {
        if wishes.want(name) {
            for threads in [1, 2] {
                if wishes.threads.is_none_or(|wanted| wanted == threads) {
                    group(&wishes, threads);
                }
            }
        }
    }
    if wishes.want("keys") {
        keys(&wishes);
    }
}

type Group = (&'static str, fn(&Wishes, usize));

const GROUPS: [Group; 5] = [
    ("grid search", grid_search),
    ("chains of maps of numbers", chains),
    ("chains of maps of lists", list_chains),
    ("tiny siblings", siblings),
    ("coarse", coarse),
];

/// One line of the table: what to run and to check.
type Variant<'s> = (&'static str, Box<dyn Fn() + Sync + 's>);

/// Runs every variant once per round, and prints a line for each, with the ratio to the first. Gives the medians, in
/// nanoseconds.
fn compare(
    wishes: &Wishes,
    what: &str,
    threads: usize,
    nodes: usize,
    variants: &[Variant<'_>],
) -> Vec<f64> {
    let mut seen = vec![Vec::new(); variants.len()];
    for _ in 0..wishes.runs {
        for ((_, once), seen) in variants.iter().zip(&mut seen) {
            let since = Instant::now();
            once();
            seen.push(since.elapsed().as_nanos() as f64);
        }
    }
    let median = |all: &mut Vec<f64>| {
        all.sort_unstable_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let medians: Vec<f64> = seen.iter_mut().map(median).collect();
    for ((name, _), took) in variants.iter().zip(&medians) {
        println!(
            "| {what} ({nodes}) | {name} | {threads} | {:.2} | {:.1} | {:.2} |",
            took / 1e6,
            took / nodes as f64,
            took / medians[0],
        );
    }
    medians
}

/// A graph as it comes and with the optimizer off, beside the same on rayon.
fn three<R: PartialEq + Sync>(
    wishes: &Wishes,
    what: &str,
    threads: usize,
    nodes: usize,
    graph: impl Fn() -> Delayed<R> + Sync,
    by_hand: impl Fn() -> R + Sync + Send,
) where
    R: Clone + Send + 'static,
{
    let pool = pool(threads);
    let expected = &by_hand();
    let check = |found: R| assert!(found == *expected, "{what}: another result");
    let on = Options::new().threads(threads);
    let off = on.clone().optimize(false);
    let lazy = |options: &Options| check(graph().compute_with(options).expect("no task fails"));
    let variants: [Variant<'_>; 3] = [
        ("rayon", Box::new(|| check(pool.install(&by_hand)))),
        ("lazygraph", Box::new(|| lazy(&on))),
        ("lazygraph, optimizer off", Box::new(|| lazy(&off))),
    ];
    compare(wishes, what, threads, nodes, &variants);
}

#[delayed]
fn sum(xs: &[u64]) -> u64 {
    xs.iter().fold(0, |all, x| all.wrapping_add(*x))
}

// ------------------------------------------------------------------ most of it is shared

/// Of a search over a grid, each point goes through so many stages,
const STAGES: u64 = 10;
/// all but the last of which are the same for all points with one of so many preparations.
const PREPARATIONS: u64 = 20;

/// About 2 µs.
fn stage(x: u64, i: u64) -> u64 {
    let mut x = x
        .wrapping_mul(2_654_435_761)
        .wrapping_add(i + 88_172_645_463_325_252);
    for _ in 0..1_000 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

#[delayed(pure)]
fn prepare(x: u64, i: u64) -> u64 {
    stage(x, i)
}

#[delayed(pure)]
fn fit(x: u64, point: u64) -> u64 {
    stage(x, point)
}

fn grid_search(wishes: &Wishes, threads: usize) {
    let points = (nodes() as u64 / 500).max(40);
    let prepared = |point: u64| (1..STAGES - 1).fold(prepare(point % PREPARATIONS, 0), prepare);
    let graph = || {
        tree_reduce(
            (0..points).map(|point| fit(prepared(point), point)),
            16,
            sum,
        )
    };
    let by_hand = || {
        let fitted = |point: u64| stage((0..STAGES - 1).fold(point % PREPARATIONS, stage), point);
        let points = (0..points).into_par_iter();
        points.map(fitted).reduce(|| 0, u64::wrapping_add)
    };
    let nodes = (points * STAGES) as usize;
    three(
        wishes,
        "grid search, 9 of 10 shared",
        threads,
        nodes,
        graph,
        by_hand,
    );
}

// ------------------------------------------------------------------ chains of cheap maps

const LINKS: u64 = 10;

fn cheap(x: u64, i: u64) -> u64 {
    (x.rotate_left(5) ^ i).wrapping_mul(3)
}

#[delayed]
fn link(x: u64, i: u64) -> u64 {
    cheap(x, i)
}

fn chains(wishes: &Wishes, threads: usize) {
    let items = (nodes() as u64 / 10).max(100);
    let graph = || {
        tree_reduce(
            (0..items).map(|x| (1..LINKS).fold(link(x, 0), link)),
            16,
            sum,
        )
    };
    let by_hand = || {
        let items = (0..items).into_par_iter();
        let ends = items.map(|x| (0..LINKS).fold(black_box(x), cheap));
        ends.reduce(|| 0, u64::wrapping_add)
    };
    let nodes = (items * LINKS) as usize;
    three(
        wishes,
        "chains of 10 maps of a number",
        threads,
        nodes,
        graph,
        by_hand,
    );
}

const LISTS: u64 = 32;

#[delayed]
fn items(list: u64, count: u64) -> Vec<u64> {
    (0..count).map(|x| x + list).collect()
}

#[delayed]
fn map(mut xs: Vec<u64>, i: u64) -> Vec<u64> {
    xs.iter_mut().for_each(|x| *x = cheap(*x, i));
    xs
}

#[delayed]
fn total(xs: &[u64]) -> u64 {
    sum::now(xs)
}

/// Lists of 10⁵ items, each map a node: it takes the list by value, and works in place.
fn list_chains(wishes: &Wishes, threads: usize) {
    let count = (nodes() as u64 / 10).max(100);
    let graph = || {
        let lists = (0..LISTS).map(|list| (0..LINKS).fold(items(list, count), map));
        tree_reduce(lists.map(total), 16, sum)
    };
    let by_hand = || {
        let one = |list: u64| {
            let items: Vec<u64> = (0..count).into_par_iter().map(|x| x + list).collect();
            let mapped = |xs: Vec<u64>, i| xs.into_par_iter().map(|x| cheap(x, i)).collect();
            let items = (0..LINKS).fold(items, mapped);
            items.into_par_iter().reduce(|| 0, u64::wrapping_add)
        };
        (0..LISTS)
            .into_par_iter()
            .map(one)
            .reduce(|| 0, u64::wrapping_add)
    };
    let nodes = (LISTS * (LINKS + 2)) as usize;
    three(
        wishes,
        "chains of 10 maps of a list",
        threads,
        nodes,
        graph,
        by_hand,
    );
}

// ------------------------------------------------------------------ many small nodes, few large ones

/// About 100 ns.
fn tiny(i: u64) -> u64 {
    (0..50).fold(i, |x, _| {
        let x = x ^ x << 13;
        let x = x ^ x >> 7;
        x ^ x << 17
    })
}

#[delayed]
fn small(i: u64) -> u64 {
    tiny(i)
}

fn siblings(wishes: &Wishes, threads: usize) {
    let count = nodes() as u64;
    let graph = || tree_reduce((0..count).map(small), 16, sum);
    let by_hand = || {
        (0..count)
            .into_par_iter()
            .map(tiny)
            .reduce(|| 0, u64::wrapping_add)
    };
    three(
        wishes,
        "siblings of 100 ns",
        threads,
        count as usize,
        graph,
        by_hand,
    );
}

#[delayed]
fn large(i: u64) -> u64 {
    spin(i)
}

fn coarse(wishes: &Wishes, threads: usize) {
    let count = (nodes() as u64 / 200).max(16);
    let graph = || tree_reduce((0..count).map(large), 16, sum);
    let by_hand = || {
        (0..count)
            .into_par_iter()
            .map(spin)
            .reduce(|| 0, u64::wrapping_add)
    };
    three(
        wishes,
        "siblings of 10 us",
        threads,
        count as usize,
        graph,
        by_hand,
    );
}

// ------------------------------------------------------------------ what purity costs

#[delayed]
fn step(x: u64, i: u64) -> u64 {
    x.wrapping_mul(3).wrapping_add(i)
}

#[delayed(pure)]
fn pure_step(x: u64, i: u64) -> u64 {
    x.wrapping_mul(3).wrapping_add(i)
}

#[delayed]
fn pair(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3).wrapping_add(b)
}

#[delayed(pure)]
fn pure_pair(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3).wrapping_add(b)
}

#[delayed(pure)]
fn length(xs: &[f64]) -> u64 {
    xs.len() as u64
}

/// The same graphs of impure and of pure calls, none of which are equal; and the key of a long list.
fn keys(wishes: &Wishes) {
    let count = nodes() as u64;
    let options = Options::new().threads(1);
    let run = |graph: Delayed<u64>| graph.compute_with(&options).expect("no task fails");
    let chain = || (1..count).fold(step(0, 0), step);
    let pure_chain = || (1..count).fold(pure_step(0, 0), pure_step);
    let variants: [Variant<'_>; 2] = [
        ("impure", Box::new(|| _ = black_box(run(chain())))),
        ("pure", Box::new(|| _ = black_box(run(pure_chain())))),
    ];
    assert_eq!(run(chain()), run(pure_chain()));
    compare(wishes, "purity: chain", 1, count as usize, &variants);

    let pairs = |pair: fn(u64, u64) -> Delayed<u64>| -> Result<u64, Error> {
        let all: Vec<_> = (0..count).map(|i| pair(i, i + 1)).collect();
        let values = compute_with(&options, all)?;
        Ok(values.into_iter().fold(0, u64::wrapping_add))
    };
    let (impure, pure) = (
        || pairs(|a, b| pair(a, b)),
        || pairs(|a, b| pure_pair(a, b)),
    );
    let variants: [Variant<'_>; 2] = [
        (
            "impure",
            Box::new(|| _ = black_box(impure().expect("no task fails"))),
        ),
        (
            "pure",
            Box::new(|| _ = black_box(pure().expect("no task fails"))),
        ),
    ];
    assert_eq!(
        impure().expect("no task fails"),
        pure().expect("no task fails")
    );
    compare(wishes, "purity: siblings", 1, count as usize, &variants);

    let numbers: Vec<f64> = (0..10 * count).map(|i| i as f64).collect();
    let call = length(numbers.clone());
    let plan = || Plan::new(call.clone(), &options).expect("no cycles");
    let variants: [Variant<'_>; 1] = [(
        "key of a list of numbers",
        Box::new(|| _ = black_box(plan())),
    )];
    let took = compare(wishes, "purity: bytes", 1, 8 * numbers.len(), &variants);
    println!(
        "\nkeys of lists: {:.1} GB/s",
        8.0 * numbers.len() as f64 / took[0]
    );
}
