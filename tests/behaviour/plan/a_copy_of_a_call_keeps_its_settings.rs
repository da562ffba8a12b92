//! What was said of a call holds for every copy of it: `recompute`, a further copy, one in a nested compute or a returned graph.

use std::time::Duration;

use common::{Log, Tally, client_of, close, quiet};
use lazygraph::{Client, ErrorKind, Options, Plan, PlanNode, prelude::*};

#[delayed]
fn work(x: u64) -> u64 {
    x
}

#[delayed]
fn note(log: &Log, text: &'static str) -> u64 {
    log.push(text);
    0
}

/// A setting, and whether a node of a plan shows it.
type Setting = (
    &'static str,
    fn(Delayed<u64>) -> Delayed<u64>,
    fn(&PlanNode) -> bool,
);

const SHOWN: &[Setting] = &[
    ("named", |x| x.named("special"), |n| n.label() == "special"),
    ("priority", |x| x.priority(7), |n| n.priority() == 7),
    ("retries", |x| x.retries(3), |n| n.retries() == 3),
    (
        "timeout",
        |x| x.timeout(Duration::from_secs(9)),
        |n| n.timeout() == Some(Duration::from_secs(9)),
    ),
];

type Copy = (&'static str, fn(&Delayed<u64>) -> Delayed<u64>);

const COPIES: &[Copy] = &[
    ("a clone", |x| x.clone()),
    ("recompute", |x| x.recompute()),
    ("recompute of recompute", |x| x.recompute().recompute()),
    ("recompute of a clone", |x| x.clone().recompute()),
];

#[test]
fn what_a_plan_shows() {
    for (setting, set, is_shown) in SHOWN {
        for (copy, make) in COPIES {
            let x = set(work(1));
            let y = make(&x);
            // Fused, inlined or alone.
            for options in [Options::new(), Options::new().fuse(false)] {
                let users = (work(&x), work(&y), y.clone());
                let plan = Plan::new(users, &options).unwrap();
                let nodes: Vec<_> = plan.order().collect();
                let shown = nodes.iter().filter(|n| is_shown(n)).count();
                let wanted = if *copy == "a clone" { 1 } else { 2 };
                assert_eq!(shown, wanted, "{setting} of {copy}: {nodes:?}");
            }
        }
    }
}

#[delayed]
fn fails_at_first(tally: &Tally) -> Result<u64, String> {
    match tally.add() % 3 {
        2 => Ok(1),
        _ => Err("not yet".to_owned()),
    }
}

#[delayed]
fn computes(x: &Delayed<u64>) -> Result<u64, Error> {
    x.recompute().compute()
}

#[delayed]
fn returns(x: &Delayed<u64>) -> Delayed<u64> {
    x.recompute()
}

#[test]
fn what_a_run_does() {
    quiet();
    let uses: [(&str, fn(&Delayed<u64>) -> Delayed<u64>); 4] = [
        ("recompute", |x| x.recompute()),
        ("twice", |x| x.recompute().recompute()),
        ("in a nested compute", |x| computes(value(x.clone()))),
        ("in a returned graph", |x| returns(value(x.clone()))),
    ];
    for (what, copy) in uses {
        // Retries, with their filter.
        let tally = Tally::new();
        let x = fails_at_first(tally.clone()).retries(2);
        assert_eq!(copy(&x).compute().unwrap(), 1, "{what}");
        assert_eq!(tally.get(), 3, "{what}");
        let tally = Tally::new();
        let x = fails_at_first(tally.clone()).retries(2).retry_if(|_| false);
        assert!(copy(&x).compute().is_err(), "{what}");
        assert_eq!(tally.get(), 1, "{what}");
        // The order.
        let log = Log::new();
        let first = note(log.clone(), "first");
        let x = note(log.clone(), "then").after(&first);
        copy(&x).compute().unwrap();
        assert_eq!(log.take(), ["first", "then"], "{what}");
        // Resources, that only a client has.
        let x = work(1).resource("gpu", 1);
        let e = copy(&x).compute().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid, "{what}: {e:?}");
        let client = Client::builder().threads(1).resource("gpu", 1);
        let client = client.build().unwrap();
        assert_eq!(client.submit(copy(&x)).result().unwrap(), 1, "{what}");
        close(&client);
        let client = client_of(1);
        assert!(client.submit(copy(&x)).result().is_err(), "{what}");
        close(&client);
    }
}

#[test]
fn what_is_said_later_is_said_of_one() {
    let x = work(1);
    let y = x.recompute();
    let (x, y) = (x.named("x"), y.named("y"));
    let plan = Plan::new((x, y), &Options::new()).unwrap();
    let mut labels: Vec<_> = plan.order().map(|n| n.label().to_owned()).collect();
    labels.sort();
    assert_eq!(labels, ["x", "y"]);
}
