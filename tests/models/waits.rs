//! Who waits is woken. In some of these models time stands still: nobody is saved by looking up now and then.

use super::client::{client, close};
use super::{Gate, Seen, after, beside_another, check, nested, number, numbers, on, plus};
use lazygraph::__private::{steal, stop_time};
use lazygraph::sync::{Event, Semaphore};
use lazygraph::{CancelToken, ErrorKind, Memo, compute_all_with, hold_slot, prelude::*};
use shuttle::thread;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// Who comes back from a wait is told when a slot is free.
#[test]
fn who_comes_back_is_told_of_a_free_slot() {
    check(|| {
        stop_time();
        let (client, event) = (client(1), Event::new());
        let waits = client.submit(returns(event.clone()));
        let sets = client.submit(sets_and_goes_on(event.clone()));
        assert_eq!((waits.result().unwrap(), sets.result().unwrap()), (1, 1));
        close(&client);
    });
}

#[delayed]
fn returns(event: &Event) -> Result<i64, Error> {
    event.wait()?;
    Ok(1)
}

#[delayed]
fn sets_and_goes_on(event: &Event) -> i64 {
    event.set();
    (0..12).for_each(|_| thread::yield_now());
    1
}

#[delayed]
fn waits_for_ever(seen: &Seen, event: &Event, how: i64) -> Result<i64, Error> {
    seen.runs.fetch_add(1, SeqCst);
    match how {
        0 => event.wait()?,
        1 => _ = event.wait_timeout(Duration::from_secs(1 << 20))?,
        2 => _ = Semaphore::new(0).acquire()?,
        _ => _ = after(Seen::default(), event.clone()).compute()?,
    }
    Ok(1)
}

/// A cancel of a run is seen by bodies that wait, however they do.
#[test]
fn who_waits_sees_a_cancel_of_the_run() {
    check(|| {
        for how in 0..4 {
            stop_time();
            let (seen, event, token) = (Seen::default(), Event::new(), CancelToken::new());
            let canceller = thread::spawn({
                let token = token.clone();
                move || token.cancel()
            });
            let both = [1, 2].map(|_| waits_for_ever(seen.clone(), event.clone(), how));
            let sum = plus(&both[0], &both[1]);
            let error = sum.compute_with(&on(2).cancel(&token)).unwrap_err();
            assert_eq!(error.root().kind(), ErrorKind::Cancelled, "{error:?}");
            canceller.join().unwrap();
        }
    });
}

#[delayed]
fn fails_slowly() -> Result<i64, String> {
    thread::yield_now();
    Err("no".into())
}

/// The failure of another node is, too.
#[test]
fn who_waits_sees_a_failure_of_the_run() {
    check(|| {
        stop_time();
        let (seen, event) = (Seen::default(), Event::new());
        let waits = waits_for_ever(seen.clone(), event, 0);
        let sum = plus(waits, fails_slowly());
        let error = sum.compute_with(&on(2)).unwrap_err();
        assert_eq!(error.root().kind(), ErrorKind::Failed, "{error:?}");
    });
}

#[delayed]
fn gives_up(seen: &Seen, event: &Event, given_up: &Event, x: i64) -> Result<i64, Error> {
    seen.live.fetch_add(usize::from(x == 10), SeqCst);
    event.wait().inspect_err(|_| given_up.set())?;
    Ok(x)
}

/// So is the cancel of a client's task, or of an element of a map.
#[test]
fn who_waits_sees_the_cancel_of_its_future() {
    check(|| {
        stop_time();
        let (client, seen, event) = (client(1), Seen::default(), Event::new());
        let task = client.submit(waits_for_ever(seen.clone(), event.clone(), 0));
        let given_up = Event::new();
        let map = client.map(
            |x| gives_up(seen.clone(), event.clone(), given_up.clone(), x),
            10..12,
        );
        let canceller = thread::spawn({
            let (task, element) = (task.clone(), map[0].clone());
            move || {
                task.cancel();
                element.cancel();
            }
        });
        assert_eq!(task.result().unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(map[0].result().unwrap_err().kind(), ErrorKind::Cancelled);
        canceller.join().unwrap();
        // Its body has ended, or never begins, while the other waits on.
        if seen.live.load(SeqCst) > 0 {
            given_up.wait().unwrap();
        }
        event.set();
        assert_eq!(map[1].result().unwrap(), 11);
        close(&client);
    });
}

#[delayed(pure)]
fn lasts(#[key(skip)] seen: &Seen, #[key(skip)] gate: &Gate) -> i64 {
    seen.runs.fetch_add(1, SeqCst);
    gate.open();
    (0..6).for_each(|_| thread::yield_now());
    1
}

#[delayed]
fn asks_for_what_lasts(seen: &Seen, gate: &Gate) -> i64 {
    gate.pass();
    get!(lasts(seen.clone(), gate.clone()))
}

/// Two ask for a node of the plan above while it runs: both are told of its end, and nobody runs it again.
#[test]
fn two_who_ask_for_a_running_node_are_woken() {
    check(|| {
        let (seen, gate) = (Seen::default(), Gate::default());
        let direct = lasts(seen.clone(), gate.clone());
        let asked = [(); 2].map(|()| asks_for_what_lasts(seen.clone(), gate.clone()));
        let sum = plus(plus(&asked[0], direct), &asked[1]);
        assert_eq!(sum.compute_with(&on(3)).unwrap(), 3);
        assert_eq!(seen.runs(), 1);
    });
}

#[delayed]
fn asks_or_sets(seen: &Seen, event: &Event, x: i64) -> Result<i64, Error> {
    match x {
        2 => _ = after(seen.clone(), event.clone()).compute()?,
        5 => event.set(),
        _ => {}
    }
    Ok(x)
}

/// A thread that waits for what another compute does has shared what it kept to itself: that may be what it takes.
#[test]
fn who_waits_for_another_compute_has_shared_its_own() {
    let model = || {
        let (seen, event, memo) = (Seen::default(), Event::new(), Memo::new());
        let other = thread::spawn({
            let call = after(seen.clone(), event.clone());
            let options = on(1).memo(&memo);
            move || call.compute_with(&options)
        });
        let leaf = |seen: &Seen, i| asks_or_sets(seen.clone(), event.clone(), i);
        let sum = numbers(&seen, leaf).compute_with(&on(2).memo(&memo));
        assert_eq!(sum.unwrap(), 36);
        assert_eq!(other.join().unwrap().unwrap(), 1);
        assert_eq!(seen.runs(), 1);
    };
    check(move || beside_another(model));
}

#[delayed]
fn steals_and_waits(event: &Event) -> Result<i64, Error> {
    steal();
    thread::yield_now();
    steal();
    hold_slot(|| event.wait())?;
    Ok(1)
}

/// An invitation that is declined on top of a body is answered by a thread that is lent, while that body holds the other slot.
#[test]
fn a_declined_invitation_is_answered() {
    check(|| {
        stop_time();
        let (client, event) = (client(2), Event::new());
        let waits = client.submit(steals_and_waits(event.clone()));
        let sets = client.submit(sets_and_goes_on(event));
        assert_eq!((waits.result().unwrap(), sets.result().unwrap()), (1, 1));
        close(&client);
    });
}

/// Permits are given back as often as they are taken, and where time helps nobody.
#[test]
fn a_slot_is_given_back_once() {
    check(|| {
        stop_time();
        let (client, seen) = (client(2), Seen::default());
        let all = client.map(|x| nested(seen.clone(), x), 0..3);
        assert_eq!(client.gather(all).unwrap(), [3, 6, 9]);
        close(&client);
        let outputs = vec![number(seen.clone(), 1), number(seen.clone(), 2)];
        let outcomes = compute_all_with(&on(2), outputs);
        assert!(outcomes.into_iter().map(Result::unwrap).eq([1, 2]));
    });
}
