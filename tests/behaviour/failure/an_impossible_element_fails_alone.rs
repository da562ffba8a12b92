//! Of many futures that are started at once, one that can never run fails alone: it is known when they are planned.

use common::{close, on, quiet};
use lazygraph::{Client, ErrorKind, Handle, Token, prelude::*};

const N: u64 = 100;

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[delayed(pure)]
fn double(x: u64) -> u64 {
    2 * x
}

/// Its content key is user code.
#[derive(Clone, Copy)]
struct Odd(u64);

impl Token for Odd {
    fn token(&self, hasher: &mut lazygraph::Hasher128) {
        assert!(self.0 != 5, "{}", common::PLANNED);
        self.0.token(hasher);
    }
}

#[delayed(pure)]
fn of_odd(x: Odd) -> u64 {
    x.0 + 1
}

/// Without a content key.
#[derive(Clone)]
struct Keyless(u64);

#[delayed]
fn of_keyless(x: Keyless) -> u64 {
    x.0 + 1
}

/// The elements that fail, of those that `start` starts; the others have their value.
fn failed(client: &Client, futures: &[Handle<u64>], kind: ErrorKind) -> Vec<u64> {
    let all = client.gather_all(futures);
    assert_eq!(all.len() as u64, N);
    let mut failed = Vec::new();
    for (i, outcome) in (0..).zip(all) {
        match outcome {
            Ok(value) => assert_eq!(value, i + 1),
            Err(error) => {
                assert_eq!(error.kind(), kind, "{error}");
                failed.push(i);
            }
        }
    }
    failed
}

type Element = fn(u64) -> Delayed<u64>;

/// As a map, as one nesting, and as delayed values.
fn check(kind: ErrorKind, expected: &'static [u64], element: Element) {
    quiet();
    on(&[2], move |client| {
        let futures = client.map(element, 0..N);
        assert_eq!(failed(client, &futures, kind), expected);
        let futures = client.starmap(|i, _: u64| element(i), (0..N).zip(0..));
        assert_eq!(failed(client, &futures, kind), expected);
        let calls: Vec<_> = (0..N).map(element).collect();
        let futures = client.compute(&calls);
        assert_eq!(failed(client, &futures, kind), expected);
        // The same calls once more.
        let persisted = client.persist(&calls);
        let futures: Vec<_> = persisted.iter().map(|x| client.submit(x)).collect();
        assert_eq!(failed(client, &futures, kind), expected);
    });
}

#[test]
fn one_that_asks_for_a_resource_that_there_is_not() {
    check(ErrorKind::Invalid, &[5], |i| match i {
        5 => inc(i).resource("none", 1),
        _ => inc(i),
    });
}

#[test]
fn several_of_them() {
    check(ErrorKind::Invalid, &[0, 5, 50, 51, 99], |i| match i {
        0 | 5 | 50 | 51 | 99 => inc(i).resource("none", 1),
        _ => inc(i),
    });
    check(ErrorKind::Invalid, &(const { all() }), |i| {
        inc(i).resource("none", 1)
    });
}

const fn all() -> [u64; N as usize] {
    let mut all = [0; N as usize];
    let mut i = 0;
    while i < N {
        all[i as usize] = i;
        i += 1;
    }
    all
}

#[test]
fn two_of_one_key() {
    check(ErrorKind::KeyConflict, &[0, 1], |i| match i {
        0 | 1 => inc(i).pure().key("k"),
        _ => inc(i),
    });
    check(ErrorKind::KeyConflict, &[3, 97], |i| match i {
        3 | 97 => inc(i).pure().key("k"),
        _ => inc(i),
    });
}

#[test]
fn three_of_one_key_and_two_of_another() {
    check(ErrorKind::KeyConflict, &[3, 30, 49, 50, 97], |i| match i {
        3 | 50 | 97 => inc(i).pure().key("k"),
        30 | 49 => inc(i).pure().key("l"),
        _ => inc(i),
    });
}

#[test]
fn one_with_an_argument_that_has_no_key() {
    check(ErrorKind::Invalid, &[7], |i| match i {
        7 => of_keyless(Keyless(i)).pure(),
        _ => of_keyless(Keyless(i)),
    });
}

#[test]
fn one_whose_key_panics() {
    check(ErrorKind::Panicked, &[5], |i| of_odd(Odd(i)));
}

#[test]
fn one_that_comes_after_itself() {
    check(ErrorKind::Invalid, &[42], |i| {
        let call = inc(i);
        match i {
            42 => {
                let later = double(&call);
                call.after(&later)
            }
            _ => call,
        }
    });
}

#[test]
fn what_they_share_runs_once() {
    on(&[2], |client| {
        use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
        static RAN: AtomicUsize = AtomicUsize::new(0);
        RAN.store(0, SeqCst);
        let shared = value(1_u64).map(|x| {
            RAN.fetch_add(1, SeqCst);
            *x
        });
        let add = |i| match i {
            5 => (&shared + i).resource("none", 1),
            _ => &shared + i,
        };
        assert_eq!(
            failed(client, &client.map(add, 0..N), ErrorKind::Invalid),
            [5]
        );
        assert_eq!(RAN.load(SeqCst), 1);
    });
}

#[test]
fn where_all_are_one_future_that_fails() {
    on(&[1], |client| {
        let error = client
            .submit(inc(1).resource("none", 1))
            .result()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let (one, none) = client.compute((inc(1), inc(2).resource("none", 1)));
        assert_eq!(one.result().unwrap(), 2);
        assert!(none.result().unwrap_err().to_string().contains("`none`"));
        assert!(none.retry().is_err());
        close(client);
    });
}
