//! P8: a panic in a body, in a value's `Drop` or `Clone`, in an observer, in a `Token`: an `Error`, and the pool
//! works afterwards.

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::tracked::{Meter, Tracked};
use common::{pool_of, quiet};
use lazygraph::{
    Hasher128, Observer, Options, RunEvent, RunOptions, Scheduler, Token, compute_with, prelude::*,
};

/// Panics when it is dropped or cloned, if it is told so.
struct Bomb {
    on_drop: bool,
    on_clone: bool,
    x: i64,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.on_drop, "planned panic in drop");
    }
}

impl Clone for Bomb {
    fn clone(&self) -> Self {
        assert!(!self.on_clone, "planned panic in clone");
        Bomb { ..*self }
    }
}

#[delayed]
fn bomb(on_drop: bool, on_clone: bool) -> Bomb {
    Bomb {
        on_drop,
        on_clone,
        x: 1,
    }
}

#[delayed]
fn look(b: &Bomb) -> i64 {
    b.x
}

#[delayed]
fn eat(b: Bomb) -> i64 {
    let x = b.x;
    drop(b);
    x
}

#[delayed]
fn burst(t: &Tracked) -> i64 {
    panic!("planned panic {}", t.value())
}

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn sum(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

/// Runs `f` on every scheduler, several times, and a good graph on the same pool each time.
fn on_every_pool(f: impl Fn(&str, &RunOptions<'_>)) {
    quiet();
    for workers in [1, 2, 8] {
        let pool = pool_of(workers);
        let serial = Options::new().scheduler(Scheduler::Serial);
        for (name, options) in [("serial", serial), ("rayon", Options::new().pool(&pool))] {
            for fuse in [true, false] {
                let options = options.clone().fuse(fuse);
                let name = format!("{name} {workers}, fuse {fuse}");
                for _ in 0..5 {
                    f(&name, &options);
                    let good: Vec<_> = (0..50).map(|x| inc(inc(x))).collect();
                    assert_eq!(
                        sum(good).compute_with(&options).unwrap(),
                        50 * 49 / 2 + 100,
                        "{name}"
                    );
                }
            }
        }
        assert_eq!(
            pool.install(|| rayon::join(|| 1, || 2)),
            (1, 2),
            "the pool itself is sound"
        );
    }
}

#[test]
fn in_a_body() {
    on_every_pool(|name, options| {
        let meter = Meter::new();
        let many: Vec<_> = (0..20).map(|x| burst(make(meter.clone(), x))).collect();
        let e = compute_with(options, &many).unwrap_err();
        assert!(e.is_panic(), "{name}: {e:?}");
        assert_eq!(meter.live(), 0, "{name}: what was made is freed");
    });
}

#[test]
fn in_the_drop_of_a_value() {
    on_every_pool(|name, options| {
        let e = inc(look(bomb(true, false)))
            .compute_with(options)
            .unwrap_err();
        assert!(e.is_panic(), "{name}: {e:?}");
        assert!(
            format!("{e:?}").contains("planned panic in drop"),
            "{name}: {e:?}"
        );
    });
}

#[test]
fn in_the_drop_of_one_of_many_values() {
    on_every_pool(|name, options| {
        let meter = Meter::new();
        let lists: Vec<_> = (0..20)
            .map(|i| {
                let kept = make(meter.clone(), i);
                look(bomb(i == 7, false)) + kept.map(Tracked::value)
            })
            .collect();
        let e = compute_with(options, &lists).unwrap_err();
        assert!(e.is_panic(), "{name}: {e:?}");
        assert_eq!(meter.live(), 0, "{name}");
    });
}

#[test]
fn in_the_drop_of_a_value_that_a_failure_leaves_behind() {
    #[delayed]
    fn refuse(b: &Bomb) -> Result<i64, String> {
        Err(format!("no {}", b.x))
    }
    on_every_pool(|name, options| {
        // Both the failure and the drop: one of them is reported, nothing is torn down.
        let e = refuse(bomb(true, false))
            .named("culprit")
            .compute_with(options)
            .unwrap_err();
        assert!(e.is_panic() || e.task() == "culprit", "{name}: {e:?}");
    });
}

#[test]
fn in_a_body_that_owns_the_value() {
    on_every_pool(|name, options| {
        let e = eat(bomb(true, false)).compute_with(options).unwrap_err();
        assert!(e.is_panic() && e.task() == "eat", "{name}: {e:?}");
    });
}

#[test]
fn in_the_clone_of_an_argument() {
    on_every_pool(|name, options| {
        // A plain argument is cloned for every compute.
        let plain = eat(Bomb {
            on_drop: false,
            on_clone: true,
            x: 1,
        });
        let e = plain.compute_with(options).unwrap_err();
        assert!(e.is_panic() && e.task() == "eat", "{name}: {e:?}");
        // Two owners of one value: one of them gets a clone.
        let b = bomb(false, true);
        let e = compute_with(options, (eat(&b), eat(&b))).unwrap_err();
        assert!(e.is_panic(), "{name}: {e:?}");
    });
}

#[test]
fn in_the_clone_of_an_output() {
    on_every_pool(|name, options| {
        let b = bomb(false, true);
        let e = compute_with(options, (&b, &b)).map(|_| ()).unwrap_err();
        assert!(e.is_panic(), "{name}: {e:?}");
    });
}

#[derive(Clone)]
struct Evil;

impl Observer for Evil {
    fn event(&self, _: &RunEvent<'_>) {
        panic!("planned panic in an observer")
    }
}

#[test]
fn in_an_observer() {
    on_every_pool(|name, options| {
        let many: Vec<_> = (0..20).map(inc).collect();
        let e = compute_with(&options.clone().observe(&Evil), &many).unwrap_err();
        assert!(
            format!("{e:?}").contains("planned panic in an observer"),
            "{name}: {e:?}"
        );
    });
}

#[derive(Clone)]
struct BadToken;

impl Token for BadToken {
    fn token(&self, _: &mut Hasher128) {
        panic!("planned panic in a token")
    }
}

#[delayed(pure)]
fn keyed(x: &BadToken, y: i64) -> i64 {
    let _ = x;
    y
}

#[test]
fn in_a_token() {
    on_every_pool(|name, options| {
        let both = catch_unwind(|| (keyed(BadToken, 1), keyed(BadToken, 1)));
        let (a, b) = both.expect("building runs nothing");
        let e = compute_with(options, (a, b)).unwrap_err();
        assert!(
            format!("{e:?}").contains("planned panic in a token"),
            "{name}: {e:?}"
        );
    });
}

#[test]
fn in_a_closure_and_in_an_operator() {
    on_every_pool(|name, options| {
        let e = inc(1)
            .map(|_| -> i64 { panic!("planned panic") })
            .compute_with(options)
            .unwrap_err();
        assert!(e.is_panic(), "{name}");
        let e = inc(1).and_then(|_| -> Delayed<i64> { panic!("planned panic") });
        assert!(
            e.compute_with(options).unwrap_err().root().is_panic(),
            "{name}"
        );
    });
}

#[test]
fn with_a_payload_that_is_no_text() {
    #[delayed]
    fn odd(x: i64) -> i64 {
        std::panic::resume_unwind(Box::new(x))
    }
    on_every_pool(|name, options| {
        let e = inc(odd(3)).compute_with(options).unwrap_err();
        assert!(e.is_panic() && e.task() == "odd", "{name}: {e:?}");
    });
}

#[test]
fn with_a_payload_that_panics_when_dropped() {
    #[delayed]
    fn worse(x: i64) -> i64 {
        std::panic::resume_unwind(Box::new(Bomb {
            on_drop: true,
            on_clone: false,
            x,
        }))
    }
    on_every_pool(|name, options| {
        let e = catch_unwind(AssertUnwindSafe(|| inc(worse(3)).compute_with(options)));
        let e = e.expect("the caller is not torn down").unwrap_err();
        assert!(e.is_panic() && e.task() == "worse", "{name}: {e:?}");
    });
}

#[test]
fn in_a_nested_run() {
    #[delayed]
    fn nests(meter: &Meter) -> Result<i64, Error> {
        burst(make(meter.clone(), 1)).compute()
    }
    on_every_pool(|name, options| {
        let meter = Meter::new();
        let many: Vec<_> = (0..10).map(|_| nests(meter.clone())).collect();
        let e = compute_with(options, &many).unwrap_err();
        assert!(
            e.root().is_panic() && e.root().task() == "burst",
            "{name}: {e:?}"
        );
        assert_eq!(meter.live(), 0, "{name}");
    });
}

#[derive(Clone)]
struct FailsToDrop;

impl Drop for FailsToDrop {
    fn drop(&mut self) {
        panic!("planned drop");
    }
}

#[delayed]
fn takes_what_fails(x: &FailsToDrop, n: u64) -> u64 {
    let _ = x;
    n
}

#[delayed]
fn drops_nodes(n: u64) -> u64 {
    let nodes: Vec<_> = (0..3).map(|n| takes_what_fails(FailsToDrop, n)).collect();
    drop(nodes);
    n
}

/// More than one drop of an argument panics while nodes are let go: one panic comes out, and the process lives on.
#[test]
fn nodes_whose_arguments_fail_to_drop() {
    common::quiet();
    let nodes: Vec<_> = (0..3).map(|n| takes_what_fails(FailsToDrop, n)).collect();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(nodes))).is_err());
    let unwound = catch_unwind(|| {
        let _node = takes_what_fails(FailsToDrop, 1);
        panic!("planned body");
    });
    assert!(unwound.is_err());
    for (name, options) in common::schedulers() {
        let e = drops_nodes(1).compute_with(&options).unwrap_err();
        assert!(format!("{e:#}").contains("planned drop"), "{name}: {e:#}");
    }
}
