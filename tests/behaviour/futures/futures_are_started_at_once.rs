//! `submit` starts a task, and its future tells what came of it.

use common::{client_of, ends, on_all, pool_of};
use lazygraph::sync::Event;
use lazygraph::{Client, ErrorKind, Handle, Memo, Status, Transition, as_completed, prelude::*};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[delayed]
fn total(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

#[delayed]
fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
    text.parse()
}

#[delayed]
fn wait_for(event: Event, x: i64) -> Result<i64, Error> {
    event.wait()?;
    Ok(x)
}

#[test]
fn it_runs_before_anybody_asks() {
    on_all(|client| {
        let runs = Arc::new(AtomicUsize::new(0));
        let done = Event::new();
        let (count, set) = (runs.clone(), done.clone());
        let x = client.submit(call(
            move || {
                count.fetch_add(1, SeqCst);
                set.set();
            },
            (),
        ));
        done.wait().unwrap();
        assert_eq!(runs.load(SeqCst), 1);
        x.result().unwrap();
    });
}

#[test]
fn futures_are_arguments_alone_and_in_lists() {
    on_all(|client| {
        let go = Event::new();
        let x = client.submit(wait_for(go.clone(), 1));
        let y = client.submit(add(&x, 10));
        let z = client.submit(total(vec![x.clone(), y.clone()]));
        let w = client.submit(total([&x, &y].map(Handle::clone).to_vec()));
        let sum = client.submit(call(|a: i64, b: i64| a * b, (&y, z.clone())));
        assert_eq!(y.status(), Status::Waiting);
        go.set();
        assert_eq!(z.result().unwrap(), 12);
        assert_eq!(w.result().unwrap(), 12);
        assert_eq!(sum.result().unwrap(), 132);
        assert_eq!((x.to_delayed() + 1).compute().unwrap(), 2);
        assert_eq!(y.status(), Status::Finished);
    });
}

#[test]
fn a_part_that_needs_no_future_does_not_wait_for_one() {
    on_all(|client| {
        let go = Event::new();
        let first = client.submit(wait_for(go.clone(), 1));
        // The other half of the graph sets what the first waits for.
        let set = go.clone();
        let both = client.submit(add(
            &first,
            call(
                move || -> i64 {
                    set.set();
                    2
                },
                (),
            ),
        ));
        assert_eq!(both.result().unwrap(), 3);
    });
}

#[test]
fn a_plain_compute_waits_for_the_futures_in_it() {
    on_all(|client| {
        let go = Event::new();
        let x = client.submit(wait_for(go.clone(), 1));
        let setter = std::thread::spawn(move || go.set());
        assert_eq!(add(&x, inc(1)).compute().unwrap(), 3);
        setter.join().unwrap();
        assert_eq!(inc(&x).compute().unwrap(), 2);
    });
}

#[test]
fn map_gives_one_future_an_item_and_each_fails_alone() {
    on_all(|client| {
        let all = client.map(|text: &str| parse(text), ["1", "x", "3", "y"]);
        let outcomes = client.gather_all(&all);
        let values: Vec<_> = outcomes.iter().map(|o| o.as_ref().ok().copied()).collect();
        assert_eq!(values, [Some(1), None, Some(3), None]);
        let e = client.gather(&all).unwrap_err();
        assert_eq!((e.kind(), e.call()), (ErrorKind::Failed, "parse(\"x\")"));
        assert_eq!(all[2].result().unwrap(), 3);
        assert_eq!(
            client.gather(client.map(inc, 0..5)).unwrap(),
            [1, 2, 3, 4, 5]
        );
        let sums = client.starmap(add, (0..3).zip(10..));
        assert_eq!(client.gather(&sums).unwrap(), [10, 12, 14]);
        assert!(client.map(inc, 0..0).is_empty());
    });
}

#[test]
fn an_element_of_a_map_may_be_used_before_the_rest_is_there() {
    on_all(|client| {
        let go = Event::new();
        let wait = go.clone();
        let all = client.map(
            move |i: i64| match i {
                0 => wait_for(wait.clone(), 0),
                _ => inc(i),
            },
            0..4,
        );
        let next = client.submit(inc(&all[2]));
        assert_eq!(next.result().unwrap(), 4);
        assert!(!all[0].is_done());
        go.set();
        assert_eq!(all[0].result().unwrap(), 0);
    });
}

#[test]
fn compute_and_persist_keep_the_nesting_and_run_what_is_shared_once() {
    on_all(|client| {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = runs.clone();
        let x = call(move || count.fetch_add(1, SeqCst) as i64, ());
        let (a, [b, c], more) =
            client.compute((add(&x, 1), [add(&x, 2), add(&x, 3)], vec![inc(&x)]));
        let values = (
            a.result().unwrap(),
            b.result().unwrap(),
            c.result().unwrap(),
        );
        assert_eq!(values, (1, 2, 3));
        assert_eq!(client.gather(more).unwrap(), [1]);
        assert_eq!(runs.load(SeqCst), 1);
        let kept = client.persist(&x);
        assert_eq!(add(&kept, &kept).compute().unwrap(), 2);
        assert_eq!(inc(&kept).compute().unwrap(), 2);
        assert_eq!(runs.load(SeqCst), 2);
    });
}

#[test]
fn what_is_scattered_is_there_at_once_and_not_copied() {
    on_all(|client| {
        let data = client.scatter(vec![1i64, 2, 3]);
        assert_eq!(data.status(), Status::Finished);
        let (a, b) = (data.result_arc().unwrap(), data.result_arc().unwrap());
        assert!(Arc::ptr_eq(&a, &b));
        assert_eq!(client.submit(total(&data)).result().unwrap(), 6);
    });
}

#[test]
fn a_result_that_is_not_there_in_time_may_be_asked_for_again() {
    on_all(|client| {
        let go = Event::new();
        let x = client.submit(wait_for(go.clone(), 7));
        let e = x.result_timeout(Duration::from_millis(5)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Timeout);
        go.set();
        assert_eq!(x.result_timeout(Duration::from_secs(30)).unwrap(), 7);
        assert_eq!(x.result().unwrap(), 7);
    });
}

#[test]
fn a_failure_is_told_to_all_who_use_it() {
    on_all(|client| {
        let x = client.submit(parse("x"));
        let y = client.submit(inc(&x));
        let e = y.result().unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Failed, "parse"));
        assert!(e.downcast_ref::<std::num::ParseIntError>().is_some());
        assert_eq!((x.status(), y.status()), (Status::Failed, Status::Failed));
        assert!(y.error().is_some());
        let z = client.submit(x.to_delayed().unwrap_or(5));
        assert_eq!(z.result().unwrap(), 5);
    });
}

#[test]
fn only_what_has_failed_is_tried_again() {
    on_all(|client| {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = runs.clone();
        #[delayed]
        fn flaky(count: Arc<AtomicUsize>) -> Result<usize, String> {
            match count.fetch_add(1, SeqCst) {
                0 => Err("not yet".to_owned()),
                n => Ok(n),
            }
        }
        let x = client.submit(flaky(count));
        assert!(x.result().is_err());
        x.retry().unwrap();
        assert_eq!(x.result().unwrap(), 1);
        let e = x.retry().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid);
        assert_eq!((runs.load(SeqCst), x.status()), (2, Status::Finished));
        let chapters: Vec<Transition> = x.story().into_iter().map(|(_, c)| c).collect();
        use Transition::*;
        assert_eq!(
            chapters,
            [Submitted, Started, Failed, Retried, Started, Finished]
        );
    });
}

#[test]
fn a_long_wait_is_one_chapter() {
    on_all(|client| {
        #[delayed]
        fn waits(event: &Event) -> Result<bool, Error> {
            event.wait_timeout(Duration::from_millis(120))
        }
        let x = client.submit(waits(Event::new()));
        assert!(!x.result().unwrap());
        let chapters: Vec<Transition> = x.story().into_iter().map(|(_, c)| c).collect();
        use Transition::*;
        assert_eq!(chapters, [Submitted, Started, Suspended, Resumed, Finished]);
    });
}

#[delayed]
fn flaky(count: Arc<AtomicUsize>, i: usize) -> Result<usize, String> {
    match count.fetch_add(1, SeqCst) {
        n if i == 1 && n < 3 => Err("not yet".into()),
        _ => Ok(i),
    }
}

#[test]
fn one_of_many_may_be_tried_again_alone() {
    on_all(|client| {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = runs.clone();
        let all = client.map(move |i: usize| flaky(count.clone(), i), 0..3);
        let outcomes = client.gather_all(&all);
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 2);
        client.wait_all(&all).unwrap().0[1].retry().unwrap();
        assert_eq!(all[1].result().unwrap(), 1);
        assert_eq!(runs.load(SeqCst), 4);
    });
}

#[test]
fn pure_tasks_run_once_and_old_errors_are_not_handed_back() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[delayed(pure)]
    fn square(x: i64) -> Result<i64, String> {
        match (RUNS.fetch_add(1, SeqCst), x) {
            (0, _) => Err("the first time".into()),
            _ => Ok(x * x),
        }
    }
    ends("it", || {
        let memo = Memo::new();
        let client = Client::builder().threads(2).memo(&memo).build().unwrap();
        assert!(client.submit(square(3)).result().is_err());
        assert_eq!(client.submit(square(3)).result().unwrap(), 9);
        assert_eq!(client.submit(square(3)).result().unwrap(), 9);
        assert_eq!(RUNS.load(SeqCst), 2);
        assert_eq!(client.submit(square(3).impure()).result().unwrap(), 9);
        assert_eq!((RUNS.load(SeqCst), memo.stats().hits), (3, 1));
    });
}

#[test]
fn who_asked_to_be_told_is_told_once() {
    on_all(|client| {
        let (tx, rx) = std::sync::mpsc::channel();
        let go = Event::new();
        let x = client.submit(wait_for(go.clone(), 4));
        let early = tx.clone();
        x.on_done(move |r| early.send(*r.unwrap()).unwrap());
        x.on_done(|_| panic!("nobody hears this"));
        go.set();
        assert_eq!(x.result().unwrap(), 4);
        x.on_done(move |r| tx.send(*r.unwrap() + 1).unwrap());
        let mut told: Vec<i64> = rx.iter().collect();
        told.sort_unstable();
        assert_eq!(told, [4, 5]);
    });
}

#[test]
fn futures_can_be_awaited() {
    on_all(|client| {
        let client = client.clone();
        let sum = pollster::block_on(async move {
            let x = client.submit(inc(40));
            let y = client.submit(inc((&x).await?)).await?;
            let z = client.submit(parse("x")).await;
            assert!(z.is_err());
            Ok::<_, Error>(y)
        });
        assert_eq!(sum.unwrap(), 42);
    });
}

#[test]
fn values_that_are_not_clone_are_shared() {
    struct Model(Vec<f64>);
    #[delayed]
    fn train(n: usize) -> Model {
        Model(vec![0.5; n])
    }
    on_all(|client| {
        let model = client.submit(train(3));
        assert_eq!(model.result_arc().unwrap().0.len(), 3);
        let size = client.submit(model.to_delayed().map(|m| m.0.len()));
        assert_eq!(size.result().unwrap(), 3);
    });
}

#[test]
fn a_closed_client_refuses_and_says_so() {
    let client = client_of(2);
    client.close();
    let x = client.submit(inc(1));
    let e = x.result().unwrap_err();
    assert_eq!(
        (e.kind(), e.to_string().as_str()),
        (ErrorKind::Cancelled, "the client is closed")
    );
    assert_eq!(client.gather_all(client.map(inc, 0..3)).len(), 3);
    client.close();
}

#[test]
fn contradictory_settings_are_refused() {
    let kind = |b: lazygraph::ClientBuilder| b.build().unwrap_err().kind();
    assert_eq!(kind(Client::builder().threads(0)), ErrorKind::Invalid);
    let pool = Arc::new(pool_of(1));
    assert_eq!(
        kind(Client::builder().threads(2).pool(pool.clone())),
        ErrorKind::Invalid
    );
    let options = lazygraph::Options::new().threads(2);
    assert_eq!(kind(Client::builder().options(options)), ErrorKind::Invalid);
    let client = Client::builder().pool(pool).build().unwrap();
    assert_eq!(client.submit(inc(1)).result().unwrap(), 2);
}

#[test]
fn a_thread_of_the_clients_own_pool_may_wait_for_it() {
    ends("it", || {
        let pool = Arc::new(pool_of(1));
        let client = Client::builder().pool(pool.clone()).build().unwrap();
        assert_eq!(pool.install(|| client.submit(inc(1)).result().unwrap()), 2);
        let all = pool.install(|| client.gather(client.map(inc, 0..100)).unwrap());
        assert_eq!(all.len(), 100);
    });
}

#[test]
fn a_future_of_another_client_is_an_argument_like_any_other() {
    on_all(|one| {
        let other = client_of(1);
        let go = Event::new();
        let x = one.submit(wait_for(go.clone(), 1));
        let y = other.submit(add(&x, 1));
        let there = one.submit(call(|y: i64| y + 1, (&y,)));
        assert_eq!(y.status(), Status::Waiting);
        go.set();
        assert_eq!(other.gather([&x, &y, &there]).unwrap(), [1, 2, 3]);
        // Waited for in a body, on slots of its own.
        let x = other.submit(inc(1));
        let waits = one.submit(call(move || x.result().unwrap(), ()));
        assert_eq!(waits.result().unwrap(), 2);
        // A client that is closed takes its futures with it.
        let x = other.submit(wait_for(Event::new(), 1));
        let y = one.submit(inc(&x));
        other.close();
        assert_eq!(y.result().unwrap_err().kind(), ErrorKind::Cancelled);
    });
}

#[test]
fn what_is_not_pure_runs_at_every_submit_and_every_element_is_a_task() {
    on_all(|client| {
        let log = common::Log::new();
        #[delayed(pure)]
        fn pure(log: &common::Log, x: i64) -> i64 {
            log.push("pure");
            x
        }
        let impure = |x: i64| {
            let log = log.clone();
            call(move |x: i64| log.push(x.to_string()), (x,))
        };
        client
            .gather([client.submit(impure(1)), client.submit(impure(1))])
            .unwrap();
        assert_eq!(log.take(), ["1", "1"]);
        client.gather(client.map(impure, [2, 2, 2])).unwrap();
        assert_eq!(log.take(), ["2", "2", "2"]);
        // One delayed value that is submitted twice is evaluated twice.
        let same = impure(3);
        client
            .gather([client.submit(&same), client.submit(&same)])
            .unwrap();
        assert_eq!(log.take(), ["3", "3"]);
        let both = [
            client.submit(pure(log.clone(), 1)),
            client.submit(pure(log.clone(), 1)),
        ];
        assert_eq!(client.gather(both).unwrap(), [1, 1]);
        let many = client.map(|x| pure(log.clone(), x), [1, 1, 1]);
        assert_eq!(many.len(), 3);
        assert_eq!(client.gather(many).unwrap(), [1, 1, 1]);
        assert_eq!(log.take(), ["pure"]);
        let again = client.submit(pure(log.clone(), 1).impure());
        assert_eq!((again.result().unwrap(), log.len()), (1, 1));
    });
}

#[test]
fn a_million_elements_are_one_graph() {
    ends("it", || {
        let client = client_of(2);
        let all = client.map(inc, 0..1_000_000);
        let values = client.gather(all).unwrap();
        assert!(values.into_iter().eq(1..=1_000_000));
    });
}

#[test]
fn one_key_on_two_computations_is_refused_at_submit() {
    on_all(|client| {
        let log = common::Log::new();
        let (push, note) = (log.clone(), log.clone());
        let one = call(move |x: i64| push.push(x.to_string()), (1,)).named("one");
        let other = call(move |(): ()| note.push("other"), (one.key(&"k"),)).named("other");
        let x = client.submit(other.key(&"k"));
        let e = x.error().expect("it fails at once");
        assert_eq!(e.kind(), ErrorKind::KeyConflict);
        let text = format!("{e:?}");
        assert!(text.contains("one") && text.contains("other"), "{text}");
        assert_eq!((x.status(), log.len()), (Status::Failed, 0));
        assert_eq!(x.retry().unwrap_err().kind(), ErrorKind::Invalid);
    });
}

#[test]
fn what_is_said_of_a_call_holds_for_a_task() {
    on_all(|client| {
        let runs = Arc::new(AtomicUsize::new(0));
        let x = client.submit(
            flaky(runs.clone(), 1)
                .retries(3)
                .backoff(Duration::from_micros(10))
                .named("flaky one"),
        );
        assert_eq!((x.result().unwrap(), runs.load(SeqCst)), (1, 4));
        assert_eq!(x.name(), "flaky one");
        let x = client.submit(flaky(Arc::default(), 1).retries(1).named("flaky two"));
        assert_eq!(x.result().unwrap_err().task(), "flaky two");
        let late = client.submit(wait_for(Event::new(), 1).timeout(Duration::from_millis(2)));
        let e = late.result().unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Timeout, "wait_for"));
        let log = common::Log::new();
        let note = |name: &'static str| {
            let log = log.clone();
            call(move || log.push(name), ())
        };
        let first = note("first");
        client
            .submit(note("second").after(&first))
            .result()
            .unwrap();
        // A future, too, may be what it comes after.
        let third = client.submit(note("third"));
        client
            .submit(note("fourth").after(&third.to_delayed()))
            .result()
            .unwrap();
        assert_eq!(log.take(), ["first", "second", "third", "fourth"]);
    });
}

#[test]
fn persist_and_compute_work_inside_tasks() {
    #[delayed]
    fn task(x: i64) -> Result<i64, Error> {
        let client = lazygraph::get_client()?;
        let kept = client.persist(add(x, 1));
        let (a, [b, c]) = client.compute((&kept + 1, [inc(&kept), inc(1)]));
        let nested = add(&kept, inc(&b)).compute()?;
        Ok(a.result()? + client.gather([b, c])?.iter().sum::<i64>() + nested)
    }
    on_all(|client| {
        let all = client.gather(client.map(task, 0..10)).unwrap();
        // Twice `x + 2`, 2, and `x + 1 + x + 3`.
        assert!(all.into_iter().eq((0..10).map(|x| 4 * x + 10)));
    });
}

#[test]
fn each_future_of_a_graph_has_the_name_of_its_own_call() {
    on_all(|client| {
        let plain = (inc(1), inc(2).named("two"), add(1, 2), inc(inc(3)));
        let (a, b, c, d) = client.compute(plain);
        let names = [&a, &b, &c, &d].map(Handle::name);
        assert_eq!(names, ["inc", "two", "add", "inc"]);
        client.gather([&a, &b, &c, &d]).unwrap();
        assert_eq!([&a, &b, &c, &d].map(Handle::name), names);
        let go = Event::new();
        let named = |i: i64| wait_for(go.clone(), i).named(format!("wait {i}"));
        let all = client.map(named, 0..10);
        let late = all[7].result_timeout(Duration::ZERO).unwrap_err();
        assert_eq!(late.to_string(), "`wait 7` did not complete within 0ns");
        all[3].cancel();
        let cancelled = all[3].result().unwrap_err().to_string();
        assert_eq!(cancelled, "the task `wait 3` was cancelled");
        go.set();
        let ended = client.gather_all(&all);
        assert_eq!(ended.iter().filter(|outcome| outcome.is_ok()).count(), 9);
    });
}

#[test]
fn a_dropped_client_goes_on_with_what_is_wanted() {
    ends("it", || {
        let x = client_of(2).submit(inc(inc(1)));
        assert_eq!(x.result().unwrap(), 3);
    });
}

#[test]
fn a_closed_client_refuses_by_every_verb() {
    on_all(|client| {
        let ended = client.submit(inc(1));
        ended.wait().unwrap();
        let cut_off = client.submit(wait_for(Event::new(), 1));
        client.close();
        let refused = |outcome: Result<i64, Error>| {
            let e = outcome.unwrap_err();
            (e.kind(), e.to_string()) == (ErrorKind::Cancelled, "the client is closed".into())
        };
        assert!(refused(client.submit(inc(1)).result()));
        assert!(refused(client.map(inc, 0..3)[2].result()));
        assert!(refused(client.starmap(add, [(1, 2)])[0].result()));
        assert!(refused(client.compute((inc(1), [inc(2)])).1[0].result()));
        assert!(refused(client.persist(inc(1)).compute()));
        assert!(refused(client.gather(client.map(inc, 0..3)).map(|_| 0)));
        let late = client.submit(inc(1));
        assert_eq!(late.status(), Status::Cancelled);
        assert_eq!(late.retry().unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(as_completed(client.map(inc, 0..3)).count(), 3);
        // What was there stays, and what had not ended says why it has now.
        assert_eq!(inc(&ended).compute().unwrap(), 3);
        let e = cut_off.result().unwrap_err();
        assert_eq!(e.to_string(), "the task `wait_for` was cancelled");
        cut_off.retry().unwrap();
        assert!(refused(cut_off.result()));
    });
}

#[test]
fn several_threads_and_tasks_may_close_a_client() {
    on_all(|client| {
        let all = client.map(|x| wait_for(Event::new(), x), 0..10);
        let closes = || {
            let client = lazygraph::get_client().unwrap();
            client.close();
            client.submit(inc(1)).result().unwrap_err().kind()
        };
        let inside = client.submit(call(closes, ()));
        std::thread::scope(|scope| {
            (0..3).for_each(|_| _ = scope.spawn(|| client.close()));
        });
        let outcomes = client.gather_all(&all);
        assert!(outcomes.iter().all(|o| o.is_err()));
        assert!(inside.is_done());
    });
}

#[test]
fn nothing_to_start_and_nothing_to_wait_for() {
    on_all(|client| {
        let none: [Handle<i64>; 0] = [];
        assert_eq!(client.map(inc, 0..0), none);
        assert_eq!(client.starmap(add, Vec::<(i64, i64)>::new()), none);
        assert_eq!(client.compute(Vec::<Delayed<i64>>::new()), none);
        assert!(client.gather(&none).unwrap().is_empty());
        assert!(client.gather_all(&none).is_empty());
        assert_eq!(client.wait_all(&none).unwrap(), (vec![], vec![]));
        assert_eq!(client.wait_any(&none).unwrap(), (vec![], vec![]));
        let long = Duration::from_secs(1000);
        assert_eq!(client.wait_timeout(&none, long).unwrap(), (vec![], vec![]));
        assert!(as_completed(&none).next().is_none());
        assert!(as_completed(&none).next_timeout(long).unwrap().is_none());
        assert_eq!(client.stats().live, 0);
    });
}

#[test]
fn one_future_may_be_asked_for_several_times_at_once() {
    on_all(|client| {
        let x = client.submit(inc(1));
        let twice = [&x, &x];
        assert_eq!(client.gather(twice).unwrap(), [2, 2]);
        assert_eq!(client.wait_all(twice).unwrap().0.len(), 2);
        assert_eq!(client.wait_any(twice).unwrap().0.len(), 2);
        assert_eq!(as_completed(twice).count(), 2);
        assert_eq!(client.submit(add(&x, &x)).result().unwrap(), 4);
        let d = inc(5);
        let (a, b) = client.compute((&d, &d));
        assert_eq!((a.result().unwrap(), b.result().unwrap()), (6, 6));
        let limits = [Duration::ZERO, Duration::MAX];
        assert_eq!(limits.map(|l| x.result_timeout(l).unwrap()), [2, 2]);
    });
}
