//! The destructor of a thread-local may do all that any code may do: before or after those of lazygraph have run.

use std::cell::RefCell;
use std::sync::mpsc;

use common::{client_of, close, ends, quiet};
use lazygraph::{Client, Memo, Options, Plan, prelude::*};

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn nested(x: u64) -> Result<u64, Error> {
    let (a, b) = compute!(inc(x), inc(x))?;
    Ok(a.max(b))
}

#[delayed]
fn returned(x: u64) -> Delayed<u64> {
    inc(x)
}

fn many() -> Delayed<Vec<u64>> {
    (0..1000u64).map(inc).collect()
}

/// What a destructor does; 2 if it is right.
type Last = fn(&Client) -> Result<u64, Error>;

const LAST: &[(&str, Last)] = &[
    ("one node", |_| inc(1).compute()),
    ("a graph", |_| Ok(many().compute()?[1])),
    ("a nested compute", |_| nested(1).compute()),
    ("a returned graph", |_| returned(1).compute()),
    ("with a memo", |_| {
        inc(1).compute_with(&Options::new().memo(&Memo::new()))
    }),
    ("on other threads", |_| {
        Ok(many().compute_with(&Options::new().threads(2))?[1])
    }),
    ("a plan", |_| {
        let plan = Plan::new(inc(1), &Options::new())?;
        plan.run()
    }),
    ("a task", |client| client.submit(inc(1)).result()),
    ("many tasks", |client| {
        Ok(client.gather(client.map(inc, 0..100u64))?[1])
    }),
    ("a graph that is dropped", |_| {
        drop(many());
        Ok(2)
    }),
];

struct AtExit(Client, Last, mpsc::Sender<Result<u64, Error>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        let _ = self.2.send((self.1)(&self.0));
    }
}

thread_local! {
    static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

#[test]
fn in_the_destructor_of_a_thread_local() {
    quiet();
    for (what, last) in LAST {
        for before in [true, false] {
            for also in [None, Some(0), Some(1), Some(7)] {
                let got = ends(what, move || {
                    let client = client_of(2);
                    let (send, receive) = mpsc::channel();
                    let at_exit = AtExit(client.clone(), *last, send);
                    let register =
                        |at_exit| AT_EXIT.with(|here| *here.borrow_mut() = Some(at_exit));
                    let thread = std::thread::spawn(move || {
                        let mut at_exit = Some(at_exit);
                        if before {
                            at_exit.take().map(register);
                        }
                        // What the thread has done before it ends.
                        if let Some(also) = also {
                            let (of, first): &(&str, Last) = &LAST[also];
                            let other = client_of(1);
                            assert_eq!(first(&other).unwrap(), 2, "{of}");
                            close(&other);
                        }
                        at_exit.take().map(register);
                    });
                    thread.join().unwrap();
                    let got = receive.recv().unwrap();
                    close(&client);
                    got
                });
                assert_eq!(
                    got.unwrap(),
                    2,
                    "{what}, registered first: {before}, after {also:?}"
                );
            }
        }
    }
}
