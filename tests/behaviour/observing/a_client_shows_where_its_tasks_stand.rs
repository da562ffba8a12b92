//! States, stories, times, counts and observers: what a user can see of a client's tasks.

use common::recorder::{Recorder, What};
use common::{client_of, ends, on_all, wait_until};
use lazygraph::sync::Event;
use lazygraph::{
    Client, Counter, ErrorKind, Memo, Options, Status, Transition, get_client, hold_slot,
    prelude::*, rejoin, secede,
};
use std::time::Duration;

/// Says that it has begun, then keeps its slot until it may end.
#[delayed]
fn busy(begun: Event, end: Event) -> Result<(), Error> {
    begun.set();
    hold_slot(|| end.wait())
}

#[delayed]
fn waits(end: Event) -> Result<(), Error> {
    end.wait()
}

#[delayed]
fn after((): (), x: i64) -> i64 {
    x
}

#[test]
fn the_states_of_a_future() {
    on_all(|client| {
        let (ends, slots) = (Event::new(), client.stats().slots);
        let begun: Vec<Event> = (0..slots).map(|_| Event::new()).collect();
        let all: Vec<_> = begun
            .iter()
            .map(|begun| client.submit(busy(begun.clone(), ends.clone())))
            .collect();
        begun.iter().for_each(|begun| begun.wait().unwrap());
        let last = &all[slots - 1];
        let waiting = client.submit(after(last, 1));
        let queued = client.submit(call(|| 1, ()));
        let cancelled = client.submit(call(|| 1, ()));
        cancelled.cancel();
        let stats = client.stats();
        assert_eq!(
            (stats.running, stats.queued, stats.live),
            (slots, 2, slots + 2)
        );
        assert_eq!(
            (stats.permits, stats.suspended, stats.threads),
            (0, 0, slots)
        );
        let status = [
            last.status(),
            waiting.status(),
            queued.status(),
            cancelled.status(),
        ];
        use Status::*;
        assert_eq!(status, [Running, Waiting, Queued, Cancelled]);
        ends.set();
        client.gather(all).unwrap();
        assert_eq!(waiting.result().unwrap(), 1);
        assert_eq!((waiting.status(), queued.result().unwrap()), (Finished, 1));
        // A failure of what it needs is its own.
        let fails = client.submit(after(&cancelled.to_delayed().map(|_| ()), 1));
        assert_eq!(fails.result().unwrap_err().kind(), ErrorKind::Cancelled);
        let fails = client.submit(waits(Event::new()).timeout(Duration::from_millis(1)));
        assert_eq!(fails.result().unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(fails.status(), Failed);
        let end = Event::new();
        let suspended = client.submit(waits(end.clone()));
        assert!(wait_until(|| suspended.status() == Suspended));
        // It is shown as suspended before the slot is given up.
        assert!(wait_until(|| client.stats().permits == slots));
        assert_eq!(client.stats().suspended, 1);
        end.set();
        suspended.result().unwrap();
        assert_eq!(suspended.status(), Finished);
    });
}

/// A number that is there when the event is set.
#[delayed]
fn number(begun: &Event, end: &Event, x: i64) -> Result<i64, Error> {
    begun.set();
    end.wait()?;
    Ok(x)
}

/// Queued, running and suspended futures.
fn counted(client: &Client) -> (usize, usize, usize) {
    let stats = client.stats();
    (stats.queued, stats.running, stats.suspended)
}

#[test]
fn only_futures_are_counted_and_each_of_them() {
    on_all(|client| {
        // What a future needs is none.
        let (begun, end) = (Event::new(), Event::new());
        let needs: Vec<_> = (0..4)
            .map(|x| number(begun.clone(), end.clone(), x))
            .collect();
        let (total,) = client.compute((needs.into_iter().sum::<Delayed<i64>>(),));
        begun.wait().unwrap();
        assert_eq!((client.stats().live, counted(client)), (1, (1, 0, 0)));
        end.set();
        assert_eq!(total.result().unwrap(), 6);
        // One body may be two.
        let (begun, end) = (Event::new(), Event::new());
        let x = number(begun.clone(), end.clone(), 7);
        let (a, b) = client.compute((&x, &x));
        begun.wait().unwrap();
        assert!(wait_until(|| counted(client) == (0, 0, 2)));
        end.set();
        assert_eq!((a.result().unwrap(), b.result().unwrap()), (7, 7));
        assert_eq!(counted(client), (0, 0, 0));
    });
}

#[test]
fn a_story_ends_with_its_end() {
    on_all(|client| {
        let (begun, end) = (Event::new(), Event::new());
        let goes_on = begun.clone();
        let x = client.submit(call(
            move |()| {
                goes_on.set();
                // It does not look at its token.
                while !end.wait_timeout(Duration::from_secs(60)).unwrap_or(true) {}
            },
            ((),),
        ));
        begun.wait().unwrap();
        assert!(wait_until(|| x.status() == Status::Suspended));
        x.cancel();
        assert_eq!(x.status(), Status::Cancelled);
        client.close();
        let times = x.times().unwrap();
        assert_eq!(x.story().last().unwrap().1, Transition::Cancelled);
        assert_eq!(x.times().unwrap(), times, "nothing is added after the end");
    });
}

#[test]
fn what_never_began_is_not_told_as_begun() {
    ends("it", || {
        let options = Options::new().timeout(Duration::from_millis(20));
        let client = Client::builder()
            .threads(1)
            .options(options)
            .build()
            .unwrap();
        let (begun, end) = (Event::new(), Event::new());
        let (is_begun, may_end) = (begun.clone(), end.clone());
        let busy = client.submit(call(
            move |()| {
                is_begun.set();
                hold_slot(|| {
                    while !may_end.is_set() {
                        std::thread::yield_now();
                    }
                });
            },
            ((),),
        ));
        begun.wait().unwrap();
        let many = (0..2_000_i64).map(|x| number(Event::new(), Event::new(), x));
        let late = client.submit(many.sum::<Delayed<i64>>());
        std::thread::sleep(Duration::from_millis(60));
        end.set();
        assert_eq!(late.result().unwrap_err().kind(), ErrorKind::Timeout);
        let chapters: Vec<Transition> = late.story().into_iter().map(|(_, c)| c).collect();
        assert_eq!(chapters, [Transition::Submitted, Transition::Failed]);
        drop(busy);
    });
}

#[test]
fn who_has_come_back_is_like_one_who_never_left() {
    #[delayed]
    fn comes_and_goes(begun: Event, end: Event) -> Result<[usize; 3], Error> {
        let client = get_client()?;
        let seen = || {
            let stats = client.stats();
            (stats.slots - stats.permits) + 100 * stats.suspended + 10_000 * stats.running
        };
        let before = seen();
        let guard = secede()?;
        let without = seen();
        rejoin(guard);
        let back = seen();
        begun.set();
        hold_slot(|| end.wait())?;
        Ok([before, without, back])
    }
    on_all(|client| {
        let (begun, end) = (Event::new(), Event::new());
        let x = client.submit(comes_and_goes(begun.clone(), end.clone()));
        begun.wait().unwrap();
        assert_eq!(x.status(), Status::Running);
        end.set();
        assert_eq!(x.result().unwrap(), [10_001, 100, 10_001]);
    });
}

#[test]
fn running_and_suspended_time_are_told_apart() {
    on_all(|client| {
        let end = Event::new();
        let first = client.submit(waits(end.clone()));
        let second = client.submit(after(&first, 1));
        assert!(wait_until(|| first.status() == Status::Suspended));
        let so_far = first.times().unwrap();
        assert!(wait_until(
            || first.times().unwrap().suspended > so_far.suspended
        ));
        assert_eq!(first.times().unwrap().running, so_far.running);
        assert!(second.times().unwrap().running.is_zero());
        end.set();
        second.result().unwrap();
        let (one, other) = (first.times().unwrap(), second.times().unwrap());
        assert!(one.suspended > so_far.suspended && other.suspended.is_zero());
        use Transition::*;
        let story: Vec<_> = client.story(&first);
        let chapters: Vec<_> = story.iter().map(|(_, chapter)| *chapter).collect();
        assert_eq!(chapters, [Submitted, Started, Suspended, Resumed, Finished]);
        assert!(story.is_sorted_by_key(|(at, _)| *at));
        let (whole, _) = story[4];
        assert_eq!(one.waiting + one.running + one.suspended, whole);
        let many = client.map(|x: i64| value(x).map(|x| x + 1), 0..5000);
        client.gather(&many).unwrap();
        assert_eq!((many[0].times(), many[0].story().len()), (None, 1));
    });
}

#[test]
fn a_failure_in_a_task_names_it_and_the_line_that_built_it() {
    #[delayed]
    fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
        text.parse()
    }
    #[delayed]
    fn outer(text: &'static str) -> Result<i64, Error> {
        get_client()?
            .submit(parse(text).named("inner parse"))
            .result()
    }
    on_all(|client| {
        let line = line!() + 1;
        let x = client.submit(outer("x").named("the task"));
        let e = x.result().unwrap_err();
        assert_eq!((x.name().as_str(), e.task()), ("the task", "the task"));
        assert_eq!(
            (e.root().task(), e.root().call()),
            ("inner parse", "inner parse(\"x\")")
        );
        assert!(
            e.location().contains(&format!(":{line}:")),
            "{}",
            e.location()
        );
        assert!(e.downcast_ref::<std::num::ParseIntError>().is_some());
    });
}

#[test]
fn observers_see_their_own_client_and_what_is_nested_in_its_tasks() {
    #[delayed]
    fn leaf(x: i64) -> i64 {
        x
    }
    #[delayed(pure)]
    fn square(x: i64) -> i64 {
        x * x
    }
    #[delayed]
    fn task(x: i64) -> Result<i64, Error> {
        let future = get_client()?.submit(leaf(x));
        Ok(leaf(1).compute()? + future.result()? + square(1).compute()?)
    }
    for slots in [1, 2, 4] {
        ends("it", move || {
            let (seen, log, memo) = (Counter::new(), Recorder::new(), Memo::new());
            let client = Client::builder()
                .threads(slots)
                .observe(&seen)
                .memo(&memo)
                .options(Options::new().observe(&log))
                .build()
                .unwrap();
            let other = client_of(slots);
            assert_eq!(client.submit(task(1)).result().unwrap(), 3);
            assert_eq!(other.submit(task(1)).result().unwrap(), 3);
            assert_eq!(leaf(1).compute().unwrap(), 1);
            client.close();
            let executed = ["task", "leaf", "square"].map(|f| seen.executed(f));
            assert_eq!(executed, [1, 2, 1]);
            let parents = log.seen().into_iter().filter_map(|s| match s.what {
                What::RunStarted { parent, .. } => Some(parent),
                _ => None,
            });
            let mut parents: Vec<_> = parents.collect();
            parents.sort();
            assert_eq!(parents, [None, Some((0, 0)), Some((0, 0)), Some((0, 0))]);
            assert_eq!(memo.stats().entries, 1);
        });
    }
}

/// A thread that was invited and comes too late does not show: a client at rest stays at rest.
#[test]
fn a_client_at_rest_stays_at_rest() {
    on_all(|client| {
        for _ in 0..300 {
            let tasks = [1, 2, 3].map(|x| client.submit(after((), x)));
            assert_eq!(client.gather(tasks).unwrap(), [1, 2, 3]);
            let at_rest = || {
                let stats = client.stats();
                (stats.live, stats.threads) == (0, 0)
            };
            assert!(wait_until(at_rest), "{:?}", client.stats());
            for _ in 0..20 {
                let stats = client.stats();
                let counts = (stats.live, stats.threads, stats.permits);
                assert_eq!(counts, (0, 0, stats.slots));
                std::thread::yield_now();
            }
        }
    });
}
