//! One table: what futures cost, beside the same by hand.
//!
//! ```text
//! cargo bench --bench client                      the table
//! cargo bench --bench client -- --only map        one group (a part of its name)
//! cargo bench --bench client -- --threads 1       on one thread alone
//! cargo bench --bench client -- --runs 3          medians over 3 rounds instead of 7
//! ```
//!
//! Every variant runs once in each round, so that a change of the machine's mood hits all alike. Every
//! result is checked.

mod common;

use common::tasks::{fib, join_fib, plain_fib};
use common::wishes::Wishes;
use common::{is_measuring, nodes, pool};
use lazygraph::{
    Client, Delayed, Error, Handle, Options, as_completed, delayed, get_client, worker_client,
};
use std::hint::black_box;
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn main() {
    let wishes = Wishes::read();
    println!("| what | variant | threads | ns | x first |\n|---|---|--:|--:|--:|");
    for (name, group) in GROUPS {
        if wishes.want(name) {
            for threads in [1, 2] {
                if wishes.threads.is_none_or(|wanted| wanted == threads) {
                    group(&wishes, threads);
                }
            }
        }
    }
}

/// What is measured: a name, and the variants.
type Group = (&'static str, fn(&Wishes, usize));

const GROUPS: [Group; 5] = [
    ("round trip", round_trip),
    ("map", map),
    ("submit each", submit_each),
    ("nested", nested),
    ("as_completed", completed),
];

/// One line of the table: a name, and what is timed. It checks its result.
struct Variant<'s> {
    name: &'static str,
    once: Box<dyn FnMut() + 's>,
    seen: Vec<Duration>,
}

impl<'s> Variant<'s> {
    fn new(name: &'static str, once: impl FnMut() + 's) -> Variant<'s> {
        Variant {
            name,
            once: Box::new(once),
            seen: Vec::new(),
        }
    }
}

/// Runs every variant once per round, and prints a line for each: nanoseconds for one of `count`, and how many times
/// what the first takes.
fn compare(wishes: &Wishes, what: &str, threads: usize, count: u64, variants: &mut [Variant<'_>]) {
    for _ in 0..wishes.runs {
        for variant in &mut *variants {
            let since = Instant::now();
            (variant.once)();
            variant.seen.push(since.elapsed());
        }
    }
    let median = |variant: &Variant<'_>| {
        let mut all = variant.seen.clone();
        all.sort_unstable();
        all[all.len() / 2].as_nanos() as f64 / count as f64
    };
    let first = median(&variants[0]);
    for variant in variants {
        let ns = median(variant);
        let name = variant.name;
        println!(
            "| {what} | {name} | {threads} | {ns:.0} | {:.2} |",
            ns / first
        );
    }
}

fn client(threads: usize) -> Client {
    let built = Client::builder().threads(threads).build();
    built.expect("threads can be started")
}

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

/// Starts one trivial task and waits for it, over and over.
fn round_trip(wishes: &Wishes, threads: usize) {
    let count = nodes() as u64 / 50;
    let (pool, client) = (pool(threads), client(threads));
    let mut variants = [
        Variant::new("rayon spawn, std channel", || {
            for x in 0..count {
                let (tx, rx) = mpsc::channel();
                pool.spawn(move || _ = tx.send(black_box(x) + 1));
                assert_eq!(rx.recv(), Ok(x + 1));
            }
        }),
        Variant::new("submit, result", || {
            for x in 0..count {
                assert_eq!(
                    client.submit(inc(x)).result().expect("no task fails"),
                    x + 1
                );
            }
        }),
        Variant::new("compute", {
            let options = Options::new().threads(threads);
            move || {
                for x in 0..count {
                    let value = inc(x).compute_with(&options);
                    assert_eq!(value.expect("no task fails"), x + 1);
                }
            }
        }),
    ];
    compare(wishes, "round trip", threads, count, &mut variants);
}

/// A million trivial elements.
fn map(wishes: &Wishes, threads: usize) {
    let count = nodes() as u64;
    let client = client(threads);
    let options = Options::new().threads(threads);
    let mut variants = [
        Variant::new("one compute", || {
            let all: Vec<Delayed<u64>> = (0..count).map(inc).collect();
            let values = lazygraph::compute_with(&options, all).expect("no task fails");
            assert!(values.into_iter().eq(1..=count));
        }),
        Variant::new("map, gather", || {
            let values = client.gather(client.map(inc, 0..count));
            assert!(values.expect("no task fails").into_iter().eq(1..=count));
        }),
    ];
    compare(wishes, "map, per element", threads, count, &mut variants);
}

/// Many tasks, each started on its own, before any of them is asked.
fn submit_each(wishes: &Wishes, threads: usize) {
    let count = nodes() as u64 / 10;
    let (pool, client) = (pool(threads), client(threads));
    let mut variants = [
        Variant::new("rayon spawn, std channel each", || {
            let all: Vec<mpsc::Receiver<u64>> = (0..count)
                .map(|x| {
                    let (tx, rx) = mpsc::channel();
                    pool.spawn(move || _ = tx.send(black_box(x) + 1));
                    rx
                })
                .collect();
            let values = all.into_iter().map(|rx| rx.recv().expect("it is sent"));
            assert!(values.eq(1..=count));
        }),
        Variant::new("submit each, gather", || {
            let all: Vec<Handle<u64>> = (0..count).map(|x| client.submit(inc(x))).collect();
            let values = client.gather(all).expect("no task fails");
            assert!(values.into_iter().eq(1..=count));
        }),
    ];
    compare(wishes, "submit each", threads, count, &mut variants);
}

#[delayed]
fn fib_by_client(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    let client = get_client()?;
    let (a, b) = (
        client.submit(fib_by_client(n - 1)),
        client.submit(fib_by_client(n - 2)),
    );
    Ok(a.result()? + b.result()?)
}

#[delayed]
fn fib_by_worker_client(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    worker_client(|client| {
        let a = client.submit(fib_by_worker_client(n - 1));
        let b = client.submit(fib_by_worker_client(n - 2));
        Ok(a.result()? + b.result()?)
    })
}

/// Tasks that start tasks, by all interfaces.
fn nested(wishes: &Wishes, threads: usize) {
    let n = if is_measuring() { 18 } else { 8 };
    let value = plain_fib(n);
    // fib(n) makes 2 fib(n + 1) - 1 calls.
    let calls = 2 * plain_fib(n + 1) - 1;
    let (pool, client) = (pool(threads), client(threads));
    let on_client = |call: Delayed<u64>| {
        assert_eq!(client.submit(call).result().expect("no task fails"), value);
    };
    let mut variants = [
        Variant::new("rayon::join", || {
            assert_eq!(pool.install(|| join_fib(black_box(n))), value);
        }),
        Variant::new("compute in the body", || on_client(fib(n))),
        Variant::new("get_client, submit", || on_client(fib_by_client(n))),
        Variant::new("worker_client, submit", || {
            on_client(fib_by_worker_client(n))
        }),
    ];
    let what = format!("nested fib({n}), per call");
    compare(wishes, &what, threads, calls, &mut variants);
}

/// Many futures in the order in which they end.
fn completed(wishes: &Wishes, threads: usize) {
    let count = nodes() as u64 / 10;
    let (pool, client) = (pool(threads), client(threads));
    let sum = count * (count + 1) / 2;
    let drained = |futures: Vec<Handle<u64>>| {
        let values = as_completed(futures).map(|f| f.result().expect("no task fails"));
        assert_eq!(values.sum::<u64>(), sum);
    };
    let mut variants = [
        Variant::new("rayon spawn, one std channel", || {
            let (tx, rx) = mpsc::channel();
            for x in 0..count {
                let tx = tx.clone();
                pool.spawn(move || _ = tx.send(black_box(x) + 1));
            }
            drop(tx);
            assert_eq!(rx.into_iter().sum::<u64>(), sum);
        }),
        Variant::new("as_completed of a map", || {
            drained(client.map(inc, 0..count))
        }),
        Variant::new("as_completed of submits", || {
            drained((0..count).map(|x| client.submit(inc(x))).collect());
        }),
    ];
    compare(wishes, "as_completed", threads, count, &mut variants);
}
