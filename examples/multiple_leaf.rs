//! Several results of one graph, each a future of its own: leaves that are told apart and looked at as they end.
//!
//! The functions are those that tutorials of Dask use: `inc`, `double` (which adds two), `add`. They are pure, so that
//! equal calls are one call, and a second round would be given what the first has computed. `.impure()`, Dask's
//! `pure=False`, keeps every call apart: the second round computes again.
//!
//! ```text
//! cargo run --release --example multiple_leaf          # three leaves
//! cargo run --release --example multiple_leaf -- 8     # as many as you like
//! ```

use std::{error::Error as StdError, process::ExitCode, thread, time::Duration};

use lazygraph::{Client, Counter, Handle, as_completed, prelude::*};

/// What a call pretends to work.
const WORK: Duration = Duration::from_millis(20);

#[delayed(pure)]
fn inc(x: i64) -> i64 {
    thread::sleep(WORK);
    x + 1
}

#[delayed(pure)]
fn double(x: i64) -> i64 {
    thread::sleep(WORK);
    x + 2
}

#[delayed(pure)]
fn add(x: i64, y: i64) -> i64 {
    thread::sleep(WORK);
    x + y
}

#[delayed]
fn sum(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

/// One leaf, call by call: each `submit` starts at once, and `add` when both of its futures are there.
fn submitted(client: &Client, x: i64) -> Handle<i64> {
    let a = client.submit(inc(x).impure());
    let b = client.submit(double(x).impure());
    client.submit(add(a, b).impure().named(format!("leaf {x}")))
}

/// The same leaf as a delayed value: nothing runs yet.
fn unsubmitted(x: i64) -> Delayed<i64> {
    add(inc(x).impure(), double(x).impure())
        .impure()
        .named(format!("leaf {x}"))
}

/// Says of each leaf what it is, when it ends; gives all of them in their order.
fn watch(client: &Client, leaves: &[Handle<i64>]) -> Result<Vec<i64>, Error> {
    for leaf in as_completed(leaves) {
        println!("  {} is {}", leaf.name(), leaf.result()?);
    }
    client.gather(leaves)
}

fn run() -> Result<(), Box<dyn StdError>> {
    let leaves: i64 = match std::env::args().nth(1) {
        None => 3,
        Some(text) => match text.parse() {
            Ok(n @ 1..=1000) => n,
            _ => return Err(format!("`{text}` is not a number from 1 to 1000").into()),
        },
    };
    let expected: Vec<i64> = (0..leaves).map(|x| (x + 1) + (x + 2)).collect();
    let seen = Counter::new();
    let client = Client::builder().observe(&seen).build()?;
    let ran = || ["inc", "double", "add"].map(|name| seen.executed(name) as i64);

    println!("by submit, one call after the other");
    let futures: Vec<Handle<i64>> = (0..leaves).map(|x| submitted(&client, x)).collect();
    let total = client.submit(sum(&futures)); // futures are arguments
    assert_eq!(watch(&client, &futures)?, expected);
    assert_eq!(total.result()?, expected.iter().sum());
    println!("  all of them: {}", total.result()?);
    assert_eq!(ran(), [leaves; 3]);

    println!("by compute of {leaves} delayed values, as one graph");
    let graph: Vec<Delayed<i64>> = (0..leaves).map(unsubmitted).collect();
    let futures = client.compute(&graph);
    assert_eq!(watch(&client, &futures)?, expected);
    assert_eq!(ran(), [2 * leaves; 3]); // nothing was taken from the first round

    println!("pure, twice: the second time is remembered");
    for round in 1..=2 {
        let pure: Vec<Delayed<i64>> = (0..leaves).map(|x| add(inc(x), double(x))).collect();
        assert_eq!(client.gather(client.compute(&pure))?, expected);
        println!(
            "  round {round}: {} calls in all",
            ran().iter().sum::<i64>()
        );
        assert_eq!(ran(), [3 * leaves; 3]);
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("multiple_leaf: {e:#}\nusage: multiple_leaf [LEAVES]");
            ExitCode::FAILURE
        }
    }
}
