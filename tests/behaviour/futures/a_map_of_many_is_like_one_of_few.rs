//! Large maps of small numbers are worked off in another way than small ones: nothing of that shows.

use common::{client_of, close, ends};
use lazygraph::sync::Event;
use lazygraph::{Client, ErrorKind, Handle, Status, hold_slot, prelude::*};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const MANY: u64 = 6_000;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn clients() -> impl Iterator<Item = Client> {
    [1, 2, 4].into_iter().map(client_of)
}

/// What a body does at some of the items; others are doubled.
type At = Arc<dyn Fn(u64) -> Result<u64, BoxError> + Send + Sync>;

#[delayed]
fn does(at: At, x: u64) -> Result<u64, BoxError> {
    at(x)
}

fn map(client: &Client, at: At) -> Vec<Handle<u64>> {
    client.map(|x| does(at.clone(), x), 0..MANY)
}

#[test]
fn each_runs_once() {
    for client in clients() {
        let runs = Arc::new(AtomicUsize::new(0));
        let seen = runs.clone();
        let all = map(
            &client,
            Arc::new(move |x| {
                seen.fetch_add(1, SeqCst);
                Ok(2 * x)
            }),
        );
        let values = client.gather(&all).unwrap();
        assert!(values.into_iter().eq((0..MANY).map(|x| 2 * x)));
        assert_eq!(runs.load(SeqCst), MANY as usize);
        assert!(all.iter().all(|future| future.status() == Status::Finished));
        assert_eq!(*all[7].result_arc().unwrap(), 14);
        let again = client.submit(call(|x: u64, y: u64| x + y, (&all[3], &all[4])));
        assert_eq!(again.result().unwrap(), 14);
        close(&client);
    }
}

#[test]
fn one_may_wait_for_another_behind_it() {
    for client in clients() {
        for (waits, sets) in [(0, MANY - 1), (MANY - 1, 0), (40, 41), (2_000, 2_001)] {
            let event = Event::new();
            let all = map(
                &client,
                Arc::new(move |x| {
                    if x == waits {
                        event.wait()?;
                    } else if x == sets {
                        event.set();
                    }
                    Ok(x)
                }),
            );
            let values = client.gather(all).unwrap();
            assert!(values.into_iter().eq(0..MANY));
        }
        close(&client);
    }
}

#[test]
fn one_that_fails_fails_alone() {
    for client in clients() {
        let all = map(
            &client,
            Arc::new(|x| match x {
                100 | 5_000 => Err("no good".into()),
                3_000 => panic!("nor this"),
                _ => Ok(x),
            }),
        );
        let outcomes = client.gather_all(&all);
        for (x, outcome) in (0..).zip(outcomes) {
            let kind = outcome.as_ref().err().map(Error::kind);
            match x {
                100 | 5_000 => assert_eq!(kind, Some(ErrorKind::Failed)),
                3_000 => assert_eq!(kind, Some(ErrorKind::Panicked)),
                _ => assert_eq!(outcome.unwrap(), x),
            }
        }
        assert!(client.gather(all).is_err());
        close(&client);
    }
}

#[test]
fn one_is_cancelled_alone_and_tried_again() {
    for client in clients() {
        let (runs, go) = (Arc::new(AtomicUsize::new(0)), Event::new());
        let (seen, may_go) = (runs.clone(), go.clone());
        let all = map(
            &client,
            Arc::new(move |x| {
                if x == 0 {
                    may_go.wait()?;
                } else if x == 4_321 {
                    seen.fetch_add(1, SeqCst);
                }
                Ok(x)
            }),
        );
        // With one slot it has not begun, else it may have.
        all[4_321].cancel();
        go.set();
        let outcomes = client.gather_all(&all);
        let mut others = (0..).zip(&outcomes).filter(|(x, _)| *x != 4_321);
        assert!(others.all(|(x, outcome)| *outcome.as_ref().unwrap() == x));
        if let Err(error) = &outcomes[4_321] {
            assert_eq!(error.kind(), ErrorKind::Cancelled);
            while all[4_321].retry().is_err() {
                std::thread::yield_now();
            }
            assert_eq!(all[4_321].result().unwrap(), 4_321);
        }
        assert!((1..=2).contains(&runs.load(SeqCst)));
        close(&client);
    }
}

#[test]
fn those_that_nobody_wants_are_dropped() {
    for client in clients() {
        let (runs, go) = (Arc::new(AtomicUsize::new(0)), Event::new());
        let (seen, may_go) = (runs.clone(), go.clone());
        let mut all = map(
            &client,
            Arc::new(move |x| {
                if x == 0 {
                    may_go.wait()?;
                }
                seen.fetch_add(1, SeqCst);
                Ok(x)
            }),
        );
        let few = all.drain(..2).collect::<Vec<_>>();
        drop(all);
        go.set();
        assert_eq!(client.gather(few).unwrap(), [0, 1]);
        assert!(runs.load(SeqCst) <= MANY as usize);
        close(&client);
    }
}

#[test]
fn it_is_given_as_it_ends() {
    for client in clients() {
        let all = map(&client, Arc::new(Ok));
        let ended = lazygraph::as_completed(all).map(|future| future.result().unwrap());
        let mut ended: Vec<u64> = ended.collect();
        ended.sort_unstable();
        assert!(ended.into_iter().eq(0..MANY));
        close(&client);
    }
}

#[test]
fn a_close_ends_it() {
    for client in clients() {
        let go = Event::new();
        let all = map(
            &client,
            Arc::new(move |x| {
                if x == 3 {
                    go.wait()?;
                }
                Ok(x)
            }),
        );
        close(&client);
        let outcomes = client.gather_all(all);
        assert!(outcomes.iter().any(Result::is_err));
        for (x, outcome) in (0..).zip(outcomes) {
            match outcome {
                Ok(value) => assert_eq!(value, x),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
            }
        }
    }
}

/// A few of twenty thousand take a millisecond: not the first, from which it is learnt how long they take.
const FAST: u64 = 20_000;

fn is_slow(x: u64) -> bool {
    (10_000..10_100).contains(&x)
}

#[test]
fn slow_ones_are_shared_though_the_first_were_not() {
    let client = client_of(2);
    let seen = Arc::new(Mutex::new(HashMap::<_, usize>::new()));
    let at: At = {
        let seen = seen.clone();
        Arc::new(move |x| {
            if is_slow(x) {
                *seen
                    .lock()
                    .unwrap()
                    .entry(thread::current().id())
                    .or_default() += 1;
                thread::sleep(Duration::from_millis(1));
            }
            Ok(x)
        })
    };
    let all = client.map(|x| does(at.clone(), x), 0..FAST);
    assert!(client.gather(all).unwrap().into_iter().eq(0..FAST));
    let seen: Vec<usize> = seen.lock().unwrap().values().copied().collect();
    assert!(seen.len() == 2 && seen.iter().all(|n| *n > 10), "{seen:?}");
    close(&client);
}

#[test]
fn a_higher_priority_does_not_wait_for_all_of_it() {
    let client = client_of(1);
    let (slow, begun) = (Arc::new(AtomicUsize::new(0)), Event::new());
    let at: At = {
        let (slow, begun) = (slow.clone(), begun.clone());
        Arc::new(move |x| {
            if is_slow(x) {
                begun.set();
                slow.fetch_add(1, SeqCst);
                thread::sleep(Duration::from_millis(1));
            }
            Ok(x)
        })
    };
    let all = client.map(|x| does(at.clone(), x), 0..FAST);
    begun.wait().unwrap();
    let urgent = call(move |()| slow.load(SeqCst), ((),)).priority(1);
    let before = client.submit(urgent).result().unwrap();
    assert!(before < 60, "{before} of 100 went first");
    drop(client.gather(all).unwrap());
    close(&client);
}

#[test]
fn handles_of_it_are_let_go_one_after_the_other() {
    ends("it", || {
        let client = client_of(1);
        let (begun, go) = (Event::new(), Event::new());
        let (is_begun, may_go) = (begun.clone(), go.clone());
        let busy = client.submit(call(
            move |()| {
                is_begun.set();
                hold_slot(|| may_go.wait().is_ok())
            },
            ((),),
        ));
        begun.wait().unwrap();
        let at: At = Arc::new(Ok);
        for backwards in [false, true] {
            let mut all = client.map(|x| does(at.clone(), x), 0..700_000);
            if backwards {
                all.reverse();
            }
            drop(all);
        }
        go.set();
        assert!(busy.result().unwrap());
        close(&client);
    });
}

#[delayed]
fn plus_one(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn twice(x: u64) -> u64 {
    2 * x
}

#[test]
fn each_has_the_name_of_its_call() {
    let names = |all: &[Handle<u64>]| -> Vec<String> { all.iter().map(Handle::name).collect() };
    for client in clients() {
        let mixed = |x: u64| match x % 2 {
            0 => plus_one(x),
            _ => twice(x),
        };
        let expected = |i: usize| ["plus_one", "twice"][i % 2];
        for again in [false, true] {
            let all = client.map(
                |x| match again {
                    true => mixed(x).recompute(),
                    false => mixed(x),
                },
                0..MANY,
            );
            let named = names(&all);
            assert!(
                (0..MANY as usize).all(|i| named[i] == expected(i)),
                "{again}"
            );
        }
        let all = client.map(twice, 0..MANY);
        assert!(names(&all).iter().all(|name| name == "twice"));
        let call = |x| twice(x).named(&format!("twice {x}"));
        let all = client.map(call, 0..MANY);
        let named = names(&all);
        assert!((0..MANY as usize).all(|i| named[i] == format!("twice {i}")));
        close(&client);
    }
}

#[test]
fn what_is_said_later_is_for_later() {
    let client = client_of(1);
    let (begun, go) = (Event::new(), Event::new());
    let waits = client.submit(call(
        move |begun: Event, go: Event| {
            begun.set();
            hold_slot(|| go.wait()).unwrap();
            0
        },
        (begun.clone(), go.clone()),
    ));
    begun.wait().unwrap();
    let calls: Vec<_> = (0..MANY).map(twice).collect();
    let all = client.compute(&calls);
    let _ = calls[0].clone().named("mine");
    go.set();
    assert_eq!(waits.result().unwrap(), 0);
    assert_eq!(client.gather(&all).unwrap()[7], 14);
    assert!(all.iter().all(|future| future.name() == "twice"));
}
