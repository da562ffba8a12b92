//! P5 where a wait is in a piece of a `par_iter`: the thread runs no other piece on its stack, and what it waits for is done.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{close, ends, pool_of, quiet};
use lazygraph::{Client, get_client, prelude::*, sync::Event};
use rayon::prelude::*;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as inside a piece; another piece on the same stack is an error.
struct Piece;

impl Piece {
    fn begin() -> Piece {
        assert!(!INSIDE.replace(true), "a stranger on a waiting stack");
        Piece
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn sets(event: &Event, x: u64) -> u64 {
    event.set();
    x + 1
}

/// Waits for tasks of its own.
#[delayed]
fn parent(x: u64) -> Result<u64, Error> {
    let client = get_client()?;
    let children = client.map(inc, [x, x]);
    Ok(client.gather(children)?.iter().sum::<u64>() / 2)
}

/// Submits and waits, in one of the ways there are.
type Verb = fn(&Client, u64) -> u64;

const VERBS: &[(&str, Verb)] = &[
    ("result", |client, x| {
        client.submit(inc(x)).result().unwrap()
    }),
    ("a chain", |client, x| {
        let first = client.submit(inc(x - 1));
        client.submit(inc(&first)).result().unwrap()
    }),
    ("a task that waits", |client, x| {
        client.submit(parent(x)).result().unwrap()
    }),
    ("wait", |client, x| {
        let handle = client.submit(inc(x));
        handle.wait().unwrap();
        handle.result().unwrap()
    }),
    ("a wait with a limit", |client, x| {
        let handle = client.submit(inc(x));
        let (done, _) = client
            .wait_timeout([&handle], Duration::from_secs(60))
            .unwrap();
        assert_eq!(done.len(), 1);
        handle.result().unwrap()
    }),
    ("wait_all", |client, x| {
        let handles = client.map(inc, [x, x]);
        client.wait_all(&handles).unwrap();
        handles[1].result().unwrap()
    }),
    ("gather", |client, x| {
        client.gather(client.map(inc, [x; 3])).unwrap()[2]
    }),
    ("an event", |client, x| {
        let event = Event::new();
        let handle = client.submit(sets(event.clone(), x));
        event.wait().unwrap();
        handle.result().unwrap()
    }),
];

/// Some pieces in parallel; with a lock held, or without.
fn pieces(client: &Client, verb: Verb, n: u64, lock: Option<&Mutex<()>>) -> u64 {
    let one = |x: u64| {
        let _held = lock.map(|lock| lock.lock().unwrap());
        let _piece = Piece::begin();
        verb(client, x + 1)
    };
    (0..n).into_par_iter().map(one).sum()
}

fn expected(n: u64) -> u64 {
    (0..n).map(|x| x + 2).sum()
}

/// Calls `test` with each pool that pieces may be on: that of the client, one of their own, and the global one.
fn everywhere(test: impl Fn(&str, &Client) + Send + Sync + Clone + 'static) {
    quiet();
    for threads in [1, 2, 4] {
        let test = test.clone();
        ends(&format!("{threads} threads"), move || {
            let own = Arc::new(pool_of(threads));
            let client = Client::builder().pool(own.clone()).build().unwrap();
            own.install(|| test("the client's pool", &client));
            pool_of(threads).install(|| test("another pool", &client));
            test("the global pool", &client);
            close(&client);
        });
    }
}

#[test]
fn pieces_outside_of_tasks() {
    everywhere(|pool, client| {
        for (name, verb) in VERBS {
            assert_eq!(
                pieces(client, *verb, 20, None),
                expected(20),
                "{name}, {pool}"
            );
        }
    });
}

#[test]
fn pieces_that_hold_a_lock() {
    everywhere(|pool, client| {
        for (name, verb) in VERBS {
            let lock = Mutex::new(());
            let sum = pieces(client, *verb, 20, Some(&lock));
            assert_eq!(sum, expected(20), "{name}, {pool}");
        }
    });
}

#[delayed]
fn task(verb: usize, locked: bool) -> Result<u64, Error> {
    let (client, lock) = (get_client()?, Mutex::new(()));
    // A piece on a stack of another thread of the client is no part of the task: it is given the client.
    Ok(pieces(&client, VERBS[verb].1, 3, locked.then_some(&lock)))
}

#[test]
fn pieces_in_tasks() {
    quiet();
    for slots in [1, 2, 4] {
        ends(&format!("{slots} slots"), move || {
            let client = common::client_of(slots);
            for (i, (name, _)) in VERBS.iter().enumerate() {
                for locked in [false, true] {
                    let one = client.submit(task(i, locked));
                    let other = client.submit(task(i, locked));
                    let both = (one.result().unwrap(), other.result().unwrap());
                    assert_eq!(both, (expected(3), expected(3)), "{name}, {locked}");
                }
            }
            close(&client);
        });
    }
}

#[test]
fn twenty_thousand_pieces_need_no_deep_stack() {
    quiet();
    ends("20 000 pieces", || {
        let own = Arc::new(pool_of(2));
        let client = Client::builder().pool(own.clone()).build().unwrap();
        let sum = own.install(|| pieces(&client, VERBS[0].1, 20_000, None));
        assert_eq!(sum, expected(20_000));
        close(&client);
    });
}
