//! `wait_idle` waits for all tasks of a client, `shutdown` for so long, and both never for themselves.

use common::{Meeting, client_of, close, ends, on_all, wait_until};
use lazygraph::sync::Event;
use lazygraph::{Client, ErrorKind, Handle, Status, check, get_client, prelude::*};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(20);

#[delayed]
fn count(to: Arc<AtomicUsize>) {
    to.fetch_add(1, SeqCst);
}

/// Detached tasks that start detached tasks, so many levels deep.
#[delayed]
fn spread(to: Arc<AtomicUsize>, depth: u32) -> Result<(), Error> {
    to.fetch_add(1, SeqCst);
    for _ in 0..if depth == 0 { 0 } else { 2 } {
        get_client()?.submit(spread(to.clone(), depth - 1)).detach();
    }
    Ok(())
}

#[delayed]
fn until_told() -> Result<(), Error> {
    loop {
        check()?;
        std::thread::yield_now();
    }
}

#[test]
fn detached_tasks_and_what_they_start_are_waited_for() {
    on_all(|client| {
        client.wait_idle().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        client.submit(spread(ran.clone(), 6)).detach();
        let of = ran.clone();
        client
            .map(move |_| count(of.clone()), 0..100)
            .into_iter()
            .for_each(Handle::detach);
        client.wait_idle().unwrap();
        assert_eq!(ran.load(SeqCst), 127 + 100);
        assert!(client.wait_idle_timeout(Duration::ZERO).unwrap());
    });
}

#[test]
fn for_so_long() {
    on_all(|client| {
        let go = Event::new();
        let waits = go.clone();
        let future = client.submit(call(move || waits.wait().unwrap(), ()));
        assert!(!client.wait_idle_timeout(SHORT).unwrap());
        assert!(!client.wait_idle_timeout(Duration::ZERO).unwrap());
        go.set();
        assert!(client.wait_idle_timeout(LONG).unwrap());
        assert!(client.wait_idle_timeout(Duration::MAX).unwrap());
        assert!(future.is_done());
    });
}

#[test]
fn a_task_of_another_client_may_wait() {
    on_all(|client| {
        let other = client_of(1);
        let ran = Arc::new(AtomicUsize::new(0));
        let (of, there) = (ran.clone(), other.clone());
        let waits = client.submit(call(
            move || {
                there.submit(spread(of.clone(), 4)).detach();
                there.wait_idle().map_err(|e| e.kind())
            },
            (),
        ));
        assert_eq!(waits.result().unwrap(), Ok(()));
        assert_eq!(ran.load(SeqCst), 31);
        // One that is told to stop waits no longer.
        let never = other.submit(until_told());
        let there = other.clone();
        let waits = client.submit(call(move || there.wait_idle().map_err(|e| e.kind()), ()));
        assert!(wait_until(|| waits.status() == Status::Suspended));
        waits.cancel();
        drop(never);
        close(&other);
    });
}

#[test]
fn nobody_waits_for_their_own_end() {
    on_all(|client| {
        let kinds = |client: &Client| {
            let own = [
                client.wait_idle(),
                client.wait_idle_timeout(LONG).map(drop),
                client.shutdown(LONG),
            ];
            own.map(|waited| waited.map_err(|e| e.kind()))
        };
        let refused = [const { Err(ErrorKind::Deadlock) }; 3];
        let in_body = client.submit(call(move || kinds(&get_client().unwrap()), ()));
        assert_eq!(in_body.result().unwrap(), refused);
        let nested = move || {
            call(move || kinds(&get_client().unwrap()), ())
                .compute()
                .unwrap()
        };
        assert_eq!(client.submit(call(nested, ())).result().unwrap(), refused);
        // Nothing has happened.
        assert_eq!(client.submit(value(1)).result().unwrap(), 1);
        // On its threads, outside of bodies.
        struct Last(Client, Event);
        impl Drop for Last {
            fn drop(&mut self) {
                let waited = self.0.wait_idle();
                assert!(waited.is_err_and(|e| e.kind() == ErrorKind::Deadlock));
                self.1.set();
            }
        }
        let dropped = Event::new();
        let last = Last(client.clone(), dropped.clone());
        client
            .submit(call(move || Arc::new(last.1.is_set()), ()))
            .detach();
        dropped.wait().unwrap();
    });
}

#[test]
fn a_shutdown_lets_what_has_begun_come_to_its_end() {
    ends("it", || {
        for slots in [1, 2, 4] {
            let client = client_of(slots);
            let ran = Arc::new(AtomicUsize::new(0));
            let future = client.submit(spread(ran.clone(), 6));
            client.shutdown(LONG).unwrap();
            future.result().unwrap();
            assert_eq!(ran.load(SeqCst), 127);
            let late = client.submit(count(ran.clone()));
            assert_eq!(late.error().unwrap().kind(), ErrorKind::Cancelled);
            client.shutdown(LONG).unwrap();
            close(&client);
        }
    });
}

#[test]
fn a_shutdown_refuses_what_comes_from_outside_meanwhile() {
    ends("it", || {
        let client = client_of(2);
        let (go, begun) = (Event::new(), Event::new());
        let (waits, begins) = (go.clone(), begun.clone());
        let inside = move || {
            begins.set();
            waits.wait().unwrap();
            // A task may still start tasks.
            get_client()
                .unwrap()
                .submit(value(41).map(|x| x + 1))
                .result()
                .unwrap()
        };
        let future = client.submit(call(inside, ()));
        begun.wait().unwrap();
        let shuts = client.clone();
        let shutdown = std::thread::spawn(move || shuts.shutdown(LONG));
        let is_refused = || {
            let late = client.submit(value(1));
            late.result()
                .is_err_and(|e| e.kind() == ErrorKind::Cancelled)
        };
        assert!(wait_until(is_refused));
        go.set();
        shutdown.join().unwrap().unwrap();
        assert_eq!(future.result().unwrap(), 42);
        close(&client);
    });
}

#[test]
fn a_shutdown_cancels_what_takes_too_long() {
    ends("it", || {
        let client = client_of(1);
        let running = client.submit(until_told());
        let queued = client.submit(value(1).map(|x| x + 1));
        let error = client.shutdown(SHORT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().contains("2 futures"), "{error}");
        for future in [running.error(), queued.error()] {
            assert_eq!(future.unwrap().kind(), ErrorKind::Cancelled);
        }
        close(&client);
    });
}

#[test]
fn a_shutdown_does_not_wait_for_bodies_that_do_not_listen() {
    ends("it", || {
        let client = client_of(1);
        let (go, begun) = (Arc::new(AtomicBool::new(false)), Event::new());
        let (may_end, begins) = (go.clone(), begun.clone());
        let deaf = move || {
            begins.set();
            while !may_end.load(SeqCst) {
                std::thread::yield_now();
            }
        };
        client.submit(call(deaf, ())).detach();
        begun.wait().unwrap();
        assert!(client.shutdown(SHORT).is_err());
        go.store(true, SeqCst);
        close(&client);
    });
}

#[test]
fn many_wait_at_once_while_tasks_come_and_go() {
    on_all(|client| {
        let ran = Arc::new(AtomicUsize::new(0));
        let meeting = Meeting::of(4);
        std::thread::scope(|scope| {
            for i in 0..4 {
                let (ran, meeting) = (ran.clone(), meeting.clone());
                scope.spawn(move || {
                    meeting.join();
                    for _ in 0..50 {
                        if i % 2 == 0 {
                            client.submit(spread(ran.clone(), 2)).detach();
                        }
                        client.wait_idle().unwrap();
                    }
                });
            }
        });
        assert_eq!(ran.load(SeqCst), 2 * 50 * 7);
    });
}
