//! A compute of a single call takes a short way, and nobody can tell.

use common::{PLANNED, Tally, pool_of, quiet};
use lazygraph::{CancelToken, ErrorKind, Memo, Options, compute_with, prelude::*};

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn fails(x: i64) -> Result<i64, String> {
    Err(format!("no {x}"))
}

#[delayed]
fn panics(_x: i64) -> i64 {
    panic!("{PLANNED}")
}

#[test]
fn again_and_again() {
    for x in 0..1_000 {
        assert_eq!(inc(x).compute().unwrap(), x + 1);
    }
    let call = inc(1);
    assert_eq!((call.compute().unwrap(), call.compute().unwrap()), (2, 2));
    assert_eq!(compute!(call).unwrap(), 2);
    assert_eq!(compute(vec![inc(1)]).unwrap(), [2]);
    assert_eq!(compute((inc(1),)).unwrap(), (2,));
}

#[test]
fn its_failure_is_told_as_that_of_any_node() {
    quiet();
    for _ in 0..3 {
        let (lone, other) = (
            fails(7).compute().unwrap_err(),
            fails(7)
                .compute_with(&Options::new().threads(1))
                .unwrap_err(),
        );
        assert_eq!((lone.kind(), lone.task()), (ErrorKind::Failed, "fails"));
        assert_eq!(format!("{lone:#}"), format!("{other:#}"));
        let (lone, other) = (
            panics(7).compute().unwrap_err(),
            panics(7)
                .compute_with(&Options::new().threads(1))
                .unwrap_err(),
        );
        assert_eq!((lone.kind(), lone.task()), (ErrorKind::Panicked, "panics"));
        assert_eq!(format!("{lone:#}"), format!("{other:#}"));
        assert_eq!(
            inc(1).compute().unwrap(),
            2,
            "and the next one is as good as ever"
        );
    }
}

#[delayed(pure)]
fn fib(n: u64, #[key(skip)] runs: &Tally) -> u64 {
    runs.add();
    if n < 2 {
        return n;
    }
    let (a, b) = get!(fib(n - 1, runs.clone()), fib(n - 2, runs.clone()));
    a + b
}

#[delayed]
fn outer(runs: &Tally) -> u64 {
    get!(fib(30, runs.clone()))
}

#[test]
fn what_is_nested_in_it_is_remembered_for_as_long_as_it_lasts() {
    let runs = Tally::new();
    for times in 1..4 {
        assert_eq!(outer(runs.clone()).compute().unwrap(), 832_040);
        assert_eq!(
            runs.get(),
            31 * times,
            "nothing is remembered from the last one"
        );
    }
}

#[delayed]
fn nested(depth: u64) -> u64 {
    match depth {
        0 => 1,
        _ => {
            let parts: Vec<_> = (0..3).map(|_| nested(depth - 1)).collect();
            compute(parts).unwrap().iter().sum()
        }
    }
}

#[test]
fn others_help_with_what_is_nested_in_it() {
    for _ in 0..20 {
        assert_eq!(nested(6).compute().unwrap(), 729);
    }
}

#[delayed]
fn stops_itself() -> bool {
    let token = CancelToken::current().expect("a body has a token");
    token.cancel();
    token.is_cancelled()
}

#[test]
fn its_body_has_a_token_of_its_own() {
    assert!(stops_itself().compute().unwrap());
    assert_eq!(
        inc(1).compute().unwrap(),
        2,
        "the next one was not cancelled"
    );
}

#[test]
fn in_a_pool_and_on_many_threads() {
    let pool = pool_of(3);
    for _ in 0..50 {
        assert_eq!(inc(1).compute().unwrap(), 2);
        assert_eq!(pool.install(|| inc(2).compute().unwrap()), 3);
        let all = pool.install(|| {
            use rayon::prelude::*;
            (0..64)
                .into_par_iter()
                .map(|x| inc(x).compute().unwrap())
                .sum::<i64>()
        });
        assert_eq!(all, 64 * 65 / 2);
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..200).for_each(|x| assert_eq!(inc(x).compute().unwrap(), x + 1)));
        }
    });
}

#[test]
fn what_is_said_of_the_run_still_holds() {
    let token = CancelToken::new();
    token.cancel();
    let e = compute_with(&Options::new().cancel(&token), inc(1)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Cancelled);
    let (memo, runs) = (Memo::new(), Tally::new());
    let options = Options::new().memo(&memo);
    for _ in 0..3 {
        assert_eq!(fib(10, runs.clone()).compute_with(&options).unwrap(), 55);
    }
    assert_eq!(runs.get(), 11);
    let named = fails(1).named("mine").retries(2);
    assert_eq!(named.compute().unwrap_err().task(), "mine");
}

/// Panics when it is cloned.
struct NoTwin(Tally);

impl Clone for NoTwin {
    fn clone(&self) -> NoTwin {
        panic!("{PLANNED}")
    }
}

impl Drop for NoTwin {
    fn drop(&mut self) {
        self.0.add();
    }
}

#[delayed]
fn no_twin(drops: &Tally) -> NoTwin {
    NoTwin(drops.clone())
}

#[test]
fn its_result_is_moved_out() {
    let drops = Tally::new();
    let value = no_twin(drops.clone()).compute().unwrap();
    assert_eq!(drops.get(), 0);
    drop(value);
    assert_eq!(drops.get(), 1);
}
