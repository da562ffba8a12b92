//! Tasks that launch tasks, by all interfaces, on any number of slots: no deadlock, no crowd of threads, no slot lost.

use common::{client_of, ends, on};
use lazygraph::sync::Event;
use lazygraph::{
    Client, ErrorKind, Handle, Status, get_client, hold_slot, prelude::*, rejoin, secede,
    worker_client,
};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn fib_by_compute(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = get!(fib_by_compute(n - 1), fib_by_compute(n - 2));
    a + b
}

#[delayed]
fn fib_by_client(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    let client = get_client()?;
    let futures = [
        client.submit(fib_by_client(n - 1)),
        client.submit(fib_by_client(n - 2)),
    ];
    Ok(client.gather(&futures)?.iter().sum())
}

#[delayed]
fn fib_by_secede(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    let client = get_client()?;
    let (a, b) = (
        client.submit(fib_by_secede(n - 1)),
        client.submit(fib_by_secede(n - 2)),
    );
    let guard = secede()?;
    let sum = a.result()? + b.result()?;
    rejoin(guard);
    Ok(sum)
}

#[delayed]
fn fib_by_worker_client(n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    worker_client(|client| {
        let (a, b) = (
            client.submit(fib_by_worker_client(n - 1)),
            client.submit(fib_by_worker_client(n - 2)),
        );
        Ok(a.result()? + b.result()?)
    })
}

#[test]
fn fib_by_every_interface() {
    on(&[1, 2, 4, 9, 10], |client| {
        assert_eq!(client.submit(fib_by_compute(10)).result().unwrap(), 55);
        assert_eq!(client.submit(fib_by_client(10)).result().unwrap(), 55);
        assert_eq!(client.submit(fib_by_secede(10)).result().unwrap(), 55);
        assert_eq!(
            client.submit(fib_by_worker_client(10)).result().unwrap(),
            55
        );
    });
}

#[test]
fn three_hundred_parents_with_a_child_each() {
    #[delayed]
    fn parent(x: i64) -> Result<i64, Error> {
        get_client()?.submit(inc(x)).result()
    }
    on(&[1, 2, 4], |client| {
        let all = client.gather(client.map(parent, 0..300)).unwrap();
        assert_eq!(all.iter().sum::<i64>(), 300 * 301 / 2);
        let each: Vec<_> = (0..300).map(|x| client.submit(parent(x))).collect();
        assert_eq!(
            client.gather(each).unwrap().iter().sum::<i64>(),
            300 * 301 / 2
        );
    });
}

#[test]
fn waiting_while_holding_a_lock_that_strangers_want() {
    #[delayed]
    fn holder(lock: Arc<Mutex<i64>>, x: i64) -> Result<i64, Error> {
        let mut held = lock.lock().unwrap();
        *held += get_client()?.submit(inc(x)).result()?;
        Ok(*held)
    }
    #[delayed]
    fn stranger(lock: Arc<Mutex<i64>>) -> i64 {
        *lock.lock().unwrap()
    }
    on(&[1, 2, 4], |client| {
        let mut all: Vec<Handle<i64>> = Vec::new();
        for x in 0..100 {
            let lock = Arc::new(Mutex::new(0));
            all.push(client.submit(holder(lock.clone(), x)));
            all.push(client.submit(stranger(lock)));
        }
        let values = client.gather(&all).unwrap();
        assert!(values.iter().step_by(2).copied().eq(1..101));
    });
}

#[test]
fn a_child_that_needs_a_running_future_may_be_waited_for_under_a_lock() {
    // The child becomes ready while its parent sleeps with a lock that all slots want.
    #[delayed]
    fn parent(lock: Arc<Mutex<()>>, slow: Handle<i64>) -> Result<i64, Error> {
        let _held = lock.lock().unwrap();
        get_client()?.submit(inc(&slow)).result()
    }
    #[delayed]
    fn wants(lock: Arc<Mutex<()>>) {
        drop(lock.lock().unwrap());
    }
    on(&[1, 2], |client| {
        let (lock, go) = (Arc::new(Mutex::new(())), Event::new());
        let wait = go.clone();
        let slow = client.submit(call(move || wait.wait().map_or(-1, |()| 1i64), ()));
        let parent = client.submit(parent(lock.clone(), slow));
        while parent.status() != Status::Suspended {
            std::thread::yield_now();
        }
        let strangers: Vec<_> = (0..4).map(|_| client.submit(wants(lock.clone()))).collect();
        std::thread::sleep(Duration::from_millis(5));
        go.set();
        assert_eq!(parent.result().unwrap(), 2);
        client.gather(strangers).unwrap();
    });
}

#[test]
fn a_future_may_be_the_result_of_a_task() {
    #[delayed]
    fn parent() -> Result<Handle<i64>, Error> {
        Ok(get_client()?.submit(inc(1)))
    }
    on(&[1, 2, 4], |client| {
        let child = client.submit(parent()).result().unwrap();
        assert_eq!(child.result().unwrap(), 2);
    });
}

#[test]
fn download_list_elements_aggregate_in_three_styles() {
    #[delayed]
    fn download() -> Vec<i64> {
        (0..10).collect()
    }
    #[delayed]
    fn aggregate(xs: &[i64]) -> i64 {
        xs.iter().sum()
    }
    #[delayed]
    fn inside() -> Result<i64, Error> {
        let client = get_client()?;
        let list = client.submit(download()).result()?;
        client.submit(aggregate(&client.map(inc, list))).result()
    }
    on(&[1, 2, 4], |client| {
        let here = client.submit(download()).result().unwrap();
        let here = client
            .submit(aggregate(&client.map(inc, here)))
            .result()
            .unwrap();
        let list = client.submit(download());
        let n = client.submit(list.to_delayed().len()).result().unwrap();
        let elements = client.map(|i| inc(list.to_delayed().at(i)), 0..n);
        let there = client.submit(aggregate(&elements)).result().unwrap();
        let inside = client.submit(inside()).result().unwrap();
        assert_eq!((here, there, inside), (55, 55, 55));
    });
}

#[test]
fn seceding_gives_the_slot_to_others_also_for_waits_of_ones_own() {
    on(&[1], |client| {
        let (tx, rx) = std::sync::mpsc::channel();
        let rx = Mutex::new(rx);
        // Waits in a way that nobody knows of, for a task that needs the one slot.
        let waits = client.submit(call(
            move || {
                let _guard = secede().unwrap();
                rx.lock()
                    .unwrap()
                    .recv_timeout(Duration::from_secs(30))
                    .unwrap()
            },
            (),
        ));
        let sends = client.submit(call(move || tx.send(7).unwrap(), ()));
        assert_eq!(waits.result().unwrap(), 7);
        sends.result().unwrap();
    });
}

#[test]
fn misuse_of_secede_loses_and_gains_no_slot() {
    #[delayed]
    fn twice() -> Result<(), Error> {
        let (first, second) = (secede()?, secede()?);
        drop(second);
        drop(first);
        rejoin(secede()?);
        let kept = secede()?;
        worker_client(|client| worker_client(|_| client.submit(inc(1)).result().map(drop)))?;
        rejoin(kept);
        Ok(())
    }
    #[delayed]
    fn never_rejoins() -> Result<(), Error> {
        std::mem::forget(secede()?);
        Ok(())
    }
    #[delayed]
    fn panics() {
        let _guard = secede().unwrap();
        panic!("on purpose");
    }
    #[delayed]
    fn panics_in_worker_client() -> Result<(), Error> {
        worker_client(|_| panic!("on purpose"))
    }
    on(&[1, 2, 4], |client| {
        for _ in 0..10 {
            let all: Vec<Handle<()>> = vec![
                client.submit(twice()),
                client.submit(never_rejoins()),
                client.submit(panics()),
                client.submit(panics_in_worker_client()),
            ];
            let outcomes = client.gather_all(&all);
            let kinds: Vec<_> = outcomes
                .iter()
                .map(|o| o.as_ref().err().map(Error::kind))
                .collect();
            assert_eq!(
                kinds,
                [
                    None,
                    None,
                    Some(ErrorKind::Panicked),
                    Some(ErrorKind::Panicked)
                ]
            );
        }
    });
    // A thread that a body has started is no task's.
    on(&[1, 2], |client| {
        let body = || {
            let foreign = || (secede().map(drop), worker_client(|_| Ok(())));
            let (one, other) = std::thread::spawn(foreign).join().unwrap();
            [one, other].map(|outcome| outcome.unwrap_err().kind())
        };
        let kinds = client.submit(call(body, ())).result().unwrap();
        assert_eq!(kinds, [ErrorKind::NotInTask; 2]);
    });
    assert_eq!(secede().unwrap_err().kind(), ErrorKind::NotInTask);
    assert_eq!(get_client().unwrap_err().kind(), ErrorKind::NotInTask);
    let none = worker_client(|_| Ok(())).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NotInTask);
}

#[test]
fn one_slot_means_one_body_at_a_time() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    fn busy() {
        MOST.fetch_max(NOW.fetch_add(1, SeqCst) + 1, SeqCst);
        std::thread::sleep(Duration::from_micros(200));
        NOW.fetch_sub(1, SeqCst);
    }
    #[delayed]
    fn node(depth: u32) -> Result<u32, Error> {
        busy();
        if depth == 0 {
            return Ok(1);
        }
        let client = get_client()?;
        let below = client.map(node, [depth - 1, depth - 1]);
        Ok(client.gather(&below)?.iter().sum::<u32>() + 1)
    }
    on(&[1], |client| {
        assert_eq!(client.submit(node(5)).result().unwrap(), 63);
        assert_eq!(MOST.load(SeqCst), 1);
    });
}

#[test]
fn a_body_may_keep_its_slot_while_it_waits() {
    on(&[2], |client| {
        let x = client.submit(call(
            || {
                let x = get_client().unwrap().submit(inc(1));
                hold_slot(|| x.result().unwrap())
            },
            (),
        ));
        assert_eq!(x.result().unwrap(), 2);
    });
    assert_eq!(hold_slot(|| 1), 1);
}

#[test]
fn a_nested_compute_of_a_task_may_wait_for_futures() {
    #[delayed]
    fn task(x: i64) -> Result<i64, Error> {
        let future = get_client()?.submit(inc(x));
        let twice = call(|a: i64, b: i64| a + b, (&future, inc(&future)));
        let all = compute!(twice, inc(x))?;
        Ok(all.0 + all.1)
    }
    on(&[1, 2, 4], |client| {
        let all = client.gather(client.map(task, 0..20)).unwrap();
        assert!(all.into_iter().eq((0..20).map(|x| 2 * x + 3 + x + 1)));
    });
}

#[test]
fn a_node_of_a_nested_compute_with_threads_of_its_own_may_wait_for_futures() {
    #[delayed]
    fn asks(x: i64) -> Result<i64, Error> {
        get_client()?.submit(inc(x)).result()
    }
    #[delayed]
    fn task(x: i64) -> Result<i64, Error> {
        let options = lazygraph::Options::new().threads(2);
        let parts = join((0..4).map(|i| asks(x + i)).collect::<Vec<_>>());
        Ok(parts.compute_with(&options)?.iter().sum())
    }
    on(&[1, 2], |client| {
        let all = client.gather(client.map(task, 0..5)).unwrap();
        assert!(all.into_iter().eq((0..5).map(|x| 4 * x + 10)));
    });
}

#[test]
fn no_pool_thread_is_needed_that_a_parallel_iterator_holds() {
    use rayon::prelude::*;
    #[delayed]
    fn task(x: i64) -> Result<i64, Error> {
        let client = get_client()?;
        let futures: Vec<Handle<i64>> = (0..4).map(|i| client.submit(inc(x + i))).collect();
        let busy: i64 = (0..64i64).into_par_iter().map(|i| i % 2).sum();
        Ok(client.gather(&futures)?.iter().sum::<i64>() + busy)
    }
    on(&[1, 2, 4], |client| {
        let all: Vec<_> = (0..50).map(|x| client.submit(task(x))).collect();
        let all = client.gather(all).unwrap();
        assert!(all.into_iter().eq((0..50).map(|x| 4 * x + 10 + 32)));
    });
}

#[test]
fn a_unit_in_a_nested_run_is_woken_though_the_owner_of_the_run_sleeps_in_another() {
    // The owner of the nested run works on `waits`, which needs what the other unit does when it is woken.
    #[delayed(pure)]
    fn elsewhere(#[key(skip)] begun: &Event, #[key(skip)] go: &Event) -> i64 {
        begun.set();
        go.wait().map_or(-1, |()| 1)
    }
    #[delayed]
    fn waits(asleep: &Event, woken: &Event) -> Result<i64, Error> {
        asleep.set();
        woken.wait()?;
        Ok(1)
    }
    #[delayed]
    fn task(begun: &Event, go: &Event, asleep: &Event) -> Result<i64, Error> {
        let woken = Event::new();
        let sets = woken.clone();
        let body = move |x: i64| {
            sets.set();
            x
        };
        let shared = elsewhere(begun.clone(), go.clone()).priority(1);
        let first = call(body, (shared,));
        (first + waits(asleep.clone(), woken)).compute()
    }
    // On one slot the nested run is a serial one: it waits where it stands.
    on(&[2, 4], |client| {
        let (begun, go, asleep) = (Event::new(), Event::new(), Event::new());
        let shared = client.submit(elsewhere(begun.clone(), go.clone()));
        begun.wait().unwrap();
        let task = client.submit(task(begun.clone(), go.clone(), asleep.clone()));
        asleep.wait().unwrap();
        while client.stats().suspended < 2 {
            std::thread::yield_now();
        }
        go.set();
        assert_eq!((shared.result().unwrap(), task.result().unwrap()), (1, 2));
    });
}

#[test]
fn a_step_of_a_fused_unit_has_a_slot_though_the_one_before_gave_its_up() {
    #[delayed]
    fn secedes() -> Result<(), Error> {
        std::mem::forget(secede()?);
        Ok(())
    }
    #[delayed]
    fn free((): ()) -> Result<usize, Error> {
        Ok(get_client()?.stats().permits)
    }
    on(&[1, 2, 4], |client| {
        let free = client.submit(free(secedes())).result().unwrap();
        assert_eq!(free, client.stats().slots - 1);
    });
}

#[test]
fn who_waits_for_its_helpers_to_leave_gives_its_slot_up() {
    // A nested run has failed; on another thread a node of it works on a task of its own, which needs a third.
    #[delayed]
    fn fails(begun: &Event, fail: &Event) -> Result<i64, Error> {
        hold_slot(|| begun.wait().and_then(|()| fail.wait()))?;
        inc(i64::MIN).map(|_| 0).and_then(|_| refuse()).compute()
    }
    #[delayed]
    fn refuse() -> Result<i64, String> {
        Err("no".into())
    }
    #[delayed]
    fn node(begun: &Event, set: &Event) -> Result<i64, Error> {
        get_client()?
            .submit(inner(begun.clone(), set.clone()))
            .result()
    }
    #[delayed]
    fn inner(begun: &Event, set: &Event) -> Result<i64, Error> {
        begun.set();
        set.wait()?;
        Ok(1)
    }
    on(&[2], |client| {
        let [begun, fail, set, busy, end] = [(); 5].map(|()| Event::new());
        let nested = fails(begun.clone(), fail.clone()).priority(1);
        let nested = nested + node(begun.clone(), set.clone());
        let parent = client.submit(call(move || nested.compute().is_err(), ()));
        begun.wait().unwrap();
        while client.stats().suspended == 0 {
            std::thread::yield_now();
        }
        let (is_busy, until) = (busy.clone(), end.clone());
        let body = move || {
            is_busy.set();
            hold_slot(|| until.wait().is_ok())
        };
        let other = client.submit(call(body, ()));
        busy.wait().unwrap();
        // One slot is the other's, one is that of the owner of the nested run.
        fail.set();
        client.submit(call(move || set.set(), ())).result().unwrap();
        end.set();
        assert!(parent.result().unwrap() && other.result().unwrap());
    });
}

#[test]
fn seceding_in_a_nested_compute_with_threads_of_its_own_gives_up_each_slot_once() {
    #[delayed]
    fn secedes(x: i64) -> Result<i64, Error> {
        let guard = secede()?;
        let client = get_client()?;
        let sum = client.submit(inc(x)).result()? + inc(x).compute()?;
        rejoin(guard);
        Ok(sum + client.submit(inc(x)).result()?)
    }
    #[delayed]
    fn task() -> Result<i64, Error> {
        let parts = join((0..4).map(secedes).collect::<Vec<_>>());
        let options = lazygraph::Options::new().threads(2);
        Ok(parts.compute_with(&options)?.iter().sum())
    }
    on(&[1, 2, 4], |client| {
        let all = client.gather(client.map(|_: usize| task(), 0..20)).unwrap();
        assert_eq!(all, [30; 20]);
    });
}

#[test]
fn a_guard_of_one_task_that_another_drops_loses_and_gains_no_slot() {
    thread_local! {
        static KEPT: std::cell::RefCell<Option<lazygraph::Seceded>> = const { std::cell::RefCell::new(None) };
    }
    #[delayed]
    fn task(x: i64) -> Result<i64, Error> {
        let guard = secede()?;
        let other = KEPT.with(|kept| kept.borrow_mut().take());
        if x % 3 == 0 {
            KEPT.with(|kept| kept.replace(Some(guard)));
            return Ok(x + 1);
        }
        drop(other);
        let y = get_client()?.submit(inc(x)).result()?;
        drop(guard);
        Ok(y)
    }
    on(&[1, 2, 4], |client| {
        let all: Vec<_> = (0..30).map(|x| client.submit(task(x))).collect();
        assert!(client.gather(all).unwrap().into_iter().eq(1..31));
    });
}

#[test]
fn a_task_may_have_a_client_of_its_own_and_be_the_last_to_hold_its_client() {
    #[delayed]
    fn parent(x: i64) -> Result<i64, Error> {
        get_client()?.submit(inc(x)).result()
    }
    #[delayed]
    fn task(n: i64) -> Result<i64, Error> {
        let own = Client::builder().threads(1).build()?;
        Ok(own.gather(own.map(parent, 0..n))?.iter().sum())
    }
    on(&[1, 2, 4], |client| {
        let all = client.gather(client.map(task, 0..10)).unwrap();
        assert!(all.into_iter().eq((0..10).map(|n| n * (n + 1) / 2)));
    });
    for slots in [1, 2] {
        ends("it", move || {
            let (client, go) = (client_of(slots), Event::new());
            let (wait, last) = (go.clone(), Mutex::new(Some(client.clone())));
            let body = move || wait.wait().map(|()| drop(last.lock().unwrap().take()));
            let x = client.submit(call(body, ()));
            drop(client);
            go.set();
            assert!(x.result().unwrap().is_ok());
        });
    }
}

mod slow {
    use super::*;

    #[test]
    fn ten_thousand_levels_of_tasks_give_a_result() {
        #[delayed]
        fn down(n: u64) -> Result<u64, Error> {
            match n {
                0 => Ok(0),
                n => worker_client(|client| Ok(client.submit(down(n - 1)).result()? + 1)),
            }
        }
        on(&[1, 2], |client| {
            assert_eq!(client.submit(down(10_000)).result().unwrap(), 10_000);
        });
    }
}
