//! P9: the time limit of a call, and its retries, hold for what its body computes, for the graph that it returns, and for the
//! tasks that it waits for; that of a client or a compute for all of it.

use std::thread::sleep;
use std::time::Duration;

use common::{Tally, client_of, close, ends, everywhere, quiet};
use lazygraph::sync::Event;
use lazygraph::{CancelToken, Client, ErrorKind, Options, compute_with, get_client, prelude::*};

const LIMIT: Duration = Duration::from_millis(20);
/// So many nodes of 2 ms take several times the limit, on eight threads, too.
const NODES: u64 = 400;
/// Eight threads begin at most so many within the limit, and some after it on a busy machine.
const FEW: usize = 200;

#[delayed]
fn node(tally: &Tally, x: u64) -> u64 {
    tally.add();
    sleep(Duration::from_millis(2));
    x
}

fn nodes(tally: &Tally) -> Delayed<Vec<u64>> {
    let one = |x| node(tally.clone(), x);
    (0..NODES).map(one).collect()
}

#[delayed]
fn nested(tally: &Tally) -> Result<usize, Error> {
    Ok(nodes(tally).compute()?.len())
}

#[delayed]
fn one_by_one(tally: &Tally) -> Result<usize, Error> {
    for x in 0..NODES {
        node(tally.clone(), x).compute()?;
    }
    Ok(0)
}

#[delayed]
fn with_options(tally: &Tally) -> Result<usize, Error> {
    let serial = Options::new().threads(1);
    Ok(nodes(tally).compute_with(&serial)?.len())
}

#[delayed]
fn twice_nested(tally: &Tally) -> Result<usize, Error> {
    nested(tally.clone()).compute()
}

#[delayed]
fn count(xs: &[u64]) -> usize {
    xs.len()
}

#[delayed]
fn returned(tally: &Tally) -> Delayed<usize> {
    count(nodes(tally))
}

#[delayed]
fn twice_returned(tally: &Tally) -> Delayed<usize> {
    returned(tally.clone())
}

#[delayed]
fn nested_in_returned(tally: &Tally) -> Delayed<usize> {
    nested(tally.clone())
}

#[delayed]
fn returned_in_nested(tally: &Tally) -> Result<usize, Error> {
    returned(tally.clone()).compute()
}

/// A body far below sees that it is to end.
#[delayed]
fn looks(tally: &Tally) -> Result<usize, Error> {
    tally.add();
    let token = CancelToken::current().expect("a body has a token");
    for _ in 0..NODES {
        sleep(Duration::from_millis(2));
        if token.is_cancelled() {
            return Ok(0);
        }
    }
    (0..FEW).for_each(|_| _ = tally.add());
    Ok(0)
}

#[delayed]
fn returns_what_looks(tally: &Tally) -> Delayed<usize> {
    looks(tally.clone())
}

#[delayed]
fn computes_what_looks(tally: &Tally) -> Result<usize, Error> {
    looks(tally.clone()).compute()
}

/// Calls of which each would run `NODES` nodes, or look for as long.
fn calls(tally: &Tally) -> Vec<(&'static str, Delayed<usize>)> {
    let t = || tally.clone();
    vec![
        ("nested", nested(t())),
        ("one by one", one_by_one(t())),
        ("with options", with_options(t())),
        ("twice nested", twice_nested(t())),
        ("returned", returned(t())),
        ("twice returned", twice_returned(t())),
        ("nested in returned", nested_in_returned(t())),
        ("returned in nested", returned_in_nested(t())),
        ("a token in a returned graph", returns_what_looks(t())),
        ("a token in a nested compute", computes_what_looks(t())),
    ]
}

/// Checks an outcome, and how many nodes have run for it.
#[track_caller]
fn check(what: &str, outcome: Result<usize, Error>, tally: &Tally) {
    let e = outcome.expect_err(what);
    assert_eq!(e.kind(), ErrorKind::Timeout, "{what}: {e:?}");
    let ran = tally.get();
    assert!(ran <= FEW, "{what}: {ran} nodes");
}

#[test]
fn of_a_call() {
    quiet();
    for (name, options) in everywhere() {
        ends("limits of calls", move || {
            for i in 0..calls(&Tally::new()).len() {
                let tally = Tally::new();
                let (what, call) = calls(&tally).swap_remove(i);
                let outcome = call.timeout(LIMIT).compute_with(&options);
                check(&format!("{what}, {name}"), outcome, &tally);
                // One that does not matter is over as soon.
                let tally = Tally::new();
                let (what, call) = calls(&tally).swap_remove(i);
                let caught = call.timeout(LIMIT).catch().compute_with(&options);
                check(&format!("{what}, caught, {name}"), caught.unwrap(), &tally);
            }
        });
    }
}

#[test]
fn of_a_task_of_its_client_and_of_a_compute() {
    quiet();
    for slots in [1, 2, 4] {
        ends("limits of tasks", move || {
            let client = client_of(slots);
            let limited = Options::new().timeout(LIMIT);
            let strict = Client::builder().threads(slots).options(limited.clone());
            let strict = strict.build().unwrap();
            for i in 0..calls(&Tally::new()).len() {
                let tally = Tally::new();
                let (what, call) = calls(&tally).swap_remove(i);
                let outcome = client.submit(call.timeout(LIMIT)).result();
                check(&format!("{what}, a task, {slots}"), outcome, &tally);
                let tally = Tally::new();
                let (what, call) = calls(&tally).swap_remove(i);
                check(
                    &format!("{what}, a client, {slots}"),
                    strict.submit(call).result(),
                    &tally,
                );
                let tally = Tally::new();
                let (what, call) = calls(&tally).swap_remove(i);
                let outcome = call.compute_with(&limited.clone().threads(slots));
                check(&format!("{what}, a compute, {slots}"), outcome, &tally);
            }
            close(&client);
            close(&strict);
        });
    }
}

#[delayed]
fn deaf() -> u64 {
    sleep(3 * LIMIT);
    1
}

/// A body that does not look comes too late.
#[test]
fn too_late_is_too_late() {
    quiet();
    for slots in [1, 2] {
        ends("late bodies", move || {
            let limited = Options::new().timeout(LIMIT).threads(slots);
            let client = Client::builder().threads(slots);
            let client = client
                .options(Options::new().timeout(LIMIT))
                .build()
                .unwrap();
            let late = |what: &str, outcome: Result<u64, Error>| {
                let e = outcome.expect_err(what);
                assert_eq!(e.kind(), ErrorKind::Timeout, "{what}: {e:?}");
            };
            late("a call", deaf().timeout(LIMIT).compute());
            late("a compute", deaf().compute_with(&limited));
            let two = compute_with(&limited, (deaf(), deaf()));
            late("two of a compute", two.map(|_| 0));
            late("a task", client.submit(deaf()).result());
            for x in client.map(|_| deaf(), 0..3) {
                late("of a map", x.result());
            }
            close(&client);
        });
    }
}

#[delayed]
fn waits_for(x: &u64) -> u64 {
    *x
}

#[delayed]
fn awaits(event: &Event) -> Result<u64, Error> {
    event.wait()?;
    Ok(1)
}

#[delayed]
fn returns_a_wait(event: &Event) -> Result<Delayed<u64>, Error> {
    let client = get_client()?;
    let never = client.submit(awaits(event.clone()));
    Ok(waits_for(&never))
}

/// A returned graph that waits for what never ends is given up as well.
#[test]
fn of_a_graph_that_waits() {
    quiet();
    for slots in [1, 2, 4] {
        ends("a graph that waits", move || {
            let client = client_of(slots);
            let event = Event::new();
            let call = returns_a_wait(event.clone()).timeout(LIMIT);
            let e = client.submit(call).result().unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Timeout, "{slots}: {e:?}");
            event.set();
            close(&client);
        });
    }
}

#[delayed]
fn fails_at_first(tally: &Tally, failures: usize) -> Result<usize, String> {
    match tally.add() < failures {
        true => Err("not yet".to_owned()),
        false => Ok(7),
    }
}

#[delayed]
fn inner(outer: &Tally, tally: &Tally) -> Delayed<usize> {
    outer.add();
    fails_at_first(tally.clone(), 2)
}

#[delayed]
fn outer(outer: &Tally, tally: &Tally) -> Delayed<usize> {
    inner(outer.clone(), tally.clone())
}

#[delayed]
fn computes(outer: &Tally, tally: &Tally) -> Result<usize, Error> {
    outer.add();
    fails_at_first(tally.clone(), 2).compute()
}

#[test]
fn retries_are_of_all_as_well() {
    quiet();
    type Make = fn(&Tally, &Tally) -> Delayed<usize>;
    let calls: [(&str, Make); 3] = [
        ("returned", |o, t| inner(o.clone(), t.clone())),
        ("twice returned", |o, t| outer(o.clone(), t.clone())),
        ("computed", |o, t| computes(o.clone(), t.clone())),
    ];
    for (what, make) in calls {
        for (name, options) in everywhere() {
            ends("retries", move || {
                let (bodies, tally) = (Tally::new(), Tally::new());
                let x = make(&bodies, &tally).retries(5);
                assert_eq!(x.compute_with(&options).unwrap(), 7, "{what}, {name}");
                assert_eq!((bodies.get(), tally.get()), (3, 3), "{what}, {name}");
                let (bodies, tally) = (Tally::new(), Tally::new());
                let x = make(&bodies, &tally).retries(1);
                assert!(x.compute_with(&options).is_err(), "{what}, {name}");
                assert_eq!((bodies.get(), tally.get()), (2, 2), "{what}, {name}");
                let (bodies, tally) = (Tally::new(), Tally::new());
                let x = make(&bodies, &tally).retries(5).retry_if(|_| false);
                assert!(x.compute_with(&options).is_err(), "{what}, {name}");
                assert_eq!((bodies.get(), tally.get()), (1, 1), "{what}, {name}");
            });
        }
        for slots in [1, 2] {
            ends("retries of tasks", move || {
                let client = client_of(slots);
                let (bodies, tally) = (Tally::new(), Tally::new());
                let x = client.submit(make(&bodies, &tally).retries(5));
                assert_eq!(x.result().unwrap(), 7, "{what}, {slots}");
                assert_eq!((bodies.get(), tally.get()), (3, 3), "{what}, {slots}");
                close(&client);
            });
        }
    }
}
