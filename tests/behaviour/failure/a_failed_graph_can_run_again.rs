//! A handle is not spent by a failed run: the graph is as it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::tracked::{Meter, Tracked};
use common::{Tally, everywhere, quiet};
use lazygraph::{Plan, compute_with, prelude::*};

#[derive(Clone)]
struct Broken(Arc<AtomicBool>);

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn gate(broken: &Broken, panics: bool, t: Tracked) -> Result<Tracked, String> {
    if broken.0.load(Ordering::SeqCst) {
        assert!(!panics, "planned panic");
        return Err("broken".to_owned());
    }
    Ok(t)
}

#[delayed]
fn read(tally: &Tally, t: &Tracked) -> i64 {
    tally.add();
    t.value()
}

#[test]
fn the_same_handle_gives_a_value_later() {
    quiet();
    for (name, options) in everywhere() {
        for panics in [false, true] {
            let (meter, tally) = (Meter::new(), Tally::new());
            let broken = Broken(Arc::new(AtomicBool::new(true)));
            let source = make(meter.clone(), 3);
            let gated = gate(broken.clone(), panics, &source);
            let values = (read(tally.clone(), &gated), read(tally.clone(), &source));
            for _ in 0..3 {
                let e = compute_with(&options, &values).unwrap_err();
                assert_eq!((e.task(), e.is_panic()), ("gate", panics), "{name}");
                assert_eq!(meter.live(), 0, "{name}");
            }
            broken.0.store(false, Ordering::SeqCst);
            assert_eq!(compute_with(&options, &values).unwrap(), (3, 3), "{name}");
            assert_eq!(gated.compute_with(&options).unwrap().value(), 3, "{name}");
            drop((values, source, gated));
            assert_eq!(meter.live(), 0, "{name}");
        }
    }
}

#[test]
fn a_plan_can_run_again_as_well() {
    for (name, options) in everywhere() {
        let (meter, tally) = (Meter::new(), Tally::new());
        let broken = Broken(Arc::new(AtomicBool::new(true)));
        let x = read(
            tally.clone(),
            gate(broken.clone(), false, make(meter.clone(), 3)),
        );
        let plan = Plan::new(&x, &options).unwrap();
        assert_eq!(
            plan.run_with(&options).unwrap_err().task(),
            "gate",
            "{name}"
        );
        broken.0.store(false, Ordering::SeqCst);
        assert_eq!(plan.run_with(&options).unwrap(), 3, "{name}");
        assert_eq!(plan.run_with(&options).unwrap(), 3, "{name}");
        assert_eq!((tally.get(), meter.live()), (2, 0), "{name}");
    }
}
