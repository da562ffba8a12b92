//! A thread that executes many tiny nodes keeps them to itself. Before it waits, for whatever it may be, it gives them to
//! others: one of them may be what it waits for.

use common::{client_of, ends, quiet};
use lazygraph::sync::{Event, Semaphore, SemaphorePermit};
use lazygraph::{Client, Memo, Options, compute_with, hold_slot, prelude::*};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(1_000);

/// What one node waits for, and a node far behind it brings about.
#[derive(Clone)]
struct Scene {
    how: &'static str,
    event: Event,
    door: Semaphore,
    inside: Arc<Mutex<Option<SemaphorePermit>>>,
    client: Client,
}

#[delayed]
fn is_there(event: Event) -> Result<i64, Error> {
    event.wait()?;
    Ok(1)
}

#[delayed(pure)]
fn remembered(#[key(skip)] begun: &Event, #[key(skip)] event: &Event) -> Result<i64, Error> {
    begun.set();
    event.wait()?;
    Ok(1)
}

#[delayed]
fn is_set(event: Event) -> Result<i64, String> {
    match event.is_set() {
        true => Ok(1),
        false => Err("not yet".into()),
    }
}

#[delayed]
fn waits_or_sets(scene: Scene, x: i64) -> Result<i64, Error> {
    let Scene {
        how,
        event,
        door,
        inside,
        client,
    } = scene;
    match (x, how) {
        (2_900, _) => {
            event.set();
            drop(inside.lock().unwrap().take());
        }
        (5, "event") => event.wait()?,
        (5, "event, for a time") => assert!(event.wait_timeout(LONG)?),
        (5, "event, with the slot") => hold_slot(|| event.wait())?,
        (5, "semaphore") => drop(door.acquire()?),
        (5, "nested") => _ = is_there(event).compute()?,
        (5, "future") => _ = client.submit(is_there(event)).result()?,
        (5, "node of a future") => _ = client.submit(is_there(event)).to_delayed().compute()?,
        (5, "other compute") => _ = remembered(Event::new(), event).compute()?,
        (5, "next attempt") => {
            let tried = is_set(event).retries(u32::MAX);
            tried.backoff(Duration::from_millis(1)).compute()?;
        }
        _ => {}
    }
    Ok(x)
}

#[test]
fn what_is_waited_for_is_done_by_others() {
    quiet();
    let ways = [
        "event",
        "event, for a time",
        "event, with the slot",
        "semaphore",
        "nested",
        "future",
        "node of a future",
        "other compute",
        "next attempt",
    ];
    for how in ways {
        ends(how, move || {
            let door = Semaphore::new(1);
            let scene = Scene {
                how,
                event: Event::new(),
                inside: Arc::new(Mutex::new(door.try_acquire())),
                door,
                client: client_of(1),
            };
            let memo = Memo::new();
            let begun = Event::new();
            let call = remembered(begun.clone(), scene.event.clone());
            let options = Options::new().threads(1).memo(&memo);
            let other = thread::spawn(move || call.compute_with(&options));
            // From here on the call is being computed elsewhere.
            begun.wait().unwrap();
            let all: Vec<_> = (0..3_000)
                .map(|x| waits_or_sets(scene.clone(), x))
                .collect();
            let options = Options::new().threads(2).memo(&memo);
            let sum: i64 = compute_with(&options, all).unwrap().iter().sum();
            assert_eq!(sum, 2_999 * 3_000 / 2);
            assert_eq!(other.join().unwrap().unwrap(), 1);
        });
    }
}
