//! P8: what a limit or a filter did to one call says nothing of an equal one; only what the function itself said is shared.

use std::thread::sleep;
use std::time::Duration;

use common::{Tally, client_of, ends, everywhere};
use lazygraph::{ErrorKind, Memo, Options, check, prelude::*};

const SHORT: Duration = Duration::from_millis(10);

/// Takes half a second, or until it is told to stop.
#[delayed(pure)]
fn slow(#[key(skip)] tally: &Tally, x: i64) -> Result<i64, Error> {
    tally.add();
    for _ in 0..100 {
        check()?;
        sleep(Duration::from_millis(1));
    }
    Ok(x)
}

#[delayed(pure)]
fn flaky(#[key(skip)] tally: &Tally, failures: usize, x: i64) -> Result<i64, String> {
    match tally.add() < failures {
        true => Err("not yet".to_owned()),
        false => Ok(x),
    }
}

type Seen = Result<i64, ErrorKind>;

fn seen(x: Delayed<i64>) -> Seen {
    x.compute().map_err(|e| e.kind())
}

#[delayed]
fn limit_first(tally: &Tally) -> (Seen, Seen) {
    let limited = seen(slow(tally.clone(), 2).timeout(SHORT));
    (limited, seen(slow(tally.clone(), 2)))
}

#[delayed]
fn plain_first(tally: &Tally) -> (Seen, Seen, Seen) {
    (
        seen(flaky(tally.clone(), 3, 1)),
        // The function's own failure, of a call that is tried once as well.
        seen(flaky(tally.clone(), 3, 1)),
        seen(flaky(tally.clone(), 3, 1).retries(5)),
    )
}

#[test]
fn another_calls_limit_is_not_this_calls_failure() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let got = limit_first(tally.clone()).compute_with(&options).unwrap();
        assert_eq!(got, (Err(ErrorKind::Timeout), Ok(2)), "{name}");
        assert_eq!(tally.get(), 2, "{name}");
    }
}

#[test]
fn a_call_with_retries_tries_itself() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let got = plain_first(tally.clone()).compute_with(&options).unwrap();
        let failed = Err(ErrorKind::Failed);
        assert_eq!(got, (failed, failed, Ok(1)), "{name}");
        assert_eq!(
            tally.get(),
            4,
            "{name}: one for both of the first, three for the last"
        );
    }
}

#[test]
fn equal_calls_of_one_graph_keep_their_own_limits() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let call = || slow(tally.clone(), 3);
        let both = (call().timeout(SHORT).catch(), call().catch());
        let (limited, free) = compute_of(&options, both);
        assert_eq!(free, Ok(3), "{name}");
        // It may have come second, and found what the other has left.
        assert!(
            limited == Ok(3) || limited == Err(ErrorKind::Timeout),
            "{name}"
        );
    }
}

fn compute_of(
    options: &Options,
    both: (Delayed<Result<i64, Error>>, Delayed<Result<i64, Error>>),
) -> (Seen, Seen) {
    let (a, b) = lazygraph::compute_with(options, both).unwrap();
    (a.map_err(|e| e.kind()), b.map_err(|e| e.kind()))
}

/// A call with a limit waits for an equal one that another compute runs, and no longer than its limit.
#[test]
fn the_limit_holds_while_another_runs_it() {
    let memo = Memo::new();
    let tally = Tally::new();
    let (holder, asked) = (slow(tally.clone(), 4), tally.clone());
    ends("a wait with a limit", move || {
        let options = Options::new().memo(&memo);
        std::thread::scope(|threads| {
            let first = threads.spawn(|| holder.compute_with(&options));
            while asked.get() == 0 {
                sleep(Duration::from_millis(1));
            }
            let second = slow(asked.clone(), 4).timeout(SHORT);
            let e = second.compute_with(&options).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Timeout);
            assert_eq!(first.join().unwrap().unwrap(), 4);
        });
        // In a client nothing sleeps for it: the node is parked.
        for slots in [2, 4] {
            let client = client_of(slots);
            let tally = Tally::new();
            let first = client.submit(slow(tally.clone(), 5));
            while tally.get() == 0 {
                sleep(Duration::from_millis(1));
            }
            let second = client.submit(slow(tally.clone(), 5).timeout(SHORT));
            let e = second.result().unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Timeout, "{slots}");
            assert_eq!(first.result().unwrap(), 5, "{slots}");
            assert_eq!(tally.get(), 1, "{slots}");
        }
    });
}

#[delayed]
fn asks(outer: &Tally, inner: &Tally) -> Result<i64, Error> {
    outer.add();
    flaky(inner.clone(), 2, 7).compute()
}

#[test]
fn a_further_attempt_does_not_meet_the_failures_of_the_last() {
    for (name, options) in everywhere() {
        let (outer, inner) = (Tally::new(), Tally::new());
        let x = asks(outer.clone(), inner.clone()).retries(5);
        assert_eq!(x.compute_with(&options).unwrap(), 7, "{name}");
        assert_eq!((outer.get(), inner.get()), (3, 3), "{name}");
    }
}
