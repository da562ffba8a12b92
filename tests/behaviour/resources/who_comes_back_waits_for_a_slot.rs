//! Bodies that come back from wherever they were without a slot wait for one: for a moment one more than there are slots may
//! run, and more only where nothing moves.

use common::{ends, on};
use lazygraph::sync::Event;
use lazygraph::{Client, Error, prelude::*, rejoin, secede, worker_client};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

const BODIES: usize = 20;

type Away = fn(&Event) -> Result<(), Error>;

/// The most bodies that run at once after all of them have come back from `away` at the same time.
fn at_once(client: &Client, away: Away) -> usize {
    let (all, go) = (Arc::new(AtomicUsize::new(0)), Event::new());
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let futures = client.map(
        |_| {
            let (all, go) = (all.clone(), go.clone());
            let (now, most) = (now.clone(), most.clone());
            let body = move || -> Result<(), String> {
                all.fetch_add(1, SeqCst);
                away(&go).map_err(|e| e.to_string())?;
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                sleep(Duration::from_millis(3));
                now.fetch_sub(1, SeqCst);
                Ok(())
            };
            call(body, ())
        },
        0..BODIES,
    );
    assert!(common::wait_until(|| all.load(SeqCst) == BODIES));
    go.set();
    for outcome in client.gather(futures).unwrap() {
        outcome.unwrap();
    }
    most.load(SeqCst)
}

#[test]
fn from_every_way_to_be_away() {
    let ways: [Away; 5] = [
        |go| go.wait(),
        |go| {
            let seceded = secede();
            go.wait()?;
            drop(seceded);
            Ok(())
        },
        |go| {
            let seceded = secede();
            go.wait()?;
            rejoin(seceded?);
            Ok(())
        },
        |go| worker_client(|_| go.wait()),
        |go| worker_client(|_| worker_client(|_| go.wait())),
    ];
    on(&[1, 2, 4], move |client| {
        for (i, away) in ways.into_iter().enumerate() {
            let (most, slots) = (at_once(client, away), client.stats().slots);
            assert!(
                most <= slots + 1,
                "way {i}: {most} at once on {slots} slots"
            );
        }
    });
}

#[test]
fn but_not_for_ever() {
    // Each holds what the next one wants, and the first that comes back wants what the last one holds.
    on(&[1, 2], |client| {
        let locks: Arc<Vec<Mutex<()>>> = Arc::new((0..5).map(|_| Mutex::new(())).collect());
        let (ready, go) = (Arc::new(AtomicUsize::new(0)), Event::new());
        let futures = client.map(
            |i: usize| {
                let (locks, ready, go) = (locks.clone(), ready.clone(), go.clone());
                let body = move || {
                    let own = locks[i].lock().unwrap();
                    let seceded = secede();
                    ready.fetch_add(1, SeqCst);
                    go.wait().unwrap();
                    drop(seceded);
                    if let Some(next) = locks.get(i + 1) {
                        drop(next.lock().unwrap());
                    }
                    drop(own);
                };
                call(body, ())
            },
            0..locks.len(),
        );
        assert!(common::wait_until(|| ready.load(SeqCst) == locks.len()));
        go.set();
        let client = client.clone();
        ends("those that wait for each other's locks", move || {
            client.gather(futures).unwrap();
        });
    });
}
