//! `persist` computes now and keeps the value; `recompute` asks for it afresh; `checkpoint` waits for many.

use common::tracked::{Meter, Tracked};
use common::{Log, everywhere};
use lazygraph::{checkpoint, compute_with, prelude::*, tree_reduce};

#[delayed]
fn load(log: &Log, x: i64) -> i64 {
    log.push("load");
    x
}

#[delayed]
fn refuse(log: &Log) -> Result<i64, String> {
    log.push("refuse");
    Err("no".to_owned())
}

#[delayed]
fn make(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn sum(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

#[test]
fn it_runs_once_for_all_computes() {
    let log = Log::new();
    let kept = load(log.clone(), 3).persist().unwrap();
    assert_eq!(log.take(), ["load"], "persist computes now");
    for (name, options) in everywhere() {
        assert_eq!(kept.compute_with(&options).unwrap(), 3, "{name}");
        let more = &kept + 1;
        assert_eq!(
            compute_with(&options, (&more, &kept)).unwrap(),
            (4, 3),
            "{name}"
        );
    }
    assert_eq!(log.len(), 0);
}

#[test]
fn a_failure_is_told_at_once() {
    let log = Log::new();
    let e = refuse(log.clone()).persist().unwrap_err();
    assert_eq!(e.task(), "refuse");
    assert_eq!(log.take(), ["refuse"]);
}

#[test]
fn the_original_is_as_it_was() {
    let log = Log::new();
    let original = load(log.clone(), 3);
    let kept = original.persist().unwrap();
    assert_eq!(compute!(original, kept).unwrap(), (3, 3));
    assert_eq!(log.take(), ["load", "load"]);
}

#[test]
fn it_lives_as_long_as_its_handles() {
    let meter = Meter::new();
    let kept = make(meter.clone(), 5).persist().unwrap();
    assert_eq!(meter.live(), 1);
    let user = kept.map(Tracked::value);
    drop(kept);
    assert_eq!((user.compute().unwrap(), meter.live()), (5, 1));
    drop(user);
    assert_eq!((meter.live(), meter.cloned()), (0, 0));
}

#[test]
fn a_checkpoint_comes_after_all_of_it() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let many: Vec<_> = (0..5).map(|x| load(log.clone(), x)).collect();
        let () = checkpoint((&many, load(log.clone(), 7)))
            .compute_with(&options)
            .unwrap();
        assert_eq!(log.take().len(), 6, "{name}");
        let after = refuse(log.clone()).unwrap_or(1).after(&checkpoint(&many));
        assert_eq!(after.compute_with(&options).unwrap(), 1, "{name}");
    }
}

#[test]
fn a_tree_of_sums() {
    for (name, options) in everywhere() {
        for arity in [2, 3, 16] {
            for n in [1, 2, 15, 16, 17, 100] {
                let log = Log::new();
                let leaves: Vec<_> = (0..n).map(|x| load(log.clone(), x)).collect();
                let d = tree_reduce(leaves, arity, |part| sum(part));
                assert_eq!(
                    d.compute_with(&options).unwrap(),
                    n * (n - 1) / 2,
                    "{name}, {arity}, {n}"
                );
            }
        }
    }
}
