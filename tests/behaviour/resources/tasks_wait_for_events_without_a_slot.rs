//! `sync::Event` and `sync::Semaphore` inside tasks: who waits gives the slot up, and threads are bounded.

use common::{client_of, ends, on_all, on_built};
use lazygraph::sync::{Event, Semaphore};
use lazygraph::{Client, ClientBuilder, ErrorKind, Options, compute_with, prelude::*};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[delayed]
fn wait(event: Event) -> Result<(), Error> {
    event.wait()
}

#[test]
fn the_one_who_sets_it_needs_a_slot_too() {
    on_all(|client| {
        let event = Event::new();
        let waiters: Vec<_> = (0..20)
            .map(|_| client.submit(wait(event.clone())))
            .collect();
        let sets = event.clone();
        let setter = client.submit(call(move || sets.set(), ()));
        client.gather(waiters).unwrap();
        setter.result().unwrap();
        event.clear();
        assert!(!event.is_set());
    });
}

#[test]
fn a_node_among_thousands_waits_for_a_later_one() {
    // Whoever computes so many small nodes begins with them alone.
    #[delayed]
    fn sets_last(event: Event, i: i64, by: i64) -> Result<i64, Error> {
        match i {
            3 | 700 if by == 1 => lazygraph::hold_slot(|| event.wait())?,
            3 | 700 => event.wait()?,
            1_999 => event.set(),
            _ => {}
        }
        Ok(i)
    }
    #[delayed]
    fn sum_of(event: Event) -> Result<i64, Error> {
        let all: Vec<_> = (0..2_000).map(|i| sets_last(event.clone(), i, 0)).collect();
        Ok(compute!(all)?.iter().sum())
    }
    for by in 0..2 {
        ends("it", move || {
            let event = Event::new();
            let all: Vec<_> = (0..2_000)
                .map(|i| sets_last(event.clone(), i, by))
                .collect();
            let numbers = compute_with(&Options::new().threads(3), all).unwrap();
            assert_eq!(numbers.iter().sum::<i64>(), 1_999_000);
        });
    }
    ends("it", || {
        let client = client_of(2);
        let sum = client.submit(sum_of(Event::new()));
        assert_eq!(sum.result().unwrap(), 1_999_000);
    });
}

#[test]
fn a_tiny_node_among_thousands_waits_for_a_later_one() {
    // So many tiny nodes are gathered for several threads: here most stand alone, and every other needs the one before.
    #[delayed]
    fn tiny(event: Arc<Event>, x: i64, i: i64) -> Result<i64, Error> {
        match i {
            40_000 | 40_007 => event.wait()?,
            40_010 => event.set(),
            _ => {}
        }
        Ok(x + 1)
    }
    ends("it", || {
        for _ in 0..5 {
            let event = Arc::new(Event::new());
            let mut all: Vec<Delayed<i64>> = Vec::new();
            for i in 0..60_000 {
                all.push(match i % 2 {
                    0 => tiny(event.clone(), 0, i),
                    _ => tiny(event.clone(), &all[i as usize - 1], i),
                });
            }
            let numbers = compute_with(&Options::new().threads(3), all).unwrap();
            assert_eq!(numbers.iter().sum::<i64>(), 90_000);
        }
    });
}

#[test]
fn the_budget_of_memory_holds_up_nobody_who_is_waited_for() {
    // Results that own memory: units may get ahead of the order only within a budget, and the last one sets the event.
    #[delayed]
    fn text(event: Event, i: usize) -> Result<String, Error> {
        match i {
            19 => event.set(),
            _ => event.wait()?,
        }
        Ok("x".repeat(i))
    }
    #[delayed]
    fn nested(event: Event, i: usize) -> Result<String, Error> {
        // The body of a run within the run waits.
        compute!(text(event, i).fuse(false).map_owned(|text| text + "y"))
    }
    #[delayed]
    fn seceded(event: Event, i: usize) -> Result<String, Error> {
        let _guard = lazygraph::secede()?;
        text::now(event, i)
    }
    #[delayed]
    fn length(text: &str) -> usize {
        text.len()
    }
    on_all(|client| {
        let bodies = [
            (|event, i| length(text(event, i))) as fn(Event, usize) -> Delayed<usize>,
            |event, i| length(nested(event, i)),
            |event, i| length(seceded(event, i)),
        ];
        for (round, body) in bodies.into_iter().enumerate() {
            let event = Event::new();
            let lengths = client.map(|i| body(event.clone(), i), 0..20);
            let sum: usize = client.gather(lengths).unwrap().iter().sum();
            assert_eq!(sum, 190 + if round == 1 { 20 } else { 0 });
        }
    });
}

#[test]
fn ten_thousand_parents_on_one_event_take_bounded_threads_and_do_not_hang() {
    let build = |builder: ClientBuilder| builder.max_lent_threads(20);
    on_built(&[1, 2, 4], build, |client| {
        let event = Event::new();
        let parents = client.map(|_| wait(event.clone()), 0..5_000);
        let each: Vec<_> = (0..5_000)
            .map(|_| client.submit(wait(event.clone())))
            .collect();
        let sets = event.clone();
        // Behind them all: it comes, for those past the bound fail.
        let setter = client.submit(call(move || sets.set(), ()));
        setter.result().unwrap();
        let mut counts = [0, 0];
        let outcomes = client
            .gather_all(&parents)
            .into_iter()
            .chain(client.gather_all(&each));
        for outcome in outcomes {
            match outcome {
                Ok(()) => counts[0] += 1,
                Err(e) => {
                    assert_eq!(e.kind(), ErrorKind::ThreadsExhausted, "{e:?}");
                    counts[1] += 1;
                }
            }
        }
        assert_eq!(counts[0] + counts[1], 10_000);
        assert!(counts[0] >= 20, "{counts:?}");
    });
}

#[test]
fn a_semaphore_lets_in_so_many_and_no_more() {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    #[delayed]
    fn enter(door: Semaphore) -> Result<(), Error> {
        let _inside = door.acquire()?;
        MOST.fetch_max(INSIDE.fetch_add(1, SeqCst) + 1, SeqCst);
        std::thread::yield_now();
        INSIDE.fetch_sub(1, SeqCst);
        Ok(())
    }
    ends("it", || {
        let client = client_of(4);
        let door = Semaphore::new(2);
        client
            .gather(client.map(|_| enter(door.clone()), 0..500))
            .unwrap();
        assert!(MOST.load(SeqCst) <= 2);
        assert_eq!(door.available(), 2);
        let (a, b) = (door.try_acquire(), door.try_acquire());
        assert!(a.is_some() && b.is_some() && door.try_acquire().is_none());
    });
}

#[test]
fn who_is_cancelled_while_it_waits_leaves_the_queue() {
    ends("it", || {
        let client = client_of(2);
        let door = Semaphore::new(1);
        let inside = door.acquire().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let waiters: Vec<_> = (0..10)
            .map(|_| {
                let (door, ran) = (door.clone(), ran.clone());
                client.submit(call(
                    move || {
                        if door.acquire().is_ok() {
                            ran.fetch_add(1, SeqCst);
                        }
                    },
                    (),
                ))
            })
            .collect();
        while client.stats().suspended < 10 {
            std::thread::yield_now();
        }
        waiters.iter().step_by(2).for_each(|w| w.cancel());
        while client.stats().suspended > 5 {
            std::thread::yield_now();
        }
        drop(inside);
        for waiter in waiters.iter().skip(1).step_by(2) {
            waiter.result().unwrap();
        }
        client.close();
        assert_eq!((ran.load(SeqCst), door.available()), (5, 1));
    });
}

#[test]
fn nodes_of_a_plain_compute_wait_without_a_slot_as_well() {
    for threads in [2, 4] {
        ends("it", move || {
            let options = lazygraph::Options::new().threads(threads);
            let event = Event::new();
            let sets = event.clone();
            // In the order of the plan the one that sets it is the last.
            let mut all: Vec<Delayed<()>> = (0..200).map(|_| wait(event.clone())).collect();
            all.push(call(move || sets.set(), ()));
            lazygraph::compute_with(&options, all).unwrap();
            // The first of many tiny nodes are one thread's, until it waits. In a chain of units, too.
            let event = Event::new();
            let sets = event.clone();
            let chain = call(|(): ()| 1u64, (wait(event.clone()),)).fuse(false);
            let mut all = vec![call(|x: u64| x + 1, (chain,)).fuse(false)];
            all.extend((0..3_000u64).map(|x| call(move || x, ())));
            all.push(call(
                move || {
                    sets.set();
                    7
                },
                (),
            ));
            let sum: u64 = lazygraph::compute_with(&options, all).unwrap().iter().sum();
            assert_eq!(sum, 2 + 3_000 * 2_999 / 2 + 7);
            let (door, open) = (Semaphore::new(1), Event::new());
            let (enter, until) = (door.clone(), open.clone());
            let inside = move || enter.acquire().is_ok_and(|_inside| until.wait().is_ok());
            let mut all = vec![call(inside, ())];
            all.extend((0..100).map(|_| {
                let door = door.clone();
                call(move || door.acquire().is_ok(), ())
            }));
            all.push(call(
                move || {
                    open.is_set() || {
                        open.set();
                        true
                    }
                },
                (),
            ));
            assert_eq!(lazygraph::compute_with(&options, all).unwrap(), [true; 102]);
            assert_eq!(door.available(), 1);
        });
    }
}

#[test]
fn so_many_nodes_of_a_plain_compute_that_no_thread_is_left_are_an_error() {
    for threads in [2, 4] {
        ends("it", move || {
            let options = lazygraph::Options::new().threads(threads);
            let never = Event::new();
            let all: Vec<Delayed<()>> = (0..600).map(|_| wait(never.clone())).collect();
            let e = lazygraph::compute_with(&options, all).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::ThreadsExhausted);
        });
    }
}

#[delayed]
fn slowly() -> i64 {
    std::thread::sleep(std::time::Duration::from_millis(200));
    1
}

#[delayed]
fn waits_for_what_it_submits(event: Event, client: Client) -> Result<i64, Error> {
    let sets = event.clone();
    let setter = client.submit(call(move || sets.set(), ()));
    std::thread::sleep(std::time::Duration::from_millis(20));
    let waited = event.wait();
    drop(setter);
    waited.map(|()| 1)
}

#[delayed]
fn computes_both(event: Event, client: Client) -> Result<i64, Error> {
    let waits = waits_for_what_it_submits(event, client);
    let (a, b) = lazygraph::compute((slowly(), waits))?;
    Ok(a + b)
}

/// The owner of a nested compute sleeps, too: who waits for a thread that cannot come is told.
#[test]
fn an_owner_that_sleeps_is_no_help() {
    ends("it", || {
        let client = Client::builder().threads(2).max_lent_threads(0);
        let client = client.build().unwrap();
        let task = client.submit(computes_both(Event::new(), client.clone()));
        match task.result() {
            Ok(sum) => assert_eq!(sum, 2),
            Err(e) => assert!(format!("{e:#}").contains("thread"), "{e:#}"),
        }
    });
}
