//! P12: labels, priorities, retries and timeouts of the nodes in a fused unit still hold.

use std::time::Duration;

use common::{Log, Tally, schedulers, wait_until};
use lazygraph::{CancelToken, Counter, ErrorKind, Options, Plan, prelude::*};

#[delayed]
fn step(log: &Log, x: i64) -> i64 {
    log.push("step");
    x + 1
}

#[delayed]
fn flaky(tally: &Tally, failures: usize, x: i64) -> Result<i64, String> {
    if tally.add() < failures {
        Err("again".to_owned())
    } else {
        Ok(x)
    }
}

#[delayed]
fn endless(x: i64) -> i64 {
    let token = CancelToken::current().expect("a body has a token");
    wait_until(|| token.is_cancelled());
    x
}

#[test]
fn labels() {
    let log = Log::new();
    let a = step(log.clone(), 0).named("first");
    let b = step(log.clone(), a);
    let c = step(log.clone(), b).named("third").priority(3);
    let plan = Plan::new(&c, &Options::new()).unwrap();
    assert_eq!(plan.unit_count(), 1);
    let order: Vec<String> = plan.order().map(|n| n.label().to_string()).collect();
    assert_eq!(order, ["first", "step", "third"]);
    for export in [plan.to_dot(), serde_json::to_string(&plan).unwrap()] {
        for label in ["first", "third"] {
            assert!(export.contains(label), "no {label} in {export}");
        }
    }
}

#[test]
fn observers_see_the_nodes_of_a_unit() {
    for (name, options) in schedulers() {
        let (log, seen) = (Log::new(), Counter::new());
        let c = step(log.clone(), step(log.clone(), 0).named("inner"));
        c.compute_with(&options.observe(&seen)).unwrap();
        assert_eq!(
            (seen.executed("step"), seen.executed("inner")),
            (2, 0),
            "{name}: by function"
        );
    }
}

#[test]
fn retries_of_each_step() {
    for (name, options) in schedulers() {
        let (one, two) = (Tally::new(), Tally::new());
        let x = flaky(one.clone(), 1, 5).retries(1);
        let x = flaky(two.clone(), 2, x).retries(2);
        assert_eq!(Plan::new(&x, &options).unwrap().unit_count(), 1, "{name}");
        assert_eq!(x.compute_with(&options).unwrap(), 5, "{name}");
        assert_eq!((one.get(), two.get()), (2, 3), "{name}");
    }
}

#[test]
fn the_timeout_of_one_step() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let x = step(log.clone(), 0);
        let x = endless(x)
            .timeout(Duration::from_millis(40))
            .named("too slow");
        let x = step(log.clone(), x);
        let e = x.compute_with(&options).unwrap_err();
        assert_eq!(
            (e.kind(), e.task()),
            (ErrorKind::Timeout, "too slow"),
            "{name}: {e:?}"
        );
        assert_eq!(log.take().len(), 1, "{name}");
    }
}

#[test]
fn what_comes_after_a_step_waits_for_it() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let first = step(log.clone(), 0);
        let inner = step(log.clone(), &first).map({
            let log = log.clone();
            move |x| {
                log.push("inner");
                *x
            }
        });
        let later = inner.map({
            let log = log.clone();
            move |x| {
                log.push("later");
                *x
            }
        });
        let other = step(log.clone(), 7).after(&later);
        assert_eq!(other.compute_with(&options).unwrap(), 8, "{name}");
        assert_eq!(
            log.take(),
            ["step", "step", "inner", "later", "step"],
            "{name}"
        );
    }
}
