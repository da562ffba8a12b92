//! What a client has so much of is used by running bodies only, by rank, and never beyond what there is.

use common::{Log, Meeting, PLANNED, client_of, close, on_built, wait_until};
use lazygraph::sync::Event;
use lazygraph::{
    Client, ErrorKind, Handle, Options, Plan, Status, Transition, as_completed, get_client,
    hold_slot, prelude::*, rejoin, secede, worker_client,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// On so many slots, with one GPU and 8 of memory; afterwards all of it is there again.
fn on(slots: &[usize], test: impl Fn(&Client) + Send + Sync + Clone + 'static) {
    on_built(
        slots,
        |builder| builder.resource("gpu", 1).resource("memory", 8),
        move |client| {
            test(client);
            close(client);
            assert_eq!(all_free(client), (Some(1), Some(8)));
        },
    );
}

fn all_free(client: &Client) -> (Option<u64>, Option<u64>) {
    (
        client.available_resource("gpu"),
        client.available_resource("memory"),
    )
}

/// How many bodies are inside at once.
#[derive(Clone, Default)]
struct Inside(Arc<(AtomicUsize, AtomicUsize)>);

impl Inside {
    fn enter(&self, amount: usize) -> Out<'_> {
        let now = self.0.0.fetch_add(amount, SeqCst) + amount;
        self.0.1.fetch_max(now, SeqCst);
        std::thread::yield_now();
        Out(self, amount)
    }

    fn most(&self) -> usize {
        self.0.1.load(SeqCst)
    }
}

struct Out<'i>(&'i Inside, usize);

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(self.1, SeqCst);
    }
}

#[delayed]
fn uses(inside: &Inside, amount: usize) -> usize {
    let _out = inside.enter(amount);
    amount
}

#[delayed]
fn logs(log: &Log, name: &str) {
    log.push(name);
}

/// Keeps what it uses until the event is set, without waiting in a way that lets it go.
fn occupy(client: &Client, resource: &str, amount: u64, until: &Event) -> Handle<bool> {
    let (begun, until) = (Event::new(), until.clone());
    let begins = begun.clone();
    let body = move || {
        begins.set();
        hold_slot(|| until.wait().is_ok())
    };
    let holds = client.submit(call(body, ()).resource(resource, amount));
    begun.wait().unwrap();
    holds
}

#[test]
fn no_more_are_inside_than_there_is_room_for() {
    on(&[1, 2, 4], |client| {
        let (gpu, memory) = (Inside::default(), Inside::default());
        let trains = client.map(|_| uses(gpu.clone(), 1).resource("gpu", 1), 0..40);
        let loads: Vec<_> = (0..40)
            .map(|i| {
                let amount = 1 + i % 8;
                client.submit(uses(memory.clone(), amount).resource("memory", amount as u64))
            })
            .collect();
        client.gather(trains).unwrap();
        client.gather(loads).unwrap();
        assert_eq!(gpu.most(), 1);
        assert!(memory.most() <= 8, "{}", memory.most());
    });
}

#[test]
fn as_many_are_inside_as_there_is_room_for() {
    on(&[2, 4], |client| {
        let both = Meeting::of(2);
        let meets = |_| call(|m: Meeting| m.join(), (both.clone(),)).resource("memory", 4);
        let met = client.gather(client.map(meets, 0..2)).unwrap();
        assert_eq!(met, [true, true]);
    });
}

#[test]
fn who_waits_for_a_resource_takes_no_slot_from_others() {
    on(&[2, 4], |client| {
        let go = Event::new();
        let holds = occupy(client, "gpu", 1, &go);
        let log = Log::new();
        let mut wait: Vec<_> = (0..10)
            .map(|_| client.submit(logs(log.clone(), "gpu").resource("gpu", 1).priority(9)))
            .collect();
        wait.extend(client.map(|_| logs(log.clone(), "gpu").resource("gpu", 1), 0..10));
        for _ in 0..5 {
            client.submit(logs(log.clone(), "none")).result().unwrap();
        }
        assert_eq!(log.take(), ["none"; 5]);
        assert!(wait.iter().all(|w| w.status() == Status::Queued));
        go.set();
        assert!(holds.result().unwrap());
        client.gather(wait).unwrap();
        assert_eq!(log.take(), ["gpu"; 20]);
    });
}

#[test]
fn the_highest_in_rank_gets_it_and_the_first_of_equals() {
    // One slot is left: who is behind in rank runs when those before have asked.
    on(&[2], |client| {
        let (go, log) = (Event::new(), Log::new());
        let holds = occupy(client, "gpu", 1, &go);
        let ask = |name: &str, priority| {
            let call = logs(log.clone(), name).resource("gpu", 1);
            client.submit(call.priority(priority))
        };
        let all = [
            ask("a", 0),
            ask("b", 5),
            ask("c", -1),
            ask("d", 5),
            ask("e", 9),
        ];
        client
            .submit(logs(Log::new(), "").priority(-9))
            .result()
            .unwrap();
        go.set();
        holds.result().unwrap();
        client.gather(all).unwrap();
        assert_eq!(log.take(), ["e", "b", "d", "a", "c"]);
    });
}

#[test]
fn a_large_request_is_not_overtaken_for_ever() {
    // One slot is left: who is behind in rank runs when those before have asked.
    on(&[2], |client| {
        let (go, log) = (Event::new(), Log::new());
        let holds = occupy(client, "memory", 1, &go);
        let large = client.submit(logs(log.clone(), "large").resource("memory", 8));
        client
            .submit(logs(Log::new(), "").priority(-9))
            .result()
            .unwrap();
        // There would be room for these.
        let small = client.map(|_| logs(log.clone(), "small").resource("memory", 1), 0..5);
        client
            .submit(logs(Log::new(), "").priority(-9))
            .result()
            .unwrap();
        assert_eq!(log.len(), 0);
        go.set();
        holds.result().unwrap();
        large.result().unwrap();
        client.gather(small).unwrap();
        assert_eq!(log.take()[0], "large");
    });
}

#[test]
fn however_a_body_ends_it_gives_back_what_it_used() {
    #[delayed]
    fn fails() -> Result<(), String> {
        Err("no".into())
    }
    #[delayed]
    fn panics() {
        panic!("{PLANNED}")
    }
    #[delayed]
    fn waits(begun: Event) -> Result<(), Error> {
        begun.set();
        Event::new().wait()
    }
    #[delayed]
    fn secedes() -> Result<(), Error> {
        std::mem::forget(secede()?);
        Ok(())
    }
    #[delayed]
    fn returns_a_graph(then: Delayed<()>) -> Delayed<()> {
        then
    }
    on(&[1, 2, 4], |client| {
        let all = |d: Delayed<()>| d.resource("gpu", 1).resource("memory", 8);
        let kind = |d: Delayed<()>| client.submit(all(d)).result().err().map(|e| e.kind());
        for _ in 0..5 {
            assert_eq!(kind(fails()), Some(ErrorKind::Failed));
            assert_eq!(kind(fails().retries(2)), Some(ErrorKind::Failed));
            assert_eq!(kind(panics()), Some(ErrorKind::Panicked));
            assert_eq!(kind(secedes()), None);
            let late = waits(Event::new()).timeout(Duration::from_millis(2));
            assert_eq!(kind(late), Some(ErrorKind::Timeout));
            assert_eq!(kind(returns_a_graph(all(secedes()))), None);
            let begun = Event::new();
            let cancelled = client.submit(all(waits(begun.clone())));
            begun.wait().unwrap();
            cancelled.cancel();
            assert_eq!(cancelled.result().unwrap_err().kind(), ErrorKind::Cancelled);
            assert_eq!(kind(call(|| (), ())), None);
        }
        assert!(wait_until(|| all_free(client) == (Some(1), Some(8))));
    });
}

#[test]
fn what_is_cancelled_while_it_waits_for_a_resource_is_in_nobodys_way() {
    on(&[2, 4], |client| {
        let (go, log) = (Event::new(), Log::new());
        let holds = occupy(client, "memory", 4, &go);
        let large = client.submit(logs(log.clone(), "large").resource("memory", 8));
        let many = client.map(|_| logs(log.clone(), "many").resource("memory", 5), 0..3);
        client
            .submit(logs(Log::new(), "").priority(-9))
            .result()
            .unwrap();
        let small = client.submit(logs(log.clone(), "small").resource("memory", 4));
        large.cancel();
        many.iter().for_each(Handle::cancel);
        small.result().unwrap();
        assert_eq!(log.take(), ["small"]);
        go.set();
        holds.result().unwrap();
        // One of many that waits, cancelled alone.
        let go = Event::new();
        let holds = occupy(client, "gpu", 1, &go);
        let many = client.map(|i: i64| call(|i: i64| i, (i,)).resource("gpu", 1), 0..3);
        client
            .submit(logs(Log::new(), "").priority(-9))
            .result()
            .unwrap();
        many[1].cancel();
        go.set();
        holds.result().unwrap();
        let values: Vec<_> = client
            .gather_all(many)
            .into_iter()
            .map(Result::ok)
            .collect();
        assert_eq!(values, [Some(0), None, Some(2)]);
    });
}

#[delayed]
fn leaf(inside: &Inside, x: i64) -> i64 {
    let _out = inside.enter(1);
    x
}

/// As many ways to wait as there are.
#[delayed]
fn parent(inside: Inside, way: usize) -> Result<i64, Error> {
    let client = get_client()?;
    let child = |x| leaf(inside.clone(), x).resource("gpu", 1);
    let out = inside.enter(1);
    drop(out);
    let sum = match way {
        0 => client.submit(child(3)).result()?,
        1 => client.gather(client.map(child, [1, 2]))?.iter().sum(),
        2 => {
            let futures = [client.submit(child(1)), client.submit(child(2))];
            let mut sum = 0;
            for future in as_completed(futures) {
                sum += future.result()?;
            }
            sum
        }
        3 => {
            let guard = secede()?;
            let x = client.submit(child(3)).result()?;
            rejoin(guard);
            x
        }
        4 => worker_client(|c| c.submit(child(3)).result())?,
        5 => child(3).compute()?,
        6 => (child(1) + child(2)).compute()?,
        7 => (child(1) + child(2)).compute_with(&Options::new().threads(2))?,
        8 => {
            let serial = Options::new().scheduler(lazygraph::Scheduler::Serial);
            (child(1) + child(2)).compute_with(&serial)?
        }
        _ => {
            let x = client.submit(child(3));
            client.wait_all([&x])?.0[0].result()?
        }
    };
    let _out = inside.enter(1);
    Ok(sum)
}

#[test]
fn a_body_that_waits_lends_what_it_uses_to_what_it_waits_for() {
    on(&[1, 2, 4], |client| {
        for way in 0..10 {
            let inside = Inside::default();
            let asks = || parent(inside.clone(), way).resource("gpu", 1);
            assert_eq!(client.submit(asks()).result().unwrap(), 3, "way {way}");
            let many = client.gather(client.map(|_| asks(), 0..8)).unwrap();
            assert_eq!(many, [3; 8], "way {way}");
            let each: Vec<_> = (0..8).map(|_| client.submit(asks())).collect();
            assert_eq!(client.gather(each).unwrap(), [3; 8], "way {way}");
            assert_eq!(inside.most(), 1, "way {way}");
        }
        let inside = Inside::default();
        let all = (0..60).map(|i| client.submit(parent(inside.clone(), i % 10).resource("gpu", 1)));
        assert_eq!(client.gather(all).unwrap(), [3; 60]);
        assert_eq!(inside.most(), 1);
    });
}

#[test]
fn a_hundred_deep_tasks_need_the_one_there_is() {
    #[delayed]
    fn deep(inside: Inside, levels: u32) -> Result<u32, Error> {
        drop(inside.enter(1));
        if levels == 0 {
            return Ok(0);
        }
        let below = deep(inside.clone(), levels - 1).resource("gpu", 1);
        let below = match levels % 2 {
            0 => get_client()?.submit(below).result()?,
            _ => below.compute()?,
        };
        let _out = inside.enter(1);
        Ok(below + 1)
    }
    on(&[1, 2, 4], |client| {
        let inside = Inside::default();
        let root = client.submit(deep(inside.clone(), 100).resource("gpu", 1));
        assert_eq!((root.result().unwrap(), inside.most()), (100, 1));
    });
}

#[test]
fn who_comes_back_is_ahead_of_those_that_have_not_begun() {
    on(&[1, 2, 4], |client| {
        let (back, go, log) = (Event::new(), Event::new(), Log::new());
        let (wait, name) = (back.clone(), log.clone());
        let body = move || {
            wait.wait().unwrap();
            name.push("back");
        };
        let first = client.submit(call(body, ()).resource("gpu", 1));
        let suspended = || {
            let story = first.story().into_iter();
            story.filter(|(_, c)| *c == Transition::Suspended).count()
        };
        assert!(wait_until(|| suspended() > 0));
        let holds = occupy(client, "gpu", 1, &go);
        let late = client.submit(logs(log.clone(), "late").resource("gpu", 1).priority(9));
        let before = suspended();
        back.set();
        // It has heard, and now waits for what it had; or it has only looked, as it does from time to time, and hears next.
        assert!(wait_until(|| suspended() > before));
        std::thread::sleep(std::time::Duration::from_millis(100));
        go.set();
        holds.result().unwrap();
        late.result().unwrap();
        first.result().unwrap();
        assert_eq!(log.take(), ["back", "late"]);
    });
}

#[test]
fn who_is_told_to_stop_while_it_comes_back_goes_on_without() {
    on(&[2, 4], |client| {
        let (back, go) = (Event::new(), Event::new());
        let wait = back.clone();
        let body = move || wait.wait().map(|()| lazygraph::check().is_err());
        let first = client.submit(call(body, ()).resource("gpu", 1));
        assert!(wait_until(|| first.status() == Status::Suspended));
        let holds = occupy(client, "gpu", 1, &go);
        back.set();
        let twice = || {
            first
                .story()
                .iter()
                .filter(|(_, c)| *c == Transition::Suspended)
                .count()
                == 2
        };
        assert!(wait_until(twice));
        first.cancel();
        assert_eq!(first.result().unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(wait_until(|| client.stats().suspended == 0));
        assert_eq!(client.available_resource("gpu"), Some(0));
        go.set();
        holds.result().unwrap();
    });
}

#[test]
fn what_can_never_be_is_refused_at_once() {
    on(&[1, 2], |client| {
        let refused = |d: Delayed<()>| client.submit(d).error().expect("it fails at once");
        let e = refused(call(|| (), ()).named("work").resource("gpu", 2));
        assert_eq!((e.kind(), e.task()), (ErrorKind::Invalid, "work"));
        assert_eq!(
            e.to_string(),
            "task `work()` asks for 2 of `gpu`, of which the client has 1"
        );
        assert!(!e.location().is_empty());
        let e = refused(call(|| (), ()).named("work").resource("tpu", 1));
        assert_eq!(
            e.to_string(),
            "task `work()` asks for 1 of `tpu`, which the client does not have: \
             its resources are `gpu`, `memory`"
        );
        let many = client.map(|i: i64| value(i).map(|x| x + 1).resource("gpu", 2), 0..3);
        assert!(many.iter().all(|m| m.status() == Status::Failed));
        // Asking again goes over what was asked.
        let d = call(|| 1, ()).resource("gpu", 2).resource("gpu", 1);
        assert_eq!(client.submit(d).result().unwrap(), 1);
        assert_eq!(
            client
                .submit(call(|| 1, ()).resource("gpu", 0))
                .result()
                .unwrap(),
            1
        );
        // Below a task it is that task's error.
        #[delayed]
        fn nested() -> Result<i64, Error> {
            call(|| 1, ()).resource("gpu", 7).compute()
        }
        #[delayed]
        fn returned() -> Delayed<i64> {
            call(|| 1, ()).resource("gpu", 7)
        }
        for d in [nested(), returned()] {
            let e = client.submit(d).result().unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Invalid);
            assert!(format!("{e:#}").ends_with("asks for 7 of `gpu`, of which the client has 1"));
        }
    });
    let none = client_of(1);
    let e = none
        .submit(call(|| 1, ()).resource("gpu", 1))
        .error()
        .unwrap();
    assert!(e.to_string().ends_with("its resources are none"), "{e}");
    assert_eq!(none.available_resource("gpu"), None);
}

#[test]
fn a_plain_compute_refuses_what_only_a_client_has() {
    let work = || call(|| 1, ()).named("work").resource("gpu", 1);
    for (name, options) in common::everywhere() {
        let e = work().compute_with(&options).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid, "{name}");
        assert_eq!(
            e.to_string(),
            "task `work()` asks for 1 of `gpu`: only a `Client` has resources, submit it to one"
        );
    }
    let plan = Plan::new(work(), &Options::new()).unwrap();
    assert_eq!(plan.run().unwrap_err().kind(), ErrorKind::Invalid);
    assert!(work().persist().is_err());
}

#[test]
fn in_a_fused_unit_each_step_uses_its_own() {
    on(&[1, 2, 4], |client| {
        let (gpu, memory) = (Inside::default(), Inside::default());
        let chain = || {
            let first = uses(gpu.clone(), 1).resource("gpu", 1);
            let memory = memory.clone();
            let second = first
                .map(move |x| memory.enter(5 * x).1)
                .resource("memory", 5);
            second.map(|x| x + 1)
        };
        assert_eq!(Plan::new(chain(), &Options::new()).unwrap().unit_count(), 1);
        let each: Vec<_> = (0..20).map(|_| client.submit(chain())).collect();
        assert_eq!(client.gather(each).unwrap(), [6; 20]);
        assert_eq!(
            client.gather(client.map(|_| chain(), 0..20)).unwrap(),
            [6; 20]
        );
        assert_eq!((gpu.most(), memory.most()), (1, 5));
    });
}

#[test]
fn merged_calls_ask_for_the_most_that_one_of_them_did() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[delayed(pure)]
    fn square(x: i64) -> i64 {
        RUNS.fetch_add(1, SeqCst);
        x * x
    }
    on(&[1, 2], |client| {
        RUNS.store(0, SeqCst);
        let both = square(3).resource("gpu", 1) + square(3).resource("gpu", 2);
        assert_eq!(
            client.submit(&both).error().unwrap().kind(),
            ErrorKind::Invalid
        );
        let both = square(3).resource("gpu", 1) + square(3).resource("memory", 8);
        assert_eq!(client.submit(both).result().unwrap(), 18);
        assert_eq!(RUNS.load(SeqCst), 1);
        // Remembered: it needs neither, and leaves both as they were.
        let again = square(3).resource("gpu", 1) + square(3).resource("memory", 8);
        assert_eq!(client.submit(again).result().unwrap(), 18);
        assert_eq!(RUNS.load(SeqCst), 1);
    });
}

#[test]
fn one_pure_call_in_flight_that_asks_is_waited_for_without() {
    // The second finds the first in flight: it must not keep what the first needs again.
    #[delayed(pure)]
    fn slow(#[key(skip)] begun: Event, #[key(skip)] go: Event) -> Result<i64, Error> {
        begun.set();
        go.wait()?;
        Ok(7)
    }
    on(&[1, 2, 4], |client| {
        let (begun, go) = (Event::new(), Event::new());
        let ask = || slow(begun.clone(), go.clone()).resource("gpu", 1);
        let first = client.submit(ask());
        begun.wait().unwrap();
        let others: Vec<_> = (0..5).map(|i| client.submit(ask() + i)).collect();
        let nested = client.submit(call(|d: Delayed<i64>| d.compute(), (value(ask()),)));
        while client.stats().suspended == 0 {
            std::thread::yield_now();
        }
        go.set();
        assert_eq!(first.result().unwrap(), 7);
        assert_eq!(client.gather(others).unwrap(), [7, 8, 9, 10, 11]);
        assert_eq!(nested.result().unwrap().unwrap(), 7);
    });
}
