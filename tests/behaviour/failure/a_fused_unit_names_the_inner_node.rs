//! P8, P12: in a fused unit an error names the node that failed, not the unit.

use common::{Log, quiet, schedulers};
use lazygraph::{Options, Plan, prelude::*};

#[delayed]
fn load(log: &Log, x: i64) -> i64 {
    log.push("load");
    x
}

#[delayed]
fn check(log: &Log, x: i64) -> Result<i64, String> {
    log.push("check");
    if x > 3 {
        Err(format!("{x} is too big"))
    } else {
        Ok(x)
    }
}

#[delayed]
fn burst(log: &Log, x: i64) -> i64 {
    log.push("burst");
    assert!(x <= 3, "planned panic");
    x
}

#[delayed]
fn store(log: &Log, x: i64) -> i64 {
    log.push("store");
    x
}

#[test]
fn an_err_in_the_middle() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let line = line!() + 1;
        let checked = check(log.clone(), load(log.clone(), 4)).named("middle");
        let end = store(log.clone(), store(log.clone(), &checked));
        assert_eq!(Plan::new(&end, &options).unwrap().unit_count(), 1, "{name}");
        let e = end.compute_with(&options).unwrap_err();
        assert_eq!(e.task(), "middle", "{name}");
        let place = format!("a_fused_unit_names_the_inner_node.rs:{line}:");
        assert!(
            e.location().contains(&place),
            "{name}: {} is not {place}",
            e.location()
        );
        assert_eq!(log.take(), ["load", "check"], "{name}");
    }
}

#[test]
fn a_panic_in_the_middle() {
    quiet();
    for (name, options) in schedulers() {
        let log = Log::new();
        let burst = burst(log.clone(), load(log.clone(), 4));
        let end = store(log.clone(), store(log.clone(), &burst));
        assert_eq!(
            Plan::new(&end, &Options::new()).unwrap().unit_count(),
            1,
            "{name}"
        );
        let e = end.compute_with(&options).unwrap_err();
        assert_eq!((e.task(), e.is_panic()), ("burst", true), "{name}");
        assert_eq!(log.take(), ["load", "burst"], "{name}");
    }
}

#[test]
fn the_first_and_the_last_node() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let first = store(
            log.clone(),
            store(log.clone(), check(log.clone(), 9).named("first")),
        );
        assert_eq!(
            first.compute_with(&options).unwrap_err().task(),
            "first",
            "{name}"
        );
        let last = check(log.clone(), store(log.clone(), load(log.clone(), 9))).named("last");
        assert_eq!(
            last.compute_with(&options).unwrap_err().task(),
            "last",
            "{name}"
        );
    }
}
