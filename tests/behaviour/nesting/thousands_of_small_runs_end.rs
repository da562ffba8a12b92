//! P4, seen from the other side: no wake-up is lost. Thousands of small runs, nested and not, from many callers.

use std::sync::Arc;

use common::tracked::{Meter, Tracked};
use common::{ends, pool_of};
use lazygraph::{Options, compute_with, prelude::*};

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn step(t: Tracked) -> Tracked {
    t
}

#[delayed]
fn sum(parts: &[&Tracked]) -> i64 {
    parts.iter().map(|t| t.value()).sum()
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[delayed]
fn nests(meter: &Meter, x: i64) -> Result<i64, Error> {
    let (a, b) = (make(meter.clone(), x), make(meter.clone(), x));
    sum([step(a), step(b)]).compute()
}

#[delayed]
fn fails(x: i64) -> Result<i64, String> {
    if x % 2 == 0 {
        Err("no".to_owned())
    } else {
        Ok(x)
    }
}

#[test]
fn one_caller() {
    for workers in [1, 2, 8] {
        let meter = Meter::new();
        let inner = meter.clone();
        ends(&format!("{workers} workers"), move || {
            let pool = pool_of(workers);
            let options = Options::new().pool(&pool);
            for i in 0..2000 {
                let parts: Vec<_> = (0..i % 9).map(|x| step(make(inner.clone(), x))).collect();
                let total = add(sum(parts), nests(inner.clone(), i));
                let n = i % 9;
                assert_eq!(
                    total.compute_with(&options).unwrap(),
                    n * (n - 1) / 2 + 2 * i
                );
            }
        });
        assert_eq!((meter.live(), meter.cloned()), (0, 0), "{workers} workers");
    }
}

#[test]
fn eight_callers() {
    for workers in [1, 2, 8] {
        let meter = Meter::new();
        let inner = meter.clone();
        ends(&format!("{workers} workers"), move || {
            let pool = Arc::new(pool_of(workers));
            std::thread::scope(|s| {
                for caller in 0..8 {
                    let (pool, meter) = (pool.clone(), inner.clone());
                    s.spawn(move || {
                        let options = Options::new().pool(&pool);
                        for i in 0..300 {
                            let x = caller * 1000 + i;
                            let many: Vec<_> =
                                (0..4).map(|k| nests(meter.clone(), x + k)).collect();
                            let values = compute_with(&options, &many).unwrap();
                            assert!(values.into_iter().eq((0..4).map(|k| 2 * (x + k))));
                        }
                    });
                }
            });
        });
        assert_eq!(meter.live(), 0, "{workers} workers");
    }
}

#[test]
fn runs_that_fail_among_runs_that_do_not() {
    for workers in [1, 2, 8] {
        ends(&format!("{workers} workers"), move || {
            let pool = pool_of(workers);
            let options = Options::new().pool(&pool);
            for i in 0..2000 {
                let many: Vec<_> = (0..6).map(|k| add(fails(2 * k + i), 1)).collect();
                assert_eq!(compute_with(&options, &many).is_ok(), i % 2 == 1);
            }
        });
    }
}

#[test]
fn many_short_lived_pools() {
    ends("short-lived pools", || {
        for i in 0..100 {
            let meter = Meter::new();
            let value = nests(meter.clone(), i)
                .compute_with(&Options::new().threads(3))
                .unwrap();
            assert_eq!(value, 2 * i);
            let own = pool_of(2);
            let value = nests(meter, i)
                .compute_with(&Options::new().pool(&own))
                .unwrap();
            assert_eq!(value, 2 * i);
        }
    });
}
