//! When `close` returns, every value that the client's tasks have made or were given is dropped, wherever it was, unless
//! somebody outside still has a handle to it.

use common::{PLANNED, client_of, ends, quiet, wait_until};
use lazygraph::sync::Event;
use lazygraph::{Client, Handle, prelude::*};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::SeqCst};
use std::time::Duration;

/// A value that takes a while to drop. It is also an error.
#[derive(Debug)]
struct Slow(Arc<AtomicIsize>);

impl Slow {
    fn new(live: &Live) -> Slow {
        live.0.fetch_add(1, SeqCst);
        Slow(live.0.clone())
    }
}

impl Clone for Slow {
    fn clone(&self) -> Slow {
        Slow::new(&Live(self.0.clone()))
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_millis(5));
        self.0.fetch_sub(1, SeqCst);
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("slow")
    }
}
impl std::error::Error for Slow {}

#[derive(Clone, Default)]
struct Live(Arc<AtomicIsize>);

#[delayed]
fn make(live: &Live) -> Slow {
    Slow::new(live)
}

/// Returns when the event is set.
#[delayed]
fn make_at(live: &Live, begun: &Event, go: &Event) -> Result<Slow, Error> {
    begun.set();
    go.wait()?;
    Ok(Slow::new(live))
}

/// Looks at nothing, so that no cancel ends it.
#[delayed]
fn make_deaf(live: &Live, begun: &Event, go: &Arc<AtomicBool>) -> Slow {
    begun.set();
    while !go.load(SeqCst) {
        std::thread::yield_now();
    }
    Slow::new(live)
}

#[delayed]
fn fails(_: &Slow) -> Result<i32, String> {
    Err("no".into())
}

#[delayed]
fn fails_with(live: &Live) -> Result<i32, Slow> {
    Err(Slow::new(live))
}

#[delayed]
fn panics(_: &Slow) -> i32 {
    panic!("{PLANNED}")
}

#[delayed]
fn returns_a_graph(live: &Live) -> Delayed<i32> {
    let (a, b) = (make(live.clone()), make(live.clone()));
    (&a, &b).apply(|_, _| 1)
}

#[delayed]
fn add(_: &Slow, _: &i32) -> i32 {
    1
}

type Place = (&'static str, fn(&Client, &Live));

/// Where a value may be when the client is closed. Each leaves no handle behind.
const PLACES: &[Place] = &[
    ("a result that was taken", |client, live| {
        drop(client.submit(make(live.clone())).result().unwrap());
    }),
    ("a result that nobody took", |client, live| {
        client
            .submit(make(live.clone()))
            .result_arc()
            .map(drop)
            .unwrap();
    }),
    (
        "the result of a body that began, and lost its handle",
        |client, live| {
            let (begun, go) = (Event::new(), Event::new());
            let x = client.submit(make_at(live.clone(), begun.clone(), go.clone()));
            begun.wait().unwrap();
            drop(x);
            go.set();
        },
    ),
    ("the result of a detached task", |client, live| {
        client.submit(make(live.clone())).detach();
    }),
    ("a result that comes after a cancel", |client, live| {
        let (begun, go) = (Event::new(), Arc::new(AtomicBool::new(false)));
        let x = client.submit(make_deaf(live.clone(), begun.clone(), go.clone()));
        begun.wait().unwrap();
        x.cancel();
        go.store(true, SeqCst);
    }),
    ("the argument of what failed", |client, live| {
        let x = client.submit(fails(Slow::new(live)));
        assert!(x.result().is_err());
    }),
    (
        "the argument of what failed when its handle was gone",
        |client, live| {
            client.submit(fails(Slow::new(live))).detach();
        },
    ),
    ("the argument of what panicked", |client, live| {
        client.submit(panics(Slow::new(live))).detach();
    }),
    ("what a closure has captured", |client, live| {
        let slow = Slow::new(live);
        client
            .submit(call(
                move || {
                    let _ = &slow;
                    1
                },
                (),
            ))
            .detach();
    }),
    ("what a task failed with", |client, live| {
        client.submit(fails_with(live.clone())).detach();
    }),
    ("a sibling of what failed", |client, live| {
        let call = add(make(live.clone()), fails(make(live.clone())));
        client.submit(call).detach();
    }),
    (
        "the outputs of one compute, one of which failed",
        |client, live| {
            let x = make(live.clone());
            let (a, b) = client.compute((&x, fails(&x)));
            drop(a.result());
            drop(b);
        },
    ),
    ("what a returned graph has left", |client, live| {
        client.submit(returns_a_graph(live.clone())).detach();
    }),
    ("a future that a failed task was given", |client, live| {
        let x = client.submit(make(live.clone()));
        client.submit(fails(&x)).detach();
    }),
    ("the elements of a map", |client, live| {
        client
            .map(|_| make(live.clone()), 0..10)
            .into_iter()
            .for_each(Handle::detach);
    }),
    ("what was scattered", |client, live| {
        drop(client.scatter(Slow::new(live)));
    }),
    ("what was persisted", |client, live| {
        drop(client.persist(make(live.clone())));
    }),
    #[cfg(feature = "async")]
    ("what async work has captured", |client, live| {
        let slow = Slow::new(live);
        let work = async move {
            std::future::pending::<()>().await;
            drop(slow);
            Ok::<_, Error>(1)
        };
        client
            .spawn(|work| std::thread::spawn(|| pollster::block_on(work)), work)
            .detach();
    }),
    #[cfg(feature = "async")]
    (
        "what async work gives while it is cancelled",
        |client, live| {
            let (begun, live) = (Event::new(), live.clone());
            let begins = begun.clone();
            let work = async move {
                begins.set();
                Ok::<_, Error>(Slow::new(&live))
            };
            let x = client.spawn(|work| std::thread::spawn(|| pollster::block_on(work)), work);
            begun.wait().unwrap();
            drop(x);
        },
    ),
];

#[test]
fn wherever_a_value_was() {
    quiet();
    ends("it", || {
        for (place, start) in PLACES {
            for slots in [1, 2] {
                for _ in 0..5 {
                    let live = Live::default();
                    let client = client_of(slots);
                    start(&client, &live);
                    client.close();
                    assert_eq!(live.0.load(SeqCst), 0, "{place}, on {slots} slots");
                }
            }
        }
    });
}

/// While a client lives, too: what has failed and can be tried again keeps its arguments, and only as long.
#[test]
fn arguments_of_what_failed_live_as_long_as_its_handles() {
    ends("it", || {
        let (client, live) = (client_of(1), Live::default());
        let x = client.submit(fails(Slow::new(&live)));
        let y = x.clone();
        assert!(x.result().is_err());
        drop(x);
        assert_eq!(live.0.load(SeqCst), 1);
        y.retry().unwrap();
        assert!(y.result().is_err());
        assert!(wait_until(|| client.stats().live == 0));
        assert_eq!(live.0.load(SeqCst), 1);
        drop(y);
        assert_eq!(live.0.load(SeqCst), 0);
    });
}
