//! Whatever a body waits for, on one slot: what that needs is done meanwhile.

use common::{on, on_all};
use lazygraph::sync::{Event, Semaphore};
use lazygraph::{
    ErrorKind, Handle, Status, as_completed, get_client, prelude::*, rejoin, secede, worker_client,
};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(50);

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn sets(event: Event) {
    event.set();
}

#[delayed]
fn leaves(door: Semaphore, before: Event) -> Result<(), Error> {
    let inside = door.acquire()?;
    before.set();
    std::thread::yield_now();
    drop(inside);
    Ok(())
}

#[test]
fn who_panics_without_a_slot_takes_it_back() {
    #[delayed]
    fn falls(x: i64) -> i64 {
        std::mem::forget(secede().unwrap());
        panic!("on purpose, {x}")
    }
    on(&[1, 2], |client| {
        for x in 0..20 {
            let error = client.submit(falls(x)).result().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Panicked);
        }
        assert_eq!(client.gather(client.map(inc, 0..3)).unwrap(), [1, 2, 3]);
    });
}

/// What waits, and gives 6.
#[delayed]
fn waits(verb: &'static str) -> Result<i64, Error> {
    let client = get_client()?;
    let futures = || {
        (1..4)
            .map(|x| client.submit(inc(x - 1)))
            .collect::<Vec<_>>()
    };
    let sum = |all: Vec<Handle<i64>>| all.iter().map(|x| x.result()).sum::<Result<i64, _>>();
    match verb {
        "result" => client.submit(inc(5)).result(),
        "result_timeout" => client.submit(inc(5)).result_timeout(LONG),
        "result_arc" => Ok(*client.submit(inc(5)).result_arc()?),
        "wait" => {
            let x = client.submit(inc(5));
            x.wait()?;
            assert_eq!(x.status(), Status::Finished);
            x.result()
        }
        "gather" => Ok(client.gather(futures())?.iter().sum()),
        "gather of a map" => Ok(client.gather(client.map(inc, 0..3))?.iter().sum()),
        "gather_all" => client.gather_all(futures()).into_iter().sum(),
        "wait_all" => {
            let (done, pending) = client.wait_all(futures())?;
            assert_eq!(pending, []);
            sum(done)
        }
        "wait_timeout" => {
            let (done, pending) = client.wait_timeout(futures(), LONG)?;
            assert_eq!(pending, []);
            sum(done)
        }
        "wait_any" => {
            let (mut all, mut pending) = (Vec::new(), futures());
            while !pending.is_empty() {
                let done;
                (done, pending) = client.wait_any(pending)?;
                all.extend(done);
            }
            sum(all)
        }
        "as_completed" => sum(as_completed(futures()).collect()),
        "next_timeout" => {
            let mut completed = as_completed(futures());
            let mut all = Vec::new();
            while let Some(next) = completed.next_timeout(LONG)? {
                all.push(next);
            }
            sum(all)
        }
        "Event::wait" => {
            let event = Event::new();
            client.submit(sets(event.clone())).detach();
            event.wait()?;
            Ok(6)
        }
        "Event::wait_timeout" => {
            let event = Event::new();
            client.submit(sets(event.clone())).detach();
            assert!(event.wait_timeout(LONG)?);
            Ok(6)
        }
        "Semaphore::acquire" => {
            let (door, before) = (Semaphore::new(1), Event::new());
            client.submit(leaves(door.clone(), before.clone())).detach();
            before.wait()?;
            let _inside = door.acquire()?;
            Ok(6)
        }
        "compute" => (inc(1) + inc(3)).compute(),
        "compute of a future" => {
            let x = client.submit(inc(1));
            (x.to_delayed() + inc(3)).compute()
        }
        "get!" => Ok(get!(inc(5))),
        "persist" => inc(5).persist()?.compute(),
        "Client::persist" => client.persist(inc(5)).compute(),
        "Client::compute" => {
            let (a, b) = client.compute((inc(1), inc(3)));
            Ok(a.result()? + b.result()?)
        }
        "secede" => {
            let x = client.submit(inc(5));
            let guard = secede()?;
            let x = x.result();
            rejoin(guard);
            x
        }
        "worker_client" => worker_client(|c| worker_client(|_| c.submit(inc(5)).result())),
        _ => unreachable!("{verb}"),
    }
}

const VERBS: [&str; 22] = [
    "result",
    "result_timeout",
    "result_arc",
    "wait",
    "gather",
    "gather of a map",
    "gather_all",
    "wait_all",
    "wait_timeout",
    "wait_any",
    "as_completed",
    "next_timeout",
    "Event::wait",
    "Event::wait_timeout",
    "Semaphore::acquire",
    "compute",
    "compute of a future",
    "get!",
    "persist",
    "Client::persist",
    "Client::compute",
    "secede",
];

#[test]
fn by_every_verb() {
    on_all(|client| {
        for verb in VERBS.into_iter().chain(["worker_client"]) {
            assert_eq!(client.submit(waits(verb)).result().unwrap(), 6, "{verb}");
            let many = client.map(|_| waits(verb), 0..10);
            assert_eq!(client.gather(many).unwrap(), [6; 10], "{verb}");
        }
        let all = VERBS.map(|verb| client.submit(waits(verb)));
        assert_eq!(client.gather(all).unwrap(), [6; VERBS.len()]);
    });
}

#[test]
fn a_wait_that_is_broken_off_loses_nothing() {
    // A task that is told to stop still learns what has ended and what has not.
    #[delayed]
    fn sorts(begun: Event, told: std::sync::mpsc::Sender<[usize; 2]>) -> Result<(), Error> {
        let client = get_client()?;
        let never = Event::new();
        let wait = never.clone();
        let slow = client.submit(call(move || wait.wait().is_ok(), ()));
        let quick = client.submit(call(|| true, ()));
        quick.wait()?;
        begun.set();
        // It may be told of the stop first; then it asks them itself.
        if let Err(error) = client.wait_all([&slow, &quick]) {
            assert_eq!(error.kind(), ErrorKind::Cancelled);
        }
        let done = [&slow, &quick].iter().filter(|x| x.is_done()).count();
        told.send([done, 2 - done]).unwrap();
        let completed = as_completed([&slow, &quick]).count();
        told.send([completed, 0]).unwrap();
        let next = as_completed([&slow]).next_timeout(LONG);
        // It was cancelled with its parent, and so has ended.
        told.send([usize::from(next.is_ok()), 0]).unwrap();
        Ok(())
    }
    on_all(|client| {
        let (tx, rx) = std::sync::mpsc::channel();
        let begun = Event::new();
        let x = client.submit(sorts(begun.clone(), tx));
        begun.wait().unwrap();
        x.cancel();
        let [done, pending] = rx.recv().unwrap();
        assert_eq!(done + pending, 2);
        assert!(done >= 1);
        assert_eq!(rx.recv().unwrap(), [2, 0]);
        rx.recv().unwrap();
        assert_eq!(x.result().unwrap_err().kind(), ErrorKind::Cancelled);
    });
}

#[test]
fn what_a_wait_may_end_without_is_not_begun_on_its_stack() {
    // The first child ends only after something that the parent does when the wait is over.
    #[delayed]
    fn after(event: Event) -> Result<i64, Error> {
        event.wait().map(|()| 3)
    }
    #[delayed]
    fn parent(verb: &'static str) -> Result<i64, Error> {
        let (client, go) = (get_client()?, Event::new());
        let x = client.submit(after(go.clone()));
        let y = client.submit(inc(2));
        let short = Duration::from_millis(5);
        match verb {
            "result_timeout" => {
                let e = x.result_timeout(short).unwrap_err();
                assert_eq!(e.kind(), ErrorKind::Timeout);
            }
            "wait_timeout" => assert_eq!(client.wait_timeout([&x], short)?.1, [&x]),
            "next_timeout" => assert!(as_completed([&x]).next_timeout(short)?.is_none()),
            "wait_any" => assert_eq!(client.wait_any([&x, &y])?, (vec![&y], vec![&x])),
            "as_completed" => assert!(as_completed([&x, &y]).next().is_some_and(|z| z == y)),
            _ => unreachable!("{verb}"),
        }
        go.set();
        Ok(x.result()? + y.result()?)
    }
    const VERBS: [&str; 5] = [
        "result_timeout",
        "wait_timeout",
        "next_timeout",
        "wait_any",
        "as_completed",
    ];
    on_all(|client| {
        for verb in VERBS {
            assert_eq!(client.submit(parent(verb)).result().unwrap(), 6, "{verb}");
        }
        let all: Vec<_> = (0..20)
            .map(|i| client.submit(parent(VERBS[i % VERBS.len()])))
            .collect();
        assert_eq!(client.gather(all).unwrap(), [6; 20]);
    });
}

#[test]
fn a_body_with_a_deadline_is_told_though_what_it_waits_for_goes_on() {
    #[delayed]
    fn goes_on(end: Event, ended: Event) -> Result<(), Error> {
        end.wait()?;
        ended.set();
        Ok(())
    }
    #[delayed]
    fn parent(end: Event, ended: Event) -> Result<(), Error> {
        let client = get_client()?;
        let child = client.submit(goes_on(end.clone(), ended));
        // The time may be up before it has begun.
        child.clone().detach();
        let told = child.result();
        end.set();
        assert_eq!(told.as_ref().unwrap_err().kind(), ErrorKind::Timeout);
        told
    }
    on_all(|client| {
        let (end, ended) = (Event::new(), Event::new());
        let call = parent(end.clone(), ended.clone()).timeout(Duration::from_millis(5));
        let e = client.submit(call).result().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Timeout);
        ended.wait().unwrap();
    });
}
