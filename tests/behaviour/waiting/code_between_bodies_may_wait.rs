//! Code of users that a client calls between bodies may wait for anything but what waits for it, and may close the client:
//! the `Drop` of an argument or of a result that nobody wants, and callbacks of futures. Also on a thread of a pool, where
//! nothing else starts on the stack of who waits.

use common::{client_of, ends, on, quiet};
use lazygraph::{Client, ErrorKind, prelude::*};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

/// Does something when it is dropped, if it is the one that was armed.
#[derive(Clone)]
struct AtDrop(Arc<dyn Fn() + Send + Sync>);

impl Drop for AtDrop {
    fn drop(&mut self) {
        if Arc::strong_count(&self.0) == 1 {
            (self.0)();
        }
    }
}

#[delayed]
fn takes(_it: &AtDrop, x: u64) -> u64 {
    x
}

#[delayed]
fn consumes(_it: AtDrop, x: u64) -> u64 {
    x
}

#[delayed]
fn makes(it: &AtDrop) -> AtDrop {
    AtDrop(it.0.clone())
}

/// What users may do there, with what comes of it.
type Act = fn(&Client) -> Result<u64, Error>;
const ACTS: [(&str, Act); 4] = [
    ("computes", |_| inc(1).compute()),
    ("submits and waits", |client| client.submit(inc(1)).result()),
    ("gathers", |client| {
        Ok(client.gather(client.map(inc, 0..2))?[1])
    }),
    ("computes what waits for a future", |client| {
        let x = client.submit(inc(0));
        inc(&x).compute()
    }),
];

/// Where it is called. Each returns when it has been called.
type Place = fn(&Client, AtDrop);
const PLACES: [(&str, Place); 5] = [
    ("the last drop of a borrowed argument", |client, it| {
        let x = client.submit(takes(it, 1));
        assert_eq!(x.result().unwrap(), 1);
    }),
    ("the drop of an argument by value", |client, it| {
        let x = client.submit(consumes(it, 1));
        assert_eq!(x.result().unwrap(), 1);
    }),
    ("the drop of an argument of a `map`", |client, it| {
        let xs = client.map(move |x| takes(it.clone(), x), 0..3);
        assert_eq!(client.gather(xs).unwrap(), [0, 1, 2]);
    }),
    ("the drop of a result that nobody wants", |client, it| {
        client.submit(makes(it)).detach();
    }),
    ("a callback", |client, it| {
        let x = client.submit(inc(1));
        x.on_done(move |_| drop(it));
        assert_eq!(x.result().unwrap(), 2);
    }),
];

#[test]
fn whatever_it_does_and_wherever() {
    on(&[1, 2, 8], |client| {
        for (place, call) in PLACES {
            for (what, act) in ACTS {
                let (send, receive) = mpsc::channel();
                let inner = client.clone();
                let it = AtDrop(Arc::new(move || send.send(act(&inner)).unwrap()));
                call(client, it);
                let got = receive.recv().unwrap();
                assert_eq!(
                    got.as_ref().ok(),
                    Some(&2),
                    "{place}, which {what}: {got:?}"
                );
            }
        }
    });
}

/// While it waits for what no future stands for, the slot is another's.
#[test]
fn others_run_while_it_waits() {
    on(&[1, 2, 8], |client| {
        for (_, call) in PLACES {
            let (entered, gate) = (lazygraph::sync::Event::new(), lazygraph::sync::Event::new());
            let (enter, opened, there) = (entered.clone(), gate.clone(), client.clone());
            let it = AtDrop(Arc::new(move || {
                enter.set();
                opened.wait().unwrap();
            }));
            let thread = std::thread::spawn(move || call(&there, it));
            entered.wait().unwrap();
            assert_eq!(client.submit(inc(1)).result().unwrap(), 2);
            gate.set();
            thread.join().unwrap();
        }
    });
}

#[test]
fn it_panics_and_nothing_is_lost() {
    on(&[1, 2, 8], |client| {
        for (_, call) in PLACES {
            let it = AtDrop(Arc::new(|| panic!("as asked")));
            let client_there = client.clone();
            // A future may have the panic as its outcome.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                call(&client_there, it);
            }));
            assert_eq!(client.submit(inc(1)).result().unwrap(), 2);
        }
    });
}

#[test]
fn a_callback_comes_after_who_waits() {
    on(&[1, 2, 8], |client| {
        let (send, receive) = mpsc::channel::<()>();
        let x = client.submit(inc(1));
        x.on_done(move |_| _ = receive.recv());
        // Were the callback first, this would wait for it.
        x.wait().unwrap();
        send.send(()).unwrap();
    });
}

#[test]
fn an_argument_that_asks_its_own_future_is_a_circle() {
    on(&[1, 2, 8], |client| {
        let own = Arc::new(Mutex::new(None::<lazygraph::Handle<u64>>));
        let (send, receive) = mpsc::channel();
        let (gate, opened) = (lazygraph::sync::Event::new(), own.clone());
        let passed = gate.clone();
        let it = AtDrop(Arc::new(move || {
            passed.wait().unwrap();
            let own = opened.lock().unwrap().clone().unwrap();
            let _ = send.send(own.result().map_err(|e| e.kind()));
        }));
        let x = client.submit(takes(it, 1));
        *own.lock().unwrap() = Some(x.clone());
        gate.set();
        let inside = receive.recv().unwrap();
        assert!(
            matches!(inside, Ok(1) | Err(ErrorKind::Deadlock)),
            "{inside:?}"
        );
        assert_eq!(x.result().unwrap(), 1);
        own.lock().unwrap().take();
    });
}

#[test]
fn it_closes_the_client() {
    quiet();
    for slots in [1, 2, 8] {
        for (place, call) in PLACES {
            ends(&format!("{place}, {slots} slots"), move || {
                let client = client_of(slots);
                let (send, receive) = mpsc::channel();
                let inner = client.clone();
                let it = AtDrop(Arc::new(move || {
                    inner.close();
                    let _ = send.send(());
                }));
                let there = client.clone();
                // It may be closed before it has all results.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    call(&there, it);
                }));
                receive.recv().unwrap();
                common::close(&client);
            });
        }
    }
}

#[test]
fn a_thread_outside_that_ends_a_task_closes_the_client() {
    on(&[1, 2, 8], |client| {
        let (gate, busy) = (lazygraph::sync::Event::new(), client.clone());
        #[delayed]
        fn waits(gate: lazygraph::sync::Event) -> Result<u64, Error> {
            lazygraph::hold_slot(|| gate.wait())?;
            Ok(1)
        }
        let blockers = client.map(waits, (0..client.stats().slots).map(|_| gate.clone()));
        let it = AtDrop(Arc::new(move || busy.close()));
        let x = client.submit(takes(it, 1));
        // It has not begun: this thread drops its plan.
        x.cancel();
        drop(x);
        gate.set();
        drop(blockers);
    });
}

/// On a thread of a pool who waits runs no one else: `depth` counts who is on the stack.
#[test]
fn waiting_on_a_thread_of_a_pool_runs_no_strangers() {
    thread_local! { static DEPTH: std::cell::Cell<usize> = const { std::cell::Cell::new(0) }; }
    quiet();
    for threads in [1, 2, 4] {
        ends(&format!("{threads} threads"), move || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = Arc::new(pool.unwrap());
            let client = Client::builder().pool(pool.clone()).build().unwrap();
            let (most, lock) = (AtomicUsize::new(0), Mutex::new(()));
            let element = |x: u64| {
                let _held = x.is_multiple_of(7).then(|| lock.lock().unwrap());
                DEPTH.set(DEPTH.get() + 1);
                most.fetch_max(DEPTH.get(), SeqCst);
                let result = client.submit(inc(x)).result().unwrap();
                DEPTH.set(DEPTH.get() - 1);
                result
            };
            let sum: u64 = pool.install(|| (0..20_000u64).into_par_iter().map(element).sum());
            assert_eq!((sum, most.into_inner()), (200_010_000, 1));
            common::close(&client);
        });
    }
}

#[delayed]
fn sums(client: Client, n: u64) -> Result<u64, Error> {
    let lock = Mutex::new(());
    let element = |x: u64| {
        let _held = x.is_multiple_of(7).then(|| lock.lock().unwrap());
        client.submit(inc(x)).result()
    };
    (0..n).into_par_iter().map(element).sum()
}

#[test]
fn waiting_in_a_parallel_iterator_of_a_task() {
    on(&[1, 2, 4], |client| {
        let x = client.submit(sums(client.clone(), 2_000));
        assert_eq!(x.result().unwrap(), 2_001_000);
    });
}
