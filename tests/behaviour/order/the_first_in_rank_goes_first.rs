//! Who goes first when a slot is free: the highest priority, then the deeper, then the earlier.

use common::{client_of, ends};
use lazygraph::sync::Event;
use lazygraph::{Client, get_client, prelude::*};
use std::sync::{Arc, Mutex};

type Log = Arc<Mutex<Vec<&'static str>>>;

#[delayed]
fn note(log: Log, name: &'static str) {
    log.lock().unwrap().push(name);
}

/// Submits while the one slot is taken; gives the order in which the tasks ran.
fn order(submit: impl Fn(&Client, &Log) + Send + 'static) -> Vec<&'static str> {
    let log = Log::default();
    let seen = log.clone();
    ends("it", move || {
        let client = client_of(1);
        let (begun, go) = (Event::new(), Event::new());
        let (begins, waits) = (begun.clone(), go.clone());
        client
            .submit(call(
                move || {
                    begins.set();
                    lazygraph::hold_slot(|| waits.wait()).unwrap();
                },
                (),
            ))
            .detach();
        begun.wait().unwrap();
        submit(&client, &log);
        go.set();
        while client.stats().live > 0 {
            std::thread::yield_now();
        }
    });

    seen.lock().unwrap().clone()
}

#[test]
fn ties_are_first_in_first_out() {
    let names = ["a", "b", "c", "d", "e"];
    let ran = order(move |client, log| {
        for name in names {
            client.submit(note(log.clone(), name)).detach();
        }
    });
    assert_eq!(ran, names);
}

#[test]
fn the_highest_priority_goes_first() {
    let ran = order(|client, log| {
        for (name, priority) in [("low", -1), ("a", 0), ("high", 5), ("b", 0), ("higher", 9)] {
            client
                .submit(note(log.clone(), name).priority(priority))
                .detach();
        }
    });
    assert_eq!(ran, ["higher", "high", "a", "b", "low"]);
}

#[test]
fn the_deeper_goes_first_of_equals() {
    #[delayed]
    fn parent(log: Log) -> Result<(), Error> {
        let client = get_client()?;
        for name in ["child a", "child b"] {
            client.submit(note(log.clone(), name)).detach();
        }
        Ok(())
    }
    let ran = order(|client, log| {
        client.submit(parent(log.clone())).detach();
        client.submit(note(log.clone(), "later")).detach();
        client
            .submit(note(log.clone(), "first of all").priority(1))
            .detach();
    });
    assert_eq!(ran, ["first of all", "child a", "child b", "later"]);
}

#[test]
fn a_long_map_lets_what_is_more_urgent_go_between() {
    let ran = order(|client, log| {
        let (inner, urgent) = (client.clone(), log.clone());
        let all = client.map(
            move |i: usize| {
                let (client, log) = (inner.clone(), urgent.clone());
                call(
                    move || {
                        if i == 0 {
                            client
                                .submit(note(log.clone(), "urgent").priority(1))
                                .detach();
                        }
                        log.lock().unwrap().push("element");
                    },
                    (),
                )
            },
            0..4,
        );
        all.into_iter().for_each(|h| h.detach());
    });
    assert_eq!(ran.len(), 5);
    assert_eq!(ran.iter().position(|n| *n == "urgent"), Some(1), "{ran:?}");
}
