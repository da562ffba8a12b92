//! The tasks of a client under the model checker: permits that go from hand to hand, and ends that meet.

use super::{Counted, Seen, add, check, make, number, parallel_inside, plus, slow, total};
use lazygraph::sync::Event;
use lazygraph::{
    Client, ErrorKind, Handle, Options, Status, get_client, hold_slot, prelude::*, rejoin, secede,
    worker_client,
};
use shuttle::thread;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

/// A client on shuttle's threads; the pool only says how many.
pub(super) fn client(slots: usize) -> Client {
    type Pools = BTreeMap<usize, Arc<rayon::ThreadPool>>;
    static POOLS: Mutex<Pools> = Mutex::new(BTreeMap::new());
    let build = || rayon::ThreadPoolBuilder::new().num_threads(slots).build();
    let mut pools = POOLS.lock().unwrap();
    let pool = pools
        .entry(slots)
        .or_insert_with(|| Arc::new(build().unwrap()));
    let client = Client::builder().pool(pool.clone());
    client
        .resource("gpu", 1)
        .max_lent_threads(6)
        .build()
        .unwrap()
}

/// Closes it: nothing is left of what it had.
pub(super) fn close(client: &Client) {
    client.close();
    let stats = client.stats();
    assert_eq!(
        (stats.permits, stats.suspended, stats.live),
        (stats.slots, 0, 0)
    );
    assert_eq!(
        (stats.threads, client.available_resource("gpu")),
        (0, Some(1))
    );
}

#[delayed]
fn parent(seen: &Seen, x: i64) -> Result<i64, Error> {
    let client = get_client()?;
    let children = [number(seen.clone(), x), number(seen.clone(), x + 1)];
    let children = children.map(|child| client.submit(child));
    Ok(children[0].result()? + children[1].result()?)
}

/// Tasks wait for their children: the slot goes to those, or the waiting thread does them itself.
#[test]
fn a_task_waits_for_its_children_on_one_slot() {
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        let both = [
            client.submit(parent(seen.clone(), 1)),
            client.submit(parent(seen.clone(), 3)),
        ];
        assert_eq!(client.gather(both).unwrap(), [3, 7]);
        assert_eq!(seen.runs(), 4);
        close(&client);
    });
}

#[delayed]
fn waits(event: &Event, x: i64) -> Result<i64, Error> {
    event.wait()?;
    Ok(x)
}

#[delayed]
fn sets(event: &Event) {
    event.set();
}

/// Nobody can do what they wait for in their place: a thread is lent.
#[test]
fn a_lent_thread_stands_in_for_those_that_wait() {
    check(|| {
        let (client, event) = (client(1), Event::new());
        let both = [1, 2].map(|x| client.submit(waits(event.clone(), x)));
        let setter = client.submit(sets(event.clone()));
        assert_eq!(client.gather(both).unwrap(), [1, 2]);
        setter.result().unwrap();
        close(&client);
    });
}

#[delayed]
fn waits_or_sets(seen: &Seen, event: &Event, x: i64) -> Result<Counted, Error> {
    match x {
        5 => event.set(),
        _ => event.wait()?,
    }
    Ok(Counted::new(&seen.live, x))
}

#[delayed]
fn waits_below(seen: &Seen, event: &Event, x: i64) -> Result<Counted, Error> {
    let value = waits_or_sets(seen.clone(), event.clone(), x);
    compute!(value.map_owned(|x| x))
}

/// Bodies that wait, in the run or in one below, have used up the budget of memory: the last begins nevertheless, which they
/// wait for.
#[test]
fn the_budget_holds_up_nobody_who_is_waited_for() {
    check(|| {
        let (client, seen, event) = (client(1), Seen::default(), Event::new());
        let value = |x: i64| match x % 2 {
            0 => waits_or_sets(seen.clone(), event.clone(), x),
            _ => waits_below(seen.clone(), event.clone(), x),
        };
        let all = client.map(|x| total(vec![value(x).fuse(false)]), 0..6);
        assert_eq!(client.gather(&all).unwrap().iter().sum::<i64>(), 15);
        drop(all);
        close(&client);
        seen.assert_nothing_lives();
    });
}

#[delayed]
fn makes_or_sets(seen: &Seen, event: &Event, x: i64) -> Counted {
    if x == 7 {
        event.set();
    }
    Counted::new(&seen.live, x)
}

/// What is first in the order is parked, and units behind it have used up the budget: if none of them runs any more, the next
/// begins nevertheless. The first waits for the last.
#[test]
fn the_budget_is_no_bar_where_nothing_runs() {
    check(|| {
        let (client, seen, event) = (client(1), Seen::default(), Event::new());
        let late = client.submit(waits(event.clone(), 0));
        let first = make(seen.clone(), &late);
        let sum = (1..8).fold(first, |sum, x| {
            let next = makes_or_sets(seen.clone(), event.clone(), x).fuse(false);
            add(sum, next).fuse(false)
        });
        assert_eq!(client.submit(total(vec![sum])).result().unwrap(), 28);
        drop(late);
        close(&client);
        seen.assert_nothing_lives();
    });
}

#[delayed]
fn comes_and_goes(seen: &Seen, x: i64) -> Result<i64, Error> {
    let client = get_client()?;
    let guard = secede()?;
    let child = client.submit(number(seen.clone(), x));
    thread::yield_now();
    rejoin(guard);
    let more = worker_client(|c| c.submit(number(seen.clone(), x)).result())?;
    std::mem::forget(secede()?);
    Ok(child.result()? + more)
}

/// A slot is given up and taken back once each, also where the body forgets to.
#[test]
fn who_secedes_comes_back() {
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        let both = [1, 2].map(|x| client.submit(comes_and_goes(seen.clone(), x)));
        assert_eq!(client.gather(both).unwrap(), [2, 4]);
        close(&client);
    });
}

/// As above, two slots of two executors deep.
#[test]
fn who_secedes_in_a_nested_run_gives_each_slot_up_once() {
    #[delayed]
    fn nested(seen: &Seen) -> Result<i64, Error> {
        let both = plus(
            comes_and_goes(seen.clone(), 1),
            comes_and_goes(seen.clone(), 2),
        );
        both.compute_with(&Options::new().threads(2))
    }
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        assert_eq!(client.submit(nested(seen.clone())).result().unwrap(), 6);
        close(&client);
    });
}

#[delayed]
fn looks(seen: &Seen, x: i64) -> Result<i64, Error> {
    seen.runs.fetch_add(1, SeqCst);
    thread::yield_now();
    lazygraph::check()?;
    Ok(x)
}

fn value_or_cancelled(outcome: Result<i64, Error>, value: i64) -> bool {
    match outcome {
        Ok(x) => assert_eq!(x, value),
        Err(ref e) => assert_eq!(e.kind(), ErrorKind::Cancelled, "{e:?}"),
    }
    outcome.is_ok()
}

/// A cancel meets a task at any point of its life: all handles, and who needs it, are told the same.
#[test]
fn a_cancel_meets_the_end_of_a_task() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let x = client.submit(looks(seen.clone(), 1));
        let user = client.submit(plus(&x, 1));
        let canceller = thread::spawn({
            let (x, seen) = (x.clone(), seen.clone());
            move || {
                x.cancel();
                // Whoever has ended it; where it is too late for that, its body has run, and it ends well.
                let is_over = x.is_done() && x.status() != Status::Running;
                assert!(is_over || seen.runs() == 1 && x.result().is_ok());
            }
        });
        let has_value = value_or_cancelled(x.result(), 1);
        value_or_cancelled(user.result(), 2);
        canceller.join().unwrap();
        assert_eq!(value_or_cancelled(x.result(), 1), has_value);
        close(&client);
    });
}

/// The last handle goes while its task begins, or ends: it runs at most once, and whoever needs it has it.
#[test]
fn the_last_handle_is_dropped_at_any_time() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let x = client.submit(looks(seen.clone(), 1));
        let needed = client.submit(looks(seen.clone(), 2));
        let user = client.submit(plus(&needed, 1));
        let dropper = thread::spawn(move || drop((x, needed)));
        assert_eq!(user.result().unwrap(), 3);
        dropper.join().unwrap();
        close(&client);
        assert!((1..=2).contains(&seen.runs()));
    });
}

/// As above, of a result that must be dropped: by who gives the last handle up, or by who puts it there.
#[test]
fn a_result_that_nobody_wants_is_dropped_once() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let made = client.submit(make(seen.clone(), 1));
        let other = made.clone();
        let dropper = thread::spawn(move || drop(other));
        drop(made);
        dropper.join().unwrap();
        close(&client);
        assert_eq!(seen.live.load(SeqCst), 0);
    });
}

/// The first who comes begins a map of many alone, others come to what is left; meanwhile one element is cancelled, the
/// handle of another goes, and somebody waits for the last.
#[test]
fn a_map_of_many_is_begun_alone() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let mut all = client.map(|x| number(seen.clone(), x), 0..14);
        let (last, gone) = (all[13].clone(), all.remove(12));
        let canceller = thread::spawn({
            let cancelled = all[7].clone();
            move || {
                drop(gone);
                cancelled.cancel();
            }
        });
        assert_eq!(last.result().unwrap(), 13);
        for (x, outcome) in (0..12).zip(client.gather_all(all)) {
            match x {
                7 => _ = value_or_cancelled(outcome, x),
                _ => assert_eq!(outcome.unwrap(), x),
            }
        }
        canceller.join().unwrap();
        close(&client);
        assert!((12..=14).contains(&seen.runs()));
    });
}

/// An element of a map of many waits for one behind it.
#[test]
fn a_map_of_many_is_shared_by_who_waits() {
    check(|| {
        let (client, event) = (client(1), Event::new());
        let of = |x| waits_or_goes(event.clone(), x);
        let all = client.map(of, 0..13);
        assert!(client.gather(all).unwrap().into_iter().eq(0..13));
        close(&client);
    });
}

#[delayed]
fn waits_or_goes(event: &Event, x: i64) -> Result<i64, Error> {
    match x {
        2 => event.wait()?,
        12 => event.set(),
        _ => {}
    }
    Ok(x)
}

/// Two tries of one task, the first of which was cancelled: what comes of that is not for the second.
#[test]
fn a_retry_meets_the_end_of_the_try_before() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let x = client.submit(looks(seen.clone(), 1));
        x.cancel();
        if x.retry().is_ok() {
            assert_eq!(x.result().unwrap(), 1);
        } else {
            // It had its value before.
            assert_eq!(x.result().unwrap(), 1);
        }
        close(&client);
    });
}

/// As above, for some of many: each is asked again by a thread of its own.
#[test]
fn retries_of_several_elements_meet() {
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        let all = client.map(|x| looks(seen.clone(), x), 0..2);
        let threads: Vec<_> = all
            .iter()
            .cloned()
            .enumerate()
            .map(|(i, x)| {
                thread::spawn(move || {
                    x.cancel();
                    let _ = x.retry();
                    x.cancel();
                    let _ = x.retry();
                    assert_eq!(x.result().unwrap(), i as i64);
                })
            })
            .collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
        close(&client);
    });
}

/// A close meets tasks that launch tasks: all end, and nothing begins after it.
#[test]
fn a_close_meets_tasks_that_launch_tasks() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let (x, never) = (client.submit(parent(seen.clone(), 1)), Event::new());
        let suspended = client.submit(waits(never.clone(), 1));
        let closer = thread::spawn({
            let client = client.clone();
            move || client.close()
        });
        let late = client.submit(number(seen.clone(), 7));
        value_or_cancelled(x.result(), 3);
        value_or_cancelled(late.result(), 7);
        assert_eq!(suspended.result().unwrap_err().kind(), ErrorKind::Cancelled);
        closer.join().unwrap();
        let runs = seen.runs();
        assert!(client.submit(number(seen.clone(), 1)).result().is_err());
        close(&client);
        assert_eq!(seen.runs(), runs);
    });
}

#[delayed]
fn uses(seen: &Seen, x: i64) -> Result<i64, Error> {
    let inside = || {
        assert_eq!(
            seen.live.fetch_add(1, SeqCst),
            0,
            "two use what there is one of"
        );
        thread::yield_now();
        seen.live.fetch_sub(1, SeqCst);
    };
    inside();
    if x > 0 {
        let below = uses(seen.clone(), 0).resource("gpu", 1);
        match x {
            1 => get_client()?.submit(below).result()?,
            _ => below.compute()?,
        };
        inside();
    }
    Ok(x)
}

/// What there is one of is used by one running body at a time, and goes on to the next, whoever is cancelled.
#[test]
fn a_resource_goes_from_hand_to_hand() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let all = [1, 2, 0].map(|x| client.submit(uses(seen.clone(), x).resource("gpu", 1)));
        let canceller = thread::spawn({
            let x = all[2].clone();
            move || x.cancel()
        });
        for (x, value) in all.iter().zip([1, 2, 0]) {
            let has_value = value_or_cancelled(x.result(), value);
            assert!(has_value || value == 0);
        }
        canceller.join().unwrap();
        close(&client);
    });
}

#[delayed]
fn fails_when(begun: &Event) -> Result<i64, Error> {
    hold_slot(|| begun.wait())?;
    Err(slow(1)
        .map(|_| ())
        .and_then(|()| refuse())
        .compute()
        .unwrap_err())
}

#[delayed]
fn refuse() -> Result<i64, String> {
    Err("no".into())
}

#[delayed]
fn launches(begun: &Event, end: &Event) -> Result<i64, Error> {
    get_client()?
        .submit(begins(begun.clone(), end.clone()))
        .result()
}

#[delayed]
fn begins(begun: &Event, end: &Event) -> Result<i64, Error> {
    begun.set();
    end.wait()?;
    Ok(1)
}

/// Who owns a failed run waits for a helper, whose own task waits for one that needs a slot.
#[test]
fn an_owner_that_waits_for_its_helpers_gives_its_slot_up() {
    check(|| {
        let (client, [begun, end]) = (client(2), [(); 2].map(|()| Event::new()));
        let nested = fails_when(begun.clone()).priority(1) + launches(begun.clone(), end.clone());
        let parent: Handle<bool> = client.submit(call(move || nested.compute().is_err(), ()));
        begun.wait().unwrap();
        let other = client.submit({
            let end = end.clone();
            call(move || hold_slot(|| end.wait().is_ok()), ())
        });
        client.submit(sets(end)).result().unwrap();
        assert!(parent.result().unwrap() && other.result().unwrap());
        close(&client);
    });
}

#[delayed]
fn starts_late(seen: &Seen) -> Result<(), Error> {
    let client = get_client()?;
    let token = lazygraph::CancelToken::current().unwrap();
    while !token.is_cancelled() {
        thread::yield_now();
    }
    client.submit(number(seen.clone(), 1)).detach();
    client
        .map(|x| number(seen.clone(), x), 0..2)
        .into_iter()
        .for_each(Handle::detach);
    Ok(())
}

/// What a body starts after it was cancelled is cancelled with it, before there is a run of it.
#[test]
fn what_a_body_starts_after_its_cancel_never_runs() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let x = client.submit(starts_late(seen.clone()));
        x.cancel();
        close(&client);
        assert_eq!(seen.runs(), 0);
    });
}

/// An invitation that is taken up on top of a body is declined, and its slot is for a thread that is lent.
#[test]
fn an_invitation_is_declined_on_top_of_a_body() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let first = client.map(|x| parallel_inside(seen.clone(), x), 0..2);
        let second = client.submit(parallel_inside(seen.clone(), 2));
        assert_eq!(client.gather(first).unwrap(), [0, 1]);
        assert_eq!(second.result().unwrap(), 2);
        close(&client);
    });
}

#[delayed]
fn holds_and_waits(
    lock: Arc<shuttle::sync::Mutex<()>>,
    seen: &Seen,
    how: i64,
) -> Result<i64, Error> {
    let client = get_client()?;
    let _held = lock.lock().unwrap();
    let away = (how == 0).then(secede).transpose()?;
    let parts = client.map(|x| number(seen.clone(), x), 1..3);
    let sum = match how {
        0 => client.gather(&parts)?.iter().sum(),
        1 => parts[0].result()? + parts[1].result()?,
        _ => plus(&parts[0], &parts[1]).compute()?,
    };
    drop(away);
    Ok(sum)
}

#[delayed]
fn wants(lock: Arc<shuttle::sync::Mutex<()>>) -> i64 {
    drop(lock.lock().unwrap());
    0
}

/// What a task waits for begins, though the one slot is held by somebody who waits for what the task holds.
#[test]
fn what_is_waited_for_under_a_lock_begins() {
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        for how in 0..3 {
            let lock = Arc::new(shuttle::sync::Mutex::new(()));
            let holder = client.submit(holds_and_waits(lock.clone(), seen.clone(), how));
            // It goes before what the holder starts.
            let stranger = client.submit(wants(lock).priority(1));
            assert_eq!(
                (holder.result().unwrap(), stranger.result().unwrap()),
                (3, 0)
            );
        }
        close(&client);
    });
}

/// Children are waited for of which one ends only after the wait: it must not begin on the stack that waits.
#[test]
fn what_a_wait_may_end_without_is_for_others() {
    #[delayed]
    fn task(seen: &Seen) -> Result<i64, Error> {
        let (client, go) = (get_client()?, Event::new());
        let late = client.submit(waits(go.clone(), 1));
        let soon = client.submit(number(seen.clone(), 2));
        let (done, _) = client.wait_any([&late, &soon]).unwrap();
        assert_eq!(done, [&soon]);
        go.set();
        Ok(late.result()? + soon.result()?)
    }
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        let both = [(); 2].map(|()| client.submit(task(seen.clone())));
        assert_eq!(client.gather(both).unwrap(), [3, 3]);
        close(&client);
    });
}

/// Two children wait for their parent, and it for one of them: none can go on. Who closes the circle is told, the parent or
/// a child, whose failure ends the wait.
#[test]
fn a_wait_for_one_of_several_closes_a_circle() {
    /// Shown without its lock: shuttle's `try_lock` in `Debug` confuses it.
    #[derive(Clone, Default)]
    struct Own(Arc<shuttle::sync::Mutex<Option<Handle<usize>>>>);
    impl std::fmt::Debug for Own {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("own")
        }
    }
    #[delayed]
    fn asks(own: &Own, is_there: &Event) -> Result<usize, Error> {
        is_there.wait()?;
        let own = own.0.lock().unwrap().clone();
        own.map_or(Ok(0), |own| own.result())
    }
    #[delayed]
    fn task(own: &Own, is_there: &Event) -> Result<usize, Error> {
        let client = get_client()?;
        let children = [(); 2].map(|()| client.submit(asks(own.clone(), is_there.clone())));
        let (done, pending) = client.wait_any(&children)?;
        Ok(10 * done.len() + pending.len())
    }
    check(|| {
        let client = client(2);
        let (own, is_there) = (Own::default(), Event::new());
        let x = client.submit(task(own.clone(), is_there.clone()));
        *own.0.lock().unwrap() = Some(x.clone());
        is_there.set();
        match x.result() {
            Ok(told) => assert!([11, 20].contains(&told), "{told}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Deadlock, "{error:?}"),
        }
        drop(own.0.lock().unwrap().take());
        close(&client);
    });
}
