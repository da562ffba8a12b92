//! Cancelling a task cancels what it has started; dropping the last handle cancels what has not begun.

use common::{client_of, ends, on};
use lazygraph::sync::Event;
use lazygraph::{CancelToken, Client, ErrorKind, Handle, Options, Status, get_client, prelude::*};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[delayed]
fn count(runs: Arc<AtomicUsize>) -> usize {
    runs.fetch_add(1, SeqCst)
}

/// Takes the one slot until the event is set.
fn occupy(client: &Client, until: &Event) -> Handle<bool> {
    let (begun, until) = (Event::new(), until.clone());
    let begins = begun.clone();
    let holds = client.submit(call(
        move || {
            begins.set();
            lazygraph::hold_slot(|| until.wait().is_ok())
        },
        (),
    ));
    begun.wait().unwrap();
    holds
}

#[test]
fn what_has_not_begun_never_runs() {
    on(&[1], |client| {
        let (go, runs) = (Event::new(), Arc::new(AtomicUsize::new(0)));
        let first = occupy(client, &go);
        let (one, other) = (
            client.submit(count(runs.clone())),
            client.submit(count(runs.clone())),
        );
        let user = client.submit(call(|n: usize| n, (&one,)));
        one.cancel();
        assert_eq!(one.status(), Status::Cancelled);
        assert_eq!(one.result().unwrap_err().kind(), ErrorKind::Cancelled);
        go.set();
        assert!(first.result().unwrap());
        assert_eq!(other.result().unwrap(), 0);
        assert_eq!(user.result().unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(runs.load(SeqCst), 1);
    });
}

#[test]
fn dropping_the_last_handle_cancels_what_has_not_begun_and_detaching_does_not() {
    on(&[1], |client| {
        let (go, runs) = (Event::new(), Arc::new(AtomicUsize::new(0)));
        let first = occupy(client, &go);
        let clone = client.submit(count(runs.clone())).clone();
        drop(client.submit(count(runs.clone())));
        client.submit(count(runs.clone())).detach();
        drop(client.map(|_| count(runs.clone()), 0..3));
        // Wanted by another task, though its own handle is gone.
        let user = {
            let inner = client.submit(count(runs.clone()));
            client.submit(call(|n: usize| n, (&inner,)))
        };
        go.set();
        first.result().unwrap();
        client.gather([&clone, &user]).unwrap();
        while client.stats().live > 0 {
            std::thread::yield_now();
        }
        assert_eq!(runs.load(SeqCst), 3);
    });
}

#[test]
fn the_result_is_forgotten_with_the_last_handle() {
    on(&[1, 2, 4], |client| {
        let value = Arc::new(());
        let weak = Arc::downgrade(&value);
        let held = Mutex::new(Some(value));
        let x = client.submit(call(move || held.lock().unwrap().take().unwrap(), ()));
        x.wait().unwrap();
        assert!(weak.upgrade().is_some());
        drop(x);
        assert!(weak.upgrade().is_none());
        let all = client.map(|_| call(|| Arc::new(()), ()), 0..3);
        let weak: Vec<_> = client
            .gather(&all)
            .unwrap()
            .iter()
            .map(Arc::downgrade)
            .collect();
        drop(all);
        while client.stats().live > 0 || weak.iter().any(|w| w.upgrade().is_some()) {
            std::thread::yield_now();
        }
    });
}

#[test]
fn children_are_cancelled_with_their_parent() {
    #[delayed]
    fn parent(begun: Event, saw: Arc<AtomicBool>, runs: Arc<AtomicUsize>) -> Result<(), Error> {
        let client = get_client()?;
        let never = Event::new();
        let child = client.submit(call(
            move || {
                begun.set();
                // Ends because it is told to.
                let told = never.wait().unwrap_err().kind() == ErrorKind::Cancelled;
                saw.store(
                    told && CancelToken::current().unwrap().is_cancelled(),
                    SeqCst,
                );
            },
            (),
        ));
        let after =
            client.submit(call(|(): ()| (), (&child,)).and_then(move |()| count(runs.clone())));
        let e = after.result().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Cancelled);
        Err(e)
    }
    on(&[1, 2, 4], |client| {
        let (begun, saw, runs) = (
            Event::new(),
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let parent = client.submit(parent(begun.clone(), saw.clone(), runs.clone()));
        begun.wait().unwrap();
        parent.cancel();
        assert_eq!(parent.result().unwrap_err().kind(), ErrorKind::Cancelled);
        client.close();
        assert!(saw.load(SeqCst));
        assert_eq!(runs.load(SeqCst), 0);
    });
}

#[test]
fn a_parent_that_does_not_wait_leaves_only_detached_children() {
    #[delayed]
    fn parent(runs: Arc<AtomicUsize>) -> Result<(), Error> {
        let client = get_client()?;
        drop(client.map(|_| count(runs.clone()), 0..10));
        for _ in 0..10 {
            drop(client.submit(count(runs.clone())));
            client.submit(count(runs.clone())).detach();
        }
        Ok(())
    }
    on(&[1], |client| {
        let runs = Arc::new(AtomicUsize::new(0));
        client.submit(parent(runs.clone())).result().unwrap();
        while client.stats().live > 0 {
            std::thread::yield_now();
        }
        assert_eq!(runs.load(SeqCst), 10);
    });
}

#[test]
fn a_parent_that_is_tried_again_starts_its_children_again() {
    on(&[1, 2, 4], |client| {
        let (tries, runs) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (t, r) = (tries.clone(), runs.clone());
        #[delayed]
        fn parent(tries: Arc<AtomicUsize>, runs: Arc<AtomicUsize>) -> Result<usize, Error> {
            let child = get_client()?.submit(count(runs)).result()?;
            match tries.fetch_add(1, SeqCst) {
                0 => panic!("{}", common::PLANNED),
                _ => Ok(child),
            }
        }
        common::quiet();
        assert_eq!(client.submit(parent(t, r).retries(2)).result().unwrap(), 1);
        assert_eq!((tries.load(SeqCst), runs.load(SeqCst)), (2, 2));
    });
}

#[test]
fn closing_ends_all_waits_of_fifty_suspended_parents() {
    #[delayed]
    fn parent(never: Event) -> Result<(), Error> {
        never.wait()
    }
    for slots in [1, 2, 4] {
        ends("it", move || {
            let client = client_of(slots);
            let never = Event::new();
            let parents: Vec<_> = (0..50)
                .map(|_| client.submit(parent(never.clone())))
                .collect();
            while client.stats().suspended < 50 {
                std::thread::yield_now();
            }
            client.close();
            for outcome in client.gather_all(&parents) {
                assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
            }
            let stats = client.stats();
            assert_eq!((stats.permits, stats.suspended, stats.live), (slots, 0, 0));
            assert_eq!((stats.threads, stats.lent), (0, 0));
        });
    }
}

#[test]
fn the_token_of_its_options_closes_the_client() {
    ends("it", || {
        let token = CancelToken::new();
        let options = Options::new().cancel(&token);
        let client = Client::builder()
            .threads(1)
            .options(options)
            .build()
            .unwrap();
        let never = Event::new();
        let x = client.submit(call(move || never.wait().is_ok(), ()));
        while x.status() != Status::Suspended {
            std::thread::yield_now();
        }
        token.cancel();
        assert_eq!(x.result().unwrap_err().kind(), ErrorKind::Cancelled);
        let late = client.submit(value(1));
        assert_eq!(late.result().unwrap_err().kind(), ErrorKind::Cancelled);
    });
}

#[test]
fn the_limit_of_its_options_is_for_each_task() {
    ends("it", || {
        let options = Options::new().timeout(Duration::from_millis(20));
        let client = Client::builder()
            .threads(1)
            .options(options)
            .build()
            .unwrap();
        #[delayed]
        fn waits(event: Event) -> Result<(), Error> {
            event.wait()
        }
        let x = client.submit(waits(Event::new()));
        assert_eq!(x.result().unwrap_err().kind(), ErrorKind::Timeout);
        // Another has a limit of its own, also one that waits in a graph for something that never ends.
        let first = client.submit(waits(Event::new()));
        let second = client.submit(call(|(): ()| 1, (&first,)));
        assert_eq!(second.result().unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(client.submit(value(1)).result().unwrap(), 1);
    });
}

#[test]
fn a_task_that_is_cancelled_again_and_again_is_cancelled_once() {
    on(&[1, 2, 4], |client| {
        for _ in 0..200 {
            let x = client.submit(call(|| 1, ()));
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let x = x.clone();
                    std::thread::spawn(move || x.cancel())
                })
                .collect();
            let first = x.result().map_err(|e| e.kind());
            threads.into_iter().for_each(|t| t.join().unwrap());
            assert!(matches!(first, Ok(1) | Err(ErrorKind::Cancelled)));
            assert_eq!(x.result().map_err(|e| e.kind()), first);
        }
    });
}

#[test]
fn who_holds_another_handle_and_still_wants_it_is_told() {
    #[delayed]
    fn waits(begun: Event, end: Event) -> Result<i64, Error> {
        begun.set();
        end.wait()?;
        Ok(1)
    }
    on(&[1, 2, 4], |client| {
        let (begun, end, told) = (Event::new(), Event::new(), Event::new());
        let x = client.submit(waits(begun.clone(), end));
        let other = x.clone();
        let user = client.submit(call(|x: i64| x, (&x,)));
        let hears = told.clone();
        other.on_done(move |outcome| {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
            hears.set();
        });
        let thread = std::thread::spawn({
            let other = other.clone();
            move || other.result()
        });
        let inside = client.submit(call(
            |x: Handle<i64>| x.result().is_err(),
            (value(other.clone()),),
        ));
        begun.wait().unwrap();
        x.cancel();
        told.wait().unwrap();
        let kind = |e: Error| e.kind();
        assert_eq!(
            thread.join().unwrap().map_err(kind),
            Err(ErrorKind::Cancelled)
        );
        assert_eq!(user.result().map_err(kind), Err(ErrorKind::Cancelled));
        assert!(inside.result().unwrap());
        assert_eq!(other.error().unwrap().kind(), ErrorKind::Cancelled);
        // Whoever wants it nevertheless has it tried again.
        other.retry().unwrap();
        assert_ne!(x.status(), Status::Cancelled);
        drop((x, other));
    });
}

#[test]
fn a_result_that_was_dropped_may_still_be_on_its_way_to_others() {
    on(&[1, 2, 4], |client| {
        let go = Event::new();
        let wait = go.clone();
        let x = client.submit(call(move || wait.wait().map_or(-1i64, |()| 1), ()));
        let lazy = x.to_delayed();
        let list = client.submit(call(|xs: Vec<i64>| xs.len(), (vec![x.clone(), x.clone()],)));
        drop(x);
        go.set();
        assert_eq!((lazy + 1).compute().unwrap(), 2);
        assert_eq!(list.result().unwrap(), 2);
    });
}

#[test]
fn what_is_tried_again_and_again_while_it_comes_to_rest_ends_as_often() {
    #[delayed]
    fn looks(x: usize) -> Result<usize, Error> {
        lazygraph::check()?;
        std::thread::yield_now();
        lazygraph::check()?;
        Ok(x)
    }
    on(&[1, 2, 4], |client| {
        for round in 0..60 {
            let all = match round % 2 {
                0 => client.map(looks, 0..4),
                _ => (0..4).map(|x| client.submit(looks(x))).collect(),
            };
            let threads: Vec<_> = all
                .iter()
                .enumerate()
                .map(|(i, x)| {
                    let x = x.clone();
                    std::thread::spawn(move || {
                        for _ in 0..20 {
                            x.cancel();
                            // Not where it has ended meanwhile.
                            let _ = x.retry();
                        }
                        // The last try may have been cut short by the cancel of another, of the same graph.
                        match x.result() {
                            Ok(value) => assert_eq!(value, i),
                            Err(e) => assert_eq!(e.kind(), ErrorKind::Cancelled),
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|t| t.join().unwrap());
            if round % 3 == 0 {
                all[0].cancel();
                let _ = all[0].retry();
            }
            drop(all);
        }
    });
}

#[test]
fn an_element_of_a_map_is_cancelled_with_what_it_has_started_and_no_other() {
    #[delayed]
    fn element(i: usize, begun: Event, end: Event, told: Arc<AtomicUsize>) -> Result<usize, Error> {
        let child = get_client()?.submit(call(|end: Event| end.wait().is_ok(), (end,)));
        begun.set();
        let outcome = child.result();
        if CancelToken::current().unwrap().is_cancelled() {
            told.fetch_add(1 << i, SeqCst);
            // What it still starts is cancelled with it.
            let late = get_client()?.submit(call(|| 1, ()));
            assert_eq!(late.status(), Status::Cancelled);
            while !child.is_done() {
                std::thread::yield_now();
            }
            assert_eq!(child.status(), Status::Cancelled);
        }
        outcome.map(|_| i)
    }
    on(&[1, 2, 4], |client| {
        let (end, told) = (Event::new(), Arc::new(AtomicUsize::new(0)));
        let begun: Vec<Event> = (0..3).map(|_| Event::new()).collect();
        let start = |i: usize| element(i, begun[i].clone(), end.clone(), told.clone());
        let all = client.map(start, 0..3);
        begun.iter().for_each(|begun| begun.wait().unwrap());
        all[1].cancel();
        assert_eq!(all[1].status(), Status::Cancelled);
        while told.load(SeqCst) == 0 {
            std::thread::yield_now();
        }
        assert!(!all[0].is_done() && !all[2].is_done());
        end.set();
        let values: Vec<_> = client
            .gather_all(&all)
            .into_iter()
            .map(Result::ok)
            .collect();
        assert_eq!(values, [Some(0), None, Some(2)]);
        assert_eq!(told.load(SeqCst), 1 << 1);
    });
}

#[test]
fn cancelling_what_has_ended_does_nothing_to_what_it_has_started() {
    #[delayed]
    fn parent(end: Event) -> Result<Handle<i64>, Error> {
        Ok(get_client()?.submit(call(move || end.wait().map_or(-1, |()| 1i64), ())))
    }
    on(&[1, 2, 4], |client| {
        let end = Event::new();
        let parent = client.submit(parent(end.clone()));
        let child = parent.result().unwrap();
        parent.cancel();
        end.set();
        assert_eq!(
            (child.result().unwrap(), parent.status()),
            (1, Status::Finished)
        );
    });
}
