//! P8: `catch`, `unwrap_or` and `compute_all` continue past failure.

use common::{Log, everywhere, quiet};
use lazygraph::{ErrorKind, compute_all, compute_all_with, compute_with, prelude::*};

#[delayed]
fn parse(log: &Log, s: &str) -> Result<i64, std::num::ParseIntError> {
    log.push(s);
    s.parse()
}

#[delayed]
fn burst(x: i64) -> i64 {
    panic!("planned panic {x}")
}

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[test]
fn catch_makes_a_value_of_a_failure() {
    quiet();
    for (name, options) in everywhere() {
        let log = Log::new();
        let good = parse(log.clone(), "1")
            .catch()
            .compute_with(&options)
            .unwrap();
        assert_eq!(good.unwrap(), 1, "{name}");
        let bad = inc(parse(log.clone(), "x"))
            .catch()
            .compute_with(&options)
            .unwrap();
        let e = bad.unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Failed, "parse"), "{name}");
        let e = inc(burst(1))
            .catch()
            .compute_with(&options)
            .unwrap()
            .unwrap_err();
        assert_eq!((e.is_panic(), e.task()), (true, "burst"), "{name}");
    }
}

#[test]
fn unwrap_or_gives_another_value() {
    quiet();
    for (name, options) in everywhere() {
        let log = Log::new();
        let x = add(
            parse(log.clone(), "x").unwrap_or(10),
            parse(log.clone(), "2").unwrap_or(20),
        );
        assert_eq!(x.compute_with(&options).unwrap(), 12, "{name}");
        assert_eq!(
            burst(1).unwrap_or(5).compute_with(&options).unwrap(),
            5,
            "{name}"
        );
    }
}

#[test]
fn the_rest_of_the_graph_goes_on() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let many: Vec<_> = ["1", "x", "3", "y", "5"]
            .iter()
            .map(|s| inc(parse(log.clone(), *s)).unwrap_or(0))
            .collect();
        assert_eq!(
            compute_with(&options, &many).unwrap(),
            [2, 0, 4, 0, 6],
            "{name}"
        );
        assert_eq!(log.len(), 5, "{name}");
    }
}

#[test]
fn only_what_is_caught_is_caught() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let x = parse(log.clone(), "x");
        // The same failing value is caught here and needed there.
        let e = compute_with(&options, (x.unwrap_or(0), inc(&x))).unwrap_err();
        assert_eq!(e.task(), "parse", "{name}");
        assert!((1..=2).contains(&log.take().len()), "{name}");
    }
}

#[test]
fn a_caught_value_is_shared_with_those_who_trust_it() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let x = parse(log.clone(), "4");
        let values = compute_with(
            &options,
            (x.unwrap_or(0), inc(&x), x.catch().map(Result::is_ok)),
        );
        assert_eq!(values.unwrap(), (4, 5, true), "{name}");
        assert_eq!(log.take(), ["4"], "{name}: one value, one execution");
    }
}

#[test]
fn catches_nest() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let inner = parse(log.clone(), "x").catch();
        let outer = inner.catch().map(|r| matches!(r, Ok(Err(_))));
        assert!(outer.compute_with(&options).unwrap(), "{name}");
        let x = add(
            parse(log.clone(), "x").unwrap_or(1),
            parse(log.clone(), "y"),
        )
        .unwrap_or(9);
        assert_eq!(x.compute_with(&options).unwrap(), 9, "{name}");
    }
}

#[test]
fn compute_all_gives_every_outcome_in_place() {
    quiet();
    for (name, options) in everywhere() {
        let log = Log::new();
        let shared = parse(log.clone(), "1");
        let all = compute_all_with(
            &options,
            [
                inc(&shared),
                parse(log.clone(), "x"),
                add(&shared, parse(log.clone(), "y")),
                burst(3),
                inc(&shared),
            ],
        );
        let told: Vec<String> = all
            .iter()
            .map(|r| match r {
                Ok(x) => x.to_string(),
                Err(e) => e.task().to_owned() + if e.is_panic() { "!" } else { "" },
            })
            .collect();
        assert_eq!(told, ["2", "parse", "parse", "burst!", "2"], "{name}");
        let mut ran = log.take();
        ran.sort();
        assert_eq!(ran, ["1", "x", "y"], "{name}");
    }
}

#[test]
fn compute_all_takes_any_iterable() {
    assert_eq!(compute_all(Vec::<Delayed<i64>>::new()).len(), 0);
    let all = compute_all((0..3).map(inc));
    let values: Result<Vec<i64>, Error> = all.into_iter().collect();
    assert_eq!(values.unwrap(), [1, 2, 3]);
    let x = inc(1);
    let all = compute_all([x.clone(), x]);
    assert_eq!(
        all.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
        [2, 2]
    );
}
