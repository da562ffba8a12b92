//! P8: `retries(n)` runs a failing node at most n more times.

use std::time::Duration;

use common::tracked::{Meter, Tracked};
use common::{Tally, client_of, everywhere, quiet};
use lazygraph::{ErrorKind, Options, Plan, Scheduler, compute_with, prelude::*};

/// Fails the first `failures` times.
#[delayed]
fn flaky(tally: &Tally, failures: usize, x: i64) -> Result<i64, String> {
    let before = tally.add();
    if before < failures {
        Err(format!("failure {}", before + 1))
    } else {
        Ok(x)
    }
}

#[delayed]
fn flaky_panic(tally: &Tally, failures: usize) -> usize {
    let before = tally.add();
    assert!(before >= failures, "planned panic {}", before + 1);
    before
}

#[delayed(retries = 2)]
fn stubborn(tally: &Tally, failures: usize) -> Result<usize, String> {
    let before = tally.add();
    if before < failures {
        Err("again".to_owned())
    } else {
        Ok(before)
    }
}

#[delayed]
fn inc(tally: &Tally, x: i64) -> i64 {
    tally.add();
    x + 1
}

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn spoils_its_argument(tally: &Tally, mut t: Tracked) -> Result<i64, String> {
    t.set(t.value() + 1);
    if tally.add() < 2 {
        Err("again".to_owned())
    } else {
        Ok(t.value())
    }
}

#[test]
fn enough_retries_give_the_value() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let x = flaky(tally.clone(), 2, 7).retries(3);
        assert_eq!(x.compute_with(&options).unwrap(), 7, "{name}");
        assert_eq!(tally.get(), 3, "{name}");
    }
}

#[test]
fn too_few_retries_give_the_last_error() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let e = flaky(tally.clone(), 3, 7)
            .retries(1)
            .compute_with(&options)
            .unwrap_err();
        assert_eq!(tally.get(), 2, "{name}");
        assert!(
            format!("{e:#}").ends_with("failed: failure 2"),
            "{name}: {e:#}"
        );
    }
}

#[test]
fn no_retries_by_default() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        assert!(
            flaky(tally.clone(), 1, 7).compute_with(&options).is_err(),
            "{name}"
        );
        assert_eq!(tally.get(), 1, "{name}");
    }
}

#[test]
fn a_panic_is_retried_as_well() {
    quiet();
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let x = flaky_panic(tally.clone(), 2).retries(2);
        assert_eq!(x.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(tally.get(), 3, "{name}");
    }
}

#[test]
fn the_function_may_ask_and_the_call_may_ask_otherwise() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        assert_eq!(
            stubborn(tally.clone(), 2).compute_with(&options).unwrap(),
            2,
            "{name}"
        );
        let tally = Tally::new();
        assert!(
            stubborn(tally.clone(), 2)
                .retries(0)
                .compute_with(&options)
                .is_err(),
            "{name}"
        );
        assert_eq!(tally.get(), 1, "{name}");
        let tally = Tally::new();
        assert_eq!(
            stubborn(tally.clone(), 4)
                .retries(4)
                .compute_with(&options)
                .unwrap(),
            4,
            "{name}"
        );
    }
}

#[test]
fn in_a_fused_unit_only_the_failed_step_runs_again() {
    for (name, options) in everywhere() {
        let (before, failing, after) = (Tally::new(), Tally::new(), Tally::new());
        let x = inc(before.clone(), 1);
        let x = flaky(failing.clone(), 2, x).retries(2);
        let x = inc(after.clone(), x);
        assert_eq!(Plan::new(&x, &Options::new()).unwrap().unit_count(), 1);
        assert_eq!(x.compute_with(&options).unwrap(), 3, "{name}");
        assert_eq!(
            (before.get(), failing.get(), after.get()),
            (1, 3, 1),
            "{name}"
        );
    }
}

#[test]
fn every_attempt_gets_the_argument_as_it_was() {
    for (name, options) in everywhere() {
        let (tally, meter) = (Tally::new(), Meter::new());
        let x = spoils_its_argument(tally.clone(), make(meter.clone(), 1)).retries(2);
        assert_eq!(x.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!((tally.get(), meter.live()), (3, 0), "{name}");
        let (tally, plain) = (Tally::new(), Tracked::new(&meter, 5));
        let x = spoils_its_argument(tally.clone(), plain).retries(2);
        assert_eq!(x.compute_with(&options).unwrap(), 6, "{name}");
        drop(x);
        assert_eq!(meter.live(), 0, "{name}");
    }
}

#[test]
fn a_backoff_changes_no_result() {
    for (name, options) in everywhere() {
        let tallies = [Tally::new(), Tally::new(), Tally::new()];
        let many: Vec<_> = tallies
            .iter()
            .map(|t| {
                flaky(t.clone(), 2, 1)
                    .retries(2)
                    .backoff(Duration::from_millis(3))
            })
            .collect();
        assert_eq!(compute_with(&options, &many).unwrap(), [1, 1, 1], "{name}");
        assert!(tallies.iter().all(|t| t.get() == 3), "{name}");
    }
}

#[test]
fn retries_and_catch_go_together() {
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let x = flaky(tally.clone(), 9, 1).retries(2).unwrap_or(4);
        assert_eq!(x.compute_with(&options).unwrap(), 4, "{name}");
        assert_eq!(tally.get(), 3, "{name}");
    }
}

#[test]
fn only_what_the_filter_lets_through_is_tried_again() {
    let text = |e: &Error| format!("{e:#}");
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let x = flaky(tally.clone(), 3, 7).retries(5);
        let x = x.retry_if(move |e| !text(e).ends_with("failure 2"));
        let e = x.compute_with(&options).unwrap_err();
        assert!(text(&e).ends_with("failed: failure 2"), "{name}: {e:?}");
        assert_eq!(tally.get(), 2, "{name}");

        let tally = Tally::new();
        let x = flaky(tally.clone(), 3, 7).retries(5).retry_if(|_| true);
        assert_eq!(x.compute_with(&options).unwrap(), 7, "{name}");
        assert_eq!(tally.get(), 4, "{name}");

        // It does not make retries of its own, and those of the function count.
        let tally = Tally::new();
        assert!(
            flaky(tally.clone(), 1, 7)
                .retry_if(|_| true)
                .compute_with(&options)
                .is_err()
        );
        assert!(
            stubborn(tally.clone(), 9)
                .retry_if(|_| false)
                .compute_with(&options)
                .is_err()
        );
        assert_eq!(tally.get(), 2, "{name}");
    }
}

#[test]
fn the_filter_sees_panics_and_missed_deadlines() {
    quiet();
    #[delayed]
    fn late(tally: &Tally) -> Result<(), Error> {
        tally.add();
        while lazygraph::check().is_ok() {
            std::thread::yield_now();
        }
        Ok(())
    }
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let x = flaky_panic(tally.clone(), 1)
            .retries(1)
            .retry_if(Error::is_panic);
        assert_eq!(x.compute_with(&options).unwrap(), 1, "{name}");
        let tally = Tally::new();
        let x = flaky_panic(tally.clone(), 1)
            .retries(1)
            .retry_if(|e| !e.is_panic());
        assert!(x.compute_with(&options).unwrap_err().is_panic(), "{name}");
        assert_eq!(tally.get(), 1, "{name}");
        let tally = Tally::new();
        let x = late(tally.clone())
            .retries(2)
            .timeout(Duration::from_millis(1));
        let x = x.retry_if(|e| e.kind() == ErrorKind::Timeout);
        assert_eq!(
            x.compute_with(&options).unwrap_err().kind(),
            ErrorKind::Timeout
        );
        assert_eq!(tally.get(), 3, "{name}");
    }
}

#[test]
fn a_filter_that_panics_is_the_failure() {
    quiet();
    for (name, options) in everywhere() {
        let tally = Tally::new();
        let x = flaky(tally.clone(), 1, 7).retries(5);
        let x = x.retry_if(|_| panic!("planned panic in a filter"));
        let e = x.compute_with(&options).unwrap_err();
        assert_eq!(
            e.panic_message(),
            Some("planned panic in a filter"),
            "{name}"
        );
        assert_eq!(tally.get(), 1, "{name}");
    }
}

#[test]
fn a_client_asks_the_filter_too_and_a_user_may_go_over_it() {
    for slots in [1, 2, 4] {
        let client = client_of(slots);
        let tally = Tally::new();
        let x = flaky(tally.clone(), 2, 7).retries(5).retry_if(|_| false);
        let x = client.submit(x);
        assert!(x.result().is_err());
        assert_eq!(tally.get(), 1);
        x.retry().unwrap();
        assert!(x.result().is_err());
        x.retry().unwrap();
        assert_eq!((x.result().unwrap(), tally.get()), (7, 3));
        let tally = Tally::new();
        let t = tally.clone();
        let each = move |x| flaky(t.clone(), 1, x).retries(1).retry_if(move |_| x == 0);
        assert_eq!(client.gather(client.map(each, [0; 1])).unwrap(), [0]);
        assert_eq!(tally.get(), 2);
    }
}

#[test]
fn each_of_two_equal_calls_asks_its_own_filter() {
    #[delayed(pure)]
    fn pure_flaky(#[key(skip)] tally: &Tally, x: i64) -> Result<i64, String> {
        match tally.add() {
            0 => Err("again".to_owned()),
            _ => Ok(x),
        }
    }
    for (wanted, ok) in [
        ([true, true], [true, true]),
        ([true, false], [true, true]),
        ([false, true], [false, true]),
    ] {
        let tally = Tally::new();
        let ask = |yes: bool| {
            let x = pure_flaky(tally.clone(), 1).retries(1);
            x.retry_if(move |_| yes).catch()
        };
        let both = (ask(wanted[0]), ask(wanted[1]));
        let serial = Options::new().scheduler(Scheduler::Serial);
        let (a, b) = compute_with(&serial, both).unwrap();
        assert_eq!([a.is_ok(), b.is_ok()], ok, "{wanted:?}");
        assert_eq!(tally.get(), 2, "{wanted:?}");
    }
}
