//! P8: a failure stops the graph: nothing new starts, what runs ends first, then the caller gets the error.

use std::time::Duration;

use common::{Log, Tally, quiet, schedulers, wait_until};
use lazygraph::{CancelToken, ErrorKind, Options, compute_with, prelude::*};

/// What the slow nodes share.
#[derive(Clone, Default)]
struct Scene {
    started: Tally,
    ended: Tally,
    failed: Tally,
    saw_token: Tally,
}

/// The fourth to start fails; the others run until after that.
#[delayed]
fn slow(scene: &Scene, x: i64) -> Result<i64, String> {
    if scene.started.add() == 3 {
        scene.failed.add();
        return Err(format!("no {x}"));
    }
    assert!(
        wait_until(|| scene.failed.get() > 0),
        "four nodes do not run at once"
    );
    // Time for the failure to be noticed; only then does this worker look for its next node.
    let token = CancelToken::current().expect("a body has a token");
    if wait_until(|| token.is_cancelled()) {
        scene.saw_token.add();
    }
    scene.ended.add();
    Ok(x)
}

#[test]
fn with_four_workers_the_three_others_end_and_none_starts() {
    let scene = Scene::default();
    let many: Vec<_> = (0..20).map(|x| slow(scene.clone(), x)).collect();
    let e = compute_with(&Options::new().threads(4), &many).unwrap_err();
    assert_eq!((e.kind(), e.task()), (ErrorKind::Failed, "slow"), "{e:?}");
    assert_eq!(scene.started.get(), 4, "nothing starts after the failure");
    assert_eq!(
        scene.ended.get(),
        3,
        "what ran has ended when the caller gets the error"
    );
    assert_eq!(scene.saw_token.get(), 3, "what ran was told to stop");
}

#[delayed]
fn step(log: &Log, x: i64) -> Result<i64, String> {
    log.push(x.to_string());
    if x == 3 {
        Err("no".to_owned())
    } else {
        Ok(x + 1)
    }
}

#[test]
fn consumers_of_a_failed_node_never_run() {
    for (name, options) in schedulers() {
        for fuse in [true, false] {
            let log = Log::new();
            let mut x = step(log.clone(), 0);
            for _ in 0..9 {
                x = step(log.clone(), x);
            }
            let e = x.compute_with(&options.clone().fuse(fuse)).unwrap_err();
            assert_eq!(e.task(), "step", "{name}");
            assert_eq!(log.take(), ["0", "1", "2", "3"], "{name}, fuse {fuse}");
        }
    }
}

#[test]
fn with_one_worker_the_failed_node_is_the_last_to_run() {
    for (name, options) in schedulers().into_iter().take(2) {
        let log = Log::new();
        let many: Vec<_> = (0..10).map(|x| step(log.clone(), x)).collect();
        let e = compute_with(&options, &many).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Failed, "{name}");
        assert_eq!(
            log.entries().last().map(String::as_str),
            Some("3"),
            "{name}"
        );
    }
}

#[delayed]
fn burst(log: &Log) -> i64 {
    log.push("burst");
    panic!("planned panic")
}

#[test]
fn a_failing_node_that_no_output_needs_never_runs() {
    quiet();
    for (name, options) in schedulers() {
        let log = Log::new();
        let good = step(log.clone(), 7);
        let bad = step(log.clone(), &good).map(|_| panic!("planned panic"));
        let _worse: Delayed<()> = bad.after(&burst(log.clone()));
        assert_eq!(good.compute_with(&options).unwrap(), 8, "{name}");
        assert_eq!(log.take(), ["7"], "{name}");
    }
}

#[delayed]
fn waits_for_token(x: i64) -> Result<i64, Error> {
    // `check` is the way a long body asks whether it should go on.
    for _ in 0..3000 {
        lazygraph::check()?;
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(x)
}

#[delayed]
fn fails_once_another_runs(started: &Tally) -> Result<i64, String> {
    started.add();
    Err("the culprit".to_owned())
}

#[test]
fn the_culprit_is_reported_and_not_those_that_were_told_to_stop() {
    let started = Tally::new();
    let many = (
        waits_for_token(1),
        fails_once_another_runs(started.clone()),
        waits_for_token(2),
        waits_for_token(3),
    );
    let e = compute_with(&Options::new().threads(4), &many).unwrap_err();
    assert_eq!(e.task(), "fails_once_another_runs", "{e:?}");
    assert!(format!("{e:#}").ends_with("failed: the culprit"), "{e:#}");
}

#[test]
fn a_nested_run_with_options_of_its_own_sees_a_failure_beside_it() {
    #[delayed]
    fn fails_beside(begun: &Tally) -> Result<i64, String> {
        assert!(wait_until(|| begun.get() > 0), "the other does not run");
        Err("the culprit".to_owned())
    }
    #[delayed]
    fn until_told(begun: &Tally) -> bool {
        begun.add();
        let token = CancelToken::current().expect("a body has a token");
        wait_until(|| token.is_cancelled())
    }
    #[delayed]
    fn nested(options: fn() -> Options, begun: &Tally, told: &Tally) -> Result<i64, Error> {
        let (told, later) = (told.clone(), told.clone());
        let first = until_told(begun.clone()).map(move |is_told| match is_told {
            true => told.add(),
            false => usize::MAX,
        });
        let second = first.map(move |_| later.add()).fuse(false);
        second.compute_with(&options())?;
        Ok(1)
    }
    let ways: [fn() -> Options; 3] = [
        Options::new,
        || Options::new().threads(2),
        || Options::new().scheduler(lazygraph::Scheduler::Serial),
    ];
    for options in ways {
        let (begun, told) = (Tally::new(), Tally::new());
        let below = nested(options, begun.clone(), told.clone());
        let both = (fails_beside(begun.clone()), below);
        let e = compute_with(&Options::new().threads(2), &both).unwrap_err();
        assert_eq!(e.task(), "fails_beside");
        assert_eq!((begun.get(), told.get()), (1, 0), "nothing after what runs");
    }
}
