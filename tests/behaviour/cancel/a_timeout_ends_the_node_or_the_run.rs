//! P8: a node's `timeout`, a run's `timeout`: the error is `Timeout`, the body sees its token.

use std::time::Duration;

use common::{Log, Tally, everywhere, pool_of, wait_until};
use lazygraph::{CancelToken, ErrorKind, Options, compute_with, prelude::*};

const SHORT: Duration = Duration::from_millis(40);
const LONG: Duration = Duration::from_secs(600);

/// Works until it is told to stop.
#[delayed]
fn endless(log: &Log) -> Result<i64, String> {
    log.push("started");
    let token = CancelToken::current().expect("a body has a token");
    if wait_until(|| token.is_cancelled()) {
        log.push("told");
        Err("was told to stop".to_owned())
    } else {
        Ok(0)
    }
}

#[delayed]
fn checks(log: &Log) -> Result<i64, Error> {
    for _ in 0..3000 {
        if let Err(e) = lazygraph::check() {
            log.push("told");
            return Err(e);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(0)
}

#[delayed]
fn quick(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn counted(tally: &Tally, x: i64) -> i64 {
    tally.add();
    x
}

#[test]
fn a_node_past_its_deadline() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let x = quick(endless(log.clone()).named("slow one").timeout(SHORT));
        let e = x.compute_with(&options).unwrap_err();
        assert_eq!(
            (e.kind(), e.task()),
            (ErrorKind::Timeout, "slow one"),
            "{name}: {e:?}"
        );
        assert_eq!(log.take(), ["started", "told"], "{name}");
    }
}

#[test]
fn a_run_past_its_deadline() {
    for (name, options) in everywhere() {
        let (log, tally) = (Log::new(), Tally::new());
        let x = counted(tally.clone(), endless(log.clone()));
        let e = x.compute_with(&options.timeout(SHORT)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Timeout, "{name}: {e:?}");
        assert_eq!(log.take(), ["started", "told"], "{name}");
        assert_eq!(tally.get(), 0, "{name}: nothing starts when the time is up");
    }
}

#[test]
fn check_in_a_body_ends_it_as_a_timeout() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let e = checks(log.clone())
            .compute_with(&options.clone().timeout(SHORT))
            .unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Timeout, "{name}: {e:?}");
        let e = checks(log.clone())
            .timeout(SHORT)
            .compute_with(&options)
            .unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Timeout, "{name}: {e:?}");
        assert_eq!(log.take(), ["told", "told"], "{name}");
    }
}

#[test]
fn in_time_nothing_happens() {
    for (name, options) in everywhere() {
        let x = quick(quick(1).timeout(LONG)).timeout(LONG);
        assert_eq!(x.compute_with(&options.timeout(LONG)).unwrap(), 3, "{name}");
    }
}

#[test]
fn a_timed_out_node_can_be_caught() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let slow = endless(log.clone()).timeout(SHORT);
        let both = (slow.unwrap_or(7), quick(1));
        assert_eq!(compute_with(&options, &both).unwrap(), (7, 2), "{name}");
        let kind = slow.catch().map(|r| r.as_ref().unwrap_err().kind());
        assert_eq!(
            kind.compute_with(&options).unwrap(),
            ErrorKind::Timeout,
            "{name}"
        );
    }
}

#[test]
fn the_deadline_of_a_run_reaches_nested_runs() {
    #[delayed]
    fn nests(log: &Log) -> Result<i64, Error> {
        endless(log.clone()).compute()
    }
    for (name, options) in everywhere() {
        let log = Log::new();
        let e = nests(log.clone())
            .compute_with(&options.timeout(SHORT))
            .unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Timeout, "{name}: {e:?}");
        assert_eq!(log.take(), ["started", "told"], "{name}");
    }
}

#[test]
fn a_deadline_that_is_due_at_once_starts_nothing() {
    let tally = Tally::new();
    for (name, options) in everywhere() {
        let e = counted(tally.clone(), 1).compute_with(&options.timeout(Duration::ZERO));
        assert_eq!(e.unwrap_err().kind(), ErrorKind::Timeout, "{name}");
        assert_eq!(tally.get(), 0, "{name}");
    }
}

#[test]
fn the_pool_works_afterwards() {
    let pool = pool_of(2);
    let log = Log::new();
    let many: Vec<_> = (0..20).map(|_| endless(log.clone())).collect();
    let e = compute_with(&Options::new().pool(&pool).timeout(SHORT), &many).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Timeout);
    let started = log.count("started");
    assert!(started <= 2, "{started} nodes started on two workers");
    let good: Vec<_> = (0..20).map(quick).collect();
    let values = compute_with(&Options::new().pool(&pool), &good).unwrap();
    assert_eq!(values, (1..=20).collect::<Vec<_>>());
}
