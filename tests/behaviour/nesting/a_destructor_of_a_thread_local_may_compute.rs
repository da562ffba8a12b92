//! The destructor of a thread-local may compute, submit and wait: whatever of the thread is gone by then is not needed.

use common::{client_of, close, ends, quiet};
use lazygraph::{Client, compute, prelude::*};
use std::cell::RefCell;
use std::sync::mpsc;

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn nests(n: u64) -> Result<u64, Error> {
    match n {
        0 => Ok(0),
        n => Ok(1 + nests(n - 1).compute()?),
    }
}

type Act = fn(&Client) -> Result<u64, Error>;
const ACTS: [(&str, Act); 6] = [
    ("one call", |_| inc(9).compute()),
    ("a graph", |_| {
        let all: Delayed<Vec<u64>> = (0..10).map(inc).collect();
        Ok(all.compute()?[9])
    }),
    ("nested", |_| nests(10).compute()),
    ("several", |_| compute!(inc(8), inc(9)).map(|(_, x)| x)),
    ("submit", |client| client.submit(inc(9)).result()),
    (
        "map",
        |client| Ok(client.gather(client.map(inc, 0..10))?[9]),
    ),
];

struct AtExit(Box<dyn Fn() + Send>);
impl Drop for AtExit {
    fn drop(&mut self) {
        (self.0)();
    }
}
thread_local! {
    static HERE: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

#[test]
fn before_and_after_ours_is_gone() {
    quiet();
    for (what, act) in ACTS {
        for (first, made_first) in ACTS.iter().flat_map(|act| [(act.1, true), (act.1, false)]) {
            ends(what, move || {
                let client = client_of(1);
                let (send, receive) = mpsc::channel();
                let there = client.clone();
                let thread = std::thread::spawn(move || {
                    let inner = there.clone();
                    let at_exit = AtExit(Box::new(move || send.send(act(&inner)).unwrap()));
                    // What is made first is dropped last.
                    if made_first {
                        HERE.set(Some(at_exit));
                        first(&there).unwrap();
                    } else {
                        first(&there).unwrap();
                        HERE.set(Some(at_exit));
                    }
                });
                thread.join().unwrap();
                let got = receive.recv().unwrap();
                // The tenth of a map, and of nested calls, too.
                assert_eq!(got.ok(), Some(10), "{what}");
                close(&client);
            });
        }
    }
}
