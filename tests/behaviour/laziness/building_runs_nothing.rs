//! P1: a call of a delayed function makes a node and does nothing else.

use common::Log;
use common::tracked::{Meter, Tracked};
use lazygraph::prelude::*;

#[delayed]
fn inc(log: &Log, x: i64) -> i64 {
    log.push("inc");
    x + 1
}

#[delayed]
fn len_of(v: &[Tracked]) -> usize {
    v.len()
}

#[delayed]
fn first_of(v: Vec<Tracked>) -> i64 {
    v[0].value()
}

#[test]
fn no_body_runs_until_something_is_computed() {
    let log = Log::new();
    let a = inc(log.clone(), 1).named("a").retries(2);
    let b = inc(log.clone(), &a) + 1;
    let c = b.map({
        let log = log.clone();
        move |x| {
            log.push("map");
            *x
        }
    });
    let all = join(vec![a.clone(), b.clone(), c.clone()]);
    let _ = format!("{all:?} {} {:?}", a.name(), c.content_key());
    assert_eq!(log.entries(), Vec::<String>::new());

    assert_eq!(all.compute().unwrap(), [2, 4, 4]);
    assert_eq!(log.entries(), ["inc", "inc", "map"]);
}

#[test]
fn a_graph_that_is_dropped_has_run_nothing() {
    let log = Log::new();
    drop(inc(log.clone(), inc(log.clone(), inc(log.clone(), 1))));
    assert_eq!(log.len(), 0);
}

#[test]
fn a_long_argument_is_moved_into_the_node() {
    let meter = Meter::new();
    let make = || -> Vec<Tracked> { (0..1000).map(|i| Tracked::new(&meter, i)).collect() };

    let lent = len_of(make());
    let more = lent.clone();
    assert_eq!(
        (meter.made(), meter.cloned(), meter.dropped()),
        (1000, 0, 0)
    );
    assert_eq!(compute!(lent, more).unwrap(), (1000, 1000));
    assert_eq!(meter.cloned(), 0, "what is lent is never cloned");
    drop((lent, more));
    assert_eq!(meter.live(), 0);

    let owned = first_of(make());
    assert_eq!(meter.cloned(), 0, "building clones nothing");
    assert_eq!(owned.compute().unwrap(), 0);
    assert_eq!(
        meter.cloned(),
        1000,
        "a plain argument by value is cloned once per compute"
    );
    drop(owned);
    assert_eq!(meter.live(), 0);
}

#[test]
fn building_on_a_deep_graph_costs_nothing_that_grows() {
    // Nothing to count but that it ends: quadratic work here would take minutes.
    let log = Log::new();
    let mut x = value(0);
    for _ in 0..200_000 {
        x = inc(log.clone(), x);
    }
    assert_eq!(log.len(), 0);
}
