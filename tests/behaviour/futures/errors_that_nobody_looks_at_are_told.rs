//! `on_unseen_error` is told of each failure that nobody can look at any more, and of no other.

use common::{PLANNED, close, ends, quiet};
use lazygraph::{Client, ErrorKind, Handle, get_client, prelude::*};
use std::sync::{Arc, Mutex, OnceLock};

#[delayed]
fn fail(what: &'static str) -> Result<i64, &'static str> {
    Err(what)
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

type Log = Arc<Mutex<Vec<String>>>;

/// What is told while `test` runs, and until the client is idle.
fn told(test: impl Fn(&Client) + Send + Sync + 'static) -> Vec<String> {
    quiet();
    ends("it", move || {
        let mut before = None;
        for slots in [1, 2, 4] {
            let log = Log::default();
            let seen = log.clone();
            let client = Client::builder()
                .threads(slots)
                .on_unseen_error(move |error| seen.lock().unwrap().push(format!("{error:#}")))
                .build()
                .unwrap();
            test(&client);
            client.wait_idle().unwrap();
            close(&client);
            let mut told = std::mem::take(&mut *log.lock().unwrap());
            told.sort();
            assert_eq!(before.get_or_insert(told.clone()), &told, "{slots} slots");
        }
        before.unwrap_or_default()
    })
}

#[track_caller]
fn assert_told(told: &[String], expected: &[&str]) {
    let is_told = |what: &&str| told.iter().any(|told| told.contains(*what));
    let is_told = expected.iter().all(is_told);
    let all = told.len() == expected.len();
    assert!(all && is_told, "{told:?}");
}

#[test]
fn of_detached_tasks() {
    let told = told(|client| {
        client.submit(fail("a")).detach();
        client.submit(add(1, fail("b"))).detach();
        client
            .map(fail, ["c", "d"])
            .into_iter()
            .for_each(Handle::detach);
        client.submit(call(|| panic!("{PLANNED} e"), ())).detach();
        client.submit(add(1, 2)).detach();
    });
    assert_told(&told, &[": a", ": b", ": c", ": d", " e"]);
}

#[test]
fn of_futures_that_are_dropped_unread() {
    let told = told(|client| {
        let futures = client.map(fail, ["a", "b", "c"]);
        client.wait_all(&futures).unwrap();
        assert!(futures[1].error().is_some());
        // A handle that is left may still look.
        let left = futures[2].clone();
        drop(futures);
        assert!(left.result().is_err());
    });
    assert_told(&told, &[": a"]);
}

#[test]
fn not_of_those_that_somebody_has_looked_at() {
    let told = told(|client| {
        let all = || client.map(fail, ["a", "b", "c"]);
        assert!(client.gather(all()).is_err());
        assert_eq!(client.gather_all(all()).len(), 3);
        let futures = all();
        client.wait_all(&futures).unwrap();
        assert!(
            futures
                .iter()
                .all(|f| f.status() == lazygraph::Status::Failed)
        );
        assert!(lazygraph::as_completed(all()).all(|f| f.result().is_err()));
        client
            .submit(fail("d"))
            .on_done(|outcome| assert!(outcome.is_err()));
        // One that needs it fails with it.
        let (x, y) = (client.submit(fail("e")), client.submit(fail("f")));
        assert!(client.submit(add(&x, 1)).result().is_err());
        assert!(add(&y, 1).compute().is_err());
        pollster::block_on(async { assert!(client.submit(fail("g")).await.is_err()) });
        let retried = client.submit(fail("h"));
        retried.wait().unwrap();
        retried.retry().unwrap();
        assert!(retried.result().is_err());
    });
    assert_told(&told, &[]);
}

#[test]
fn not_of_those_that_were_cancelled() {
    let told = told(|client| {
        let waits = client.submit(call(|| lazygraph::sync::Event::new().wait().is_ok(), ()));
        waits.cancel();
        drop(client.submit(add(1, 2)));
        drop(client.map(|x| add(x, 1), 0..100));
    });
    assert_told(&told, &[]);
}

#[test]
fn of_what_could_not_be_started() {
    let told = told(|client| {
        drop(client.submit(add(1, 2).resource("none", 1)));
        let some = |x: i64| match x {
            5 => add(x, 1).resource("none", 1),
            _ => add(x, 1),
        };
        client.map(some, 0..10).into_iter().for_each(Handle::detach);
    });
    assert_told(&told, &["`none`", "`none`"]);
}

#[test]
fn what_is_told_may_do_anything() {
    type Deed = fn(&Client);
    let deeds: [Deed; 7] = [
        |_| panic!("{PLANNED}"),
        |client| assert_eq!(client.submit(add(1, 2)).result().unwrap(), 3),
        |client| client.wait_idle().unwrap(),
        |client| client.close(),
        |client| {
            client
                .shutdown(std::time::Duration::from_secs(3600))
                .unwrap()
        },
        |client| client.submit(fail("again")).wait().unwrap(),
        |client| assert!(get_client().is_err() && client.stats().slots == 1),
    ];
    quiet();
    for (i, deed) in deeds.into_iter().enumerate() {
        ends(&format!("deed {i}"), move || {
            let of = Arc::new(OnceLock::<Client>::new());
            let (here, log) = (of.clone(), Log::default());
            let seen = log.clone();
            let client = Client::builder()
                .threads(1)
                .on_unseen_error(move |error| {
                    assert_eq!(error.kind(), ErrorKind::Failed);
                    seen.lock().unwrap().push(format!("{error:#}"));
                    if !error.to_string().contains("again") {
                        deed(here.get().unwrap());
                    }
                })
                .build()
                .unwrap();
            assert!(of.set(client.clone()).is_ok());
            let held = client.submit(fail("of a handle"));
            held.wait().unwrap();
            drop(held);
            client.submit(fail("of a task")).detach();
            client.wait_idle().unwrap();
            assert!(!log.lock().unwrap().is_empty());
            close(&client);
        });
    }
}

#[test]
fn a_client_without_it_is_as_ever() {
    ends("it", || {
        let client = common::client_of(1);
        client.submit(fail("a")).detach();
        client.wait_idle().unwrap();
        close(&client);
    });
}
