//! P4: a pure call that waits for itself, at once or through others, is an error that names it; it never hangs.

use common::{ends, schedulers};
use lazygraph::{ErrorKind, prelude::*};

#[delayed(pure)]
fn itself(x: u64) -> Result<u64, Error> {
    itself(x).compute()
}

#[delayed(pure)]
fn egg(x: u64) -> Result<u64, Error> {
    hen(x).compute()
}

#[delayed(pure)]
fn hen(x: u64) -> Result<u64, Error> {
    egg(x).compute()
}

/// Goes down to 0 and then up again, into a call that is still running.
#[delayed(pure)]
fn down(x: u64) -> Result<u64, Error> {
    if x == 0 {
        down(5).compute()
    } else {
        down(x - 1).compute()
    }
}

#[test]
fn a_call_of_itself() {
    for (name, options) in schedulers() {
        let e = ends(&name, move || itself(1).compute_with(&options).unwrap_err());
        assert_eq!(e.kind(), ErrorKind::Deadlock, "{name}: {e:?}");
        assert_eq!(
            e.root().to_string(),
            "deadlock: `itself(1)` waits for itself",
            "{name}"
        );
    }
}

#[test]
fn two_calls_of_each_other() {
    for (name, options) in schedulers() {
        let e = ends(&name, move || egg(1).compute_with(&options).unwrap_err());
        assert_eq!(e.kind(), ErrorKind::Deadlock, "{name}: {e:?}");
        let told = format!("{e:#}");
        assert!(
            told.contains("`egg(1)`") && told.contains("`hen(1)`"),
            "{name}: {told}"
        );
    }
}

#[test]
fn both_at_once() {
    for (name, options) in schedulers() {
        let e = ends(&name, move || {
            lazygraph::compute_with(&options, (egg(1), hen(1))).unwrap_err()
        });
        assert_eq!(e.kind(), ErrorKind::Deadlock, "{name}: {e:?}");
    }
}

#[test]
fn a_long_way_round() {
    for (name, options) in schedulers() {
        let e = ends(&name, move || down(20).compute_with(&options).unwrap_err());
        assert_eq!(e.kind(), ErrorKind::Deadlock, "{name}: {e:?}");
        assert!(format!("{e:?}").contains("down(5)"), "{name}: {e:?}");
    }
}

#[test]
fn afterwards_other_calls_work() {
    #[delayed(pure)]
    fn fine(x: u64) -> u64 {
        x
    }
    for (name, options) in schedulers() {
        ends(&name, move || {
            assert!(itself(1).compute_with(&options).is_err());
            assert_eq!(fine(3).compute_with(&options).unwrap(), 3);
        });
    }
}
