//! By value: moved into the last user, cloned for the others. By reference: never cloned.

use common::everywhere;
use common::tracked::{Meter, Tracked};
use lazygraph::{compute_with, prelude::*};

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn bump(mut t: Tracked) -> Tracked {
    t.set(t.value() + 1);
    t
}

#[delayed]
fn peek(t: &Tracked) -> i64 {
    t.value()
}

#[delayed]
fn sum(parts: &[&Tracked]) -> i64 {
    parts.iter().map(|t| t.value()).sum()
}

#[delayed]
fn gather(parts: Vec<Tracked>) -> i64 {
    parts.iter().map(Tracked::value).sum()
}

#[test]
fn a_chain_of_owners_clones_nothing() {
    for (name, options) in everywhere() {
        let meter = Meter::new();
        let end = peek(bump(bump(bump(make(meter.clone(), 1)))));
        assert_eq!(end.compute_with(&options).unwrap(), 4, "{name}");
        assert_eq!(
            (meter.made(), meter.cloned(), meter.live()),
            (1, 0, 0),
            "{name}"
        );
    }
}

#[test]
fn several_users_see_the_same_value() {
    for (name, options) in everywhere() {
        let meter = Meter::new();
        let m = make(meter.clone(), 1);
        let users = (peek(bump(&m)), peek(bump(bump(&m))), peek(&m), peek(&m));
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            (2, 3, 1, 1),
            "{name}"
        );
        assert_eq!(meter.made(), 1, "{name}");
        assert!(
            meter.cloned() <= 2,
            "{name}: {} clones for two owners",
            meter.cloned()
        );
        assert_eq!(meter.live(), 0, "{name}");
    }
}

#[test]
fn what_is_lent_is_never_cloned() {
    for (name, options) in everywhere() {
        let meter = Meter::new();
        let parts: Vec<_> = (0..10).map(|i| make(meter.clone(), i)).collect();
        let users = (sum(&parts[..]), sum(&parts[2..5]), peek(&parts[9]));
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            (45, 9, 9),
            "{name}"
        );
        assert_eq!(
            (meter.made(), meter.cloned(), meter.live()),
            (10, 0, 0),
            "{name}"
        );
    }
}

#[test]
fn a_list_by_value_moves_its_parts() {
    for (name, options) in everywhere() {
        let meter = Meter::new();
        let parts: Vec<_> = (0..10).map(|i| make(meter.clone(), i)).collect();
        let all = gather(parts);
        assert_eq!(all.compute_with(&options).unwrap(), 45, "{name}");
        assert_eq!((meter.cloned(), meter.live()), (0, 0), "{name}");
    }
}

#[test]
fn an_output_that_is_also_consumed_stays_whole() {
    for (name, options) in everywhere() {
        let meter = Meter::new();
        let m = make(meter.clone(), 1);
        let (kept, changed) = compute_with(&options, (&m, bump(&m))).unwrap();
        assert_eq!((kept.value(), changed.value()), (1, 2), "{name}");
        drop((kept, changed));
        assert_eq!(meter.live(), 0, "{name}");
    }
}

#[test]
fn the_same_output_twice_is_two_values() {
    for (name, options) in everywhere() {
        let meter = Meter::new();
        let m = make(meter.clone(), 1);
        let (mut a, b) = compute_with(&options, (&m, &m)).unwrap();
        a.set(7);
        assert_eq!((a.value(), b.value(), meter.made()), (7, 1, 1), "{name}");
        drop((a, b));
        assert_eq!(meter.live(), 0, "{name}");
    }
}

#[test]
fn a_compute_arc_clones_nothing() {
    let meter = Meter::new();
    let m = make(meter.clone(), 5);
    assert_eq!(m.compute_arc().unwrap().value(), 5);
    assert_eq!((meter.made(), meter.cloned(), meter.live()), (1, 0, 0));
}
