//! Fibonacci numbers, three ways to write a recursion, and what purity does to it.
//!
//! Nobody needs a graph to add small numbers: this is the smallest program in which nodes start further nodes, so
//! it shows what one nested call costs next to a plain function call, and how to stop paying for it.
//!
//! ```text
//! cargo run --release --example fib            # fib(25)
//! cargo run --release --example fib -- 30      # another number, 0 to 40
//! ```

use std::{
    error::Error as StdError,
    hint::black_box,
    process::ExitCode,
    time::{Duration, Instant},
};

use lazygraph::{Counter, Options, prelude::*};

/// Below this number the fallible recursion calls plain functions: a node should be worth its cost.
const GRAIN: u64 = 14;

/// First way: a graph inside a node. `get!` carries a failure out of a function that cannot fail itself.
#[delayed]
fn fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = get!(fib(n - 1), fib(n - 2));
    a + b
}

/// Second way: fallible, with `compute!` and `?`; small numbers go through `fib_grained::now`, the plain function.
#[delayed]
fn fib_grained(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    if n < GRAIN {
        return Ok(fib_grained::now(n - 1)? + fib_grained::now(n - 2)?);
    }
    let (a, b) = compute!(fib_grained(n - 1), fib_grained(n - 2))?;
    Ok(a + b)
}

/// Third way: the body returns a graph, and waits for nothing.
#[delayed]
fn fib_graph(n: u64) -> Delayed<u64> {
    if n < 2 {
        value(n)
    } else {
        fib_graph(n - 1) + fib_graph(n - 2)
    }
}

/// The first way again, but pure: equal calls are one call, whatever node asks for them.
#[delayed(pure)]
fn fib_pure(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = get!(fib_pure(n - 1), fib_pure(n - 2));
    a + b
}

fn plain(n: u64) -> u64 {
    if n < 2 {
        n
    } else {
        plain(n - 1) + plain(n - 2)
    }
}

/// Computes `graph`, and returns its value, the number of bodies of `name` that ran, and the time it takes.
fn measure(name: &str, graph: &Delayed<u64>) -> Result<(u64, usize, Duration), Error> {
    let seen = Counter::new();
    graph.compute_with(&Options::new().observe(&seen))?;
    let start = Instant::now(); // again, unobserved
    let value = graph.compute()?;
    Ok((value, seen.executed(name), start.elapsed()))
}

fn run() -> Result<(), Box<dyn StdError>> {
    let n = match std::env::args().nth(1) {
        None => 25,
        Some(text) => match text.parse() {
            Ok(n @ 0..=40) => n,
            _ => return Err(format!("`{text}` is not a number from 0 to 40").into()),
        },
    };

    let start = Instant::now();
    let expected = plain(black_box(n));
    let plain_time = start.elapsed();
    println!("fib({n}) = {expected}\n");
    println!("{:<42}{:>12}{:>14}", "", "nodes", "time");
    println!("{:<42}{:>12}{plain_time:>14.2?}", "plain recursion", "");

    let ways = [
        ("nodes in nodes: get!", "fib", fib(n)),
        (
            "the same with compute!, plain below 14",
            "fib_grained",
            fib_grained(n),
        ),
        ("nodes that return graphs", "fib_graph", fib_graph(n)),
    ];
    for (title, name, graph) in ways {
        let (value, nodes, time) = measure(name, &graph)?;
        assert_eq!(value, expected, "{title}");
        println!("{title:<42}{nodes:>12}{time:>14.2?}");
    }

    let (value, nodes, time) = measure("fib_pure", &fib_pure(90))?;
    println!("{:<42}{nodes:>12}{time:>14.2?}", "pure, and fib(90)");
    println!("\nfib(90) = {value}, one body for each of the numbers 0 to 90");
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("fib: {e:#}\nusage: fib [NUMBER]");
            ExitCode::FAILURE
        }
    }
}
