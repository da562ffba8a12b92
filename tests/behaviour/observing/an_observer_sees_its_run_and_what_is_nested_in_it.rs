//! P10: observers belong to a run; they see it from start to end, with the runs inside its nodes.

use common::recorder::{Recorder, Seen, What};
use common::{Meeting, Page, Tally, quiet, schedulers};
use expect_test::expect;
use lazygraph::{Counter, Options, Scheduler, TextLog, compute_with, prelude::*};

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[delayed]
fn nests(x: i64) -> Result<i64, Error> {
    add(inc(x), inc(x)).compute()
}

#[delayed(pure)]
fn square(x: i64) -> i64 {
    x * x
}

#[delayed]
fn nests_pure(x: i64) -> Result<i64, Error> {
    square(x).compute()
}

#[delayed]
fn flaky(tally: &Tally, failures: usize) -> Result<i64, String> {
    if tally.add() < failures {
        Err("no".to_owned())
    } else {
        Ok(1)
    }
}

#[delayed]
fn expands(x: i64) -> Delayed<i64> {
    inc(inc(x))
}

fn serial(recorder: &Recorder) -> Options {
    Options::new()
        .scheduler(Scheduler::Serial)
        .observe(recorder)
}

#[test]
fn a_run_from_start_to_end() {
    let recorder = Recorder::new();
    let (a, b) = (inc(1).named("a"), inc(2).named("b"));
    add(&a, &b)
        .named("sum")
        .compute_with(&serial(&recorder))
        .unwrap();
    expect![[r#"
        run 0: 3 nodes in 3 units
        0 > a
        0 < a
        0 > b
        0 < b
        0 > sum
        0 < sum
        run 0 is done
    "#]]
    .assert_eq(&recorder.text());
}

#[test]
fn the_nodes_of_a_fused_unit() {
    let recorder = Recorder::new();
    inc(inc(1).named("inner"))
        .compute_with(&serial(&recorder))
        .unwrap();
    expect![[r#"
        run 0: 2 nodes in 1 units
        0 > inner
        0 < inner
        0 > inc
        0 < inc
        run 0 is done
    "#]]
    .assert_eq(&recorder.text());
}

#[test]
fn a_nested_run_and_its_parent() {
    let recorder = Recorder::new();
    inc(nests(1)).compute_with(&serial(&recorder)).unwrap();
    expect![[r#"
        run 0: 2 nodes in 1 units
        0 > nests
        run 1 in node 0 of run 0: 3 nodes in 3 units
        1 > inc
        1 < inc
        1 > inc
        1 < inc
        1 > add
        1 < add
        run 1 is done
        0 < nests
        0 > inc
        0 < inc
        run 0 is done
    "#]]
    .assert_eq(&recorder.text());
}

#[test]
fn what_is_remembered_does_not_start() {
    let recorder = Recorder::new();
    let (a, b) = (nests_pure(3).named("a"), nests_pure(3).named("b"));
    let values = compute_with(&serial(&recorder), (a, b)).unwrap();
    assert_eq!(values, (9, 9));
    let seen = recorder.seen();
    let count = |f: fn(&What) -> bool| seen.iter().filter(|s| f(&s.what)).count();
    assert_eq!(
        count(|w| matches!(w, What::Started { label, .. } if label == "square")),
        1
    );
    assert_eq!(
        count(|w| matches!(w, What::Remembered { label, .. } if label == "square")),
        1
    );
}

#[test]
fn retries_and_failures() {
    let recorder = Recorder::new();
    let x = inc(flaky(Tally::new(), 2).named("f").retries(1));
    let e = x.compute_with(&serial(&recorder)).unwrap_err();
    assert_eq!(e.task(), "f");
    let text = recorder.text();
    let failed = text.lines().last().unwrap().to_owned();
    assert!(failed.starts_with("run 0 failed: task `f("), "{failed}");
    expect![[r#"
        run 0: 2 nodes in 1 units
        0 > f
        0 ~ f
        0 > f (attempt 1)
        0 ! f
    "#]]
    .assert_eq(&text.replace(&format!("{failed}\n"), ""));
}

#[test]
fn a_body_that_returns_a_graph() {
    let recorder = Recorder::new();
    assert_eq!(expands(1).compute_with(&serial(&recorder)).unwrap(), 3);
    let seen = recorder.seen();
    let expanded = What::Expanded {
        label: "expands".to_owned(),
        id: 0,
        nodes: 2,
    };
    assert!(
        seen.iter().any(|s| s.what == expanded),
        "{}",
        recorder.text()
    );
    let incs = seen
        .iter()
        .filter(|s| matches!(&s.what, What::Finished { label, .. } if label == "inc"));
    assert_eq!(incs.count(), 2);
}

/// What must hold of the events of any run on any scheduler.
fn check(name: &str, seen: &[Seen]) {
    let runs = seen.iter().map(|s| s.run).max().expect("some run") + 1;
    for run in 0..runs {
        let mine: Vec<&What> = seen
            .iter()
            .filter(|s| s.run == run)
            .map(|s| &s.what)
            .collect();
        assert!(
            matches!(mine[0], What::RunStarted { .. }),
            "{name}: {mine:?}"
        );
        assert!(
            matches!(mine[mine.len() - 1], What::RunFinished { .. }),
            "{name}: {mine:?}"
        );
        let inner = &mine[1..mine.len() - 1];
        assert!(
            !inner
                .iter()
                .any(|w| matches!(w, What::RunStarted { .. } | What::RunFinished { .. })),
            "{name}: {mine:?}"
        );
        let (mut started, mut ended) = (Vec::new(), Vec::new());
        for what in inner {
            match what {
                What::Started { id, .. } => started.push(*id),
                What::Finished { id, .. } | What::Retried { id, .. } | What::Failed { id, .. } => {
                    assert!(started.contains(id), "{name}: {id} ends before it starts");
                    ended.push(*id);
                }
                _ => {}
            }
        }
        started.sort_unstable();
        ended.sort_unstable();
        assert_eq!(
            started, ended,
            "{name}: what starts ends, before the run does"
        );
    }
}

#[test]
fn what_starts_ends_on_every_scheduler() {
    for (name, options) in schedulers() {
        let recorder = Recorder::new();
        let many: Vec<_> = (0..30).map(|x| inc(nests(inc(x)))).collect();
        compute_with(&options.observe(&recorder), &many).unwrap();
        let seen = recorder.seen();
        check(&name, &seen);
        let finished = seen
            .iter()
            .filter(|s| matches!(s.what, What::Finished { .. }))
            .count();
        assert_eq!(finished, 30 * 6, "{name}");
        let nested = seen
            .iter()
            .filter(|s| {
                matches!(
                    s.what,
                    What::RunStarted {
                        parent: Some((0, _)),
                        ..
                    }
                )
            })
            .count();
        assert_eq!(nested, 30, "{name}: each nested run knows its parent");
    }
}

#[test]
fn a_failed_run_comes_to_rest_before_it_is_reported() {
    quiet();
    for (name, options) in schedulers() {
        let recorder = Recorder::new();
        let many: Vec<_> = (0..30)
            .map(|x| inc(nests(inc(x))).map(|x| assert_ne!(*x, 25, "planned panic")))
            .collect();
        let e = compute_with(&options.observe(&recorder), &many).unwrap_err();
        assert!(e.is_panic(), "{name}");
        let seen = recorder.seen();
        check(&name, &seen);
        let last = &seen.last().unwrap();
        assert!(
            last.run == 0 && matches!(&last.what, What::RunFinished { failed: Some(_) }),
            "{name}: {last:?}"
        );
    }
}

#[test]
fn two_runs_at_once_have_their_own_observers() {
    #[delayed]
    fn meets(meeting: &Meeting, x: i64) -> i64 {
        if meeting.join() { x } else { -1 }
    }
    #[delayed]
    fn nests_too(meeting: &Meeting, x: i64) -> Result<i64, Error> {
        meets(meeting.clone(), x).compute()
    }
    let meeting = Meeting::of(2);
    let run = |x: i64| {
        let recorder = Recorder::new();
        let d = nests_too(meeting.clone(), x).named(format!("outer {x}"));
        let value = d
            .compute_with(&Options::new().threads(2).observe(&recorder))
            .unwrap();
        assert_eq!(value, x);
        recorder
    };
    let (one, two) = std::thread::scope(|s| {
        let (a, b) = (s.spawn(|| run(1)), s.spawn(|| run(2)));
        (a.join().unwrap(), b.join().unwrap())
    });
    for (mine, other, recorder) in [("outer 1", "outer 2", one), ("outer 2", "outer 1", two)] {
        let text = recorder.text();
        check(mine, &recorder.seen());
        assert!(text.contains(mine) && !text.contains(other), "{text}");
        assert_eq!(text.matches("is done").count(), 2, "{text}");
    }
}

#[test]
fn a_run_without_observers_is_seen_by_nobody() {
    let recorder = Recorder::new();
    let options = Options::new().threads(2).observe(&recorder);
    inc(1).compute_with(&options).unwrap();
    let before = recorder.seen().len();
    nests(1).compute().unwrap();
    nests(1).compute_with(&Options::new().threads(2)).unwrap();
    assert_eq!(recorder.seen().len(), before);
}

#[test]
fn several_observers_see_the_same() {
    for (name, options) in schedulers() {
        let (a, b, counter) = (Recorder::new(), Recorder::new(), Counter::new());
        let options = options.observe(&a).observe(&b).observe(&counter);
        let many: Vec<_> = (0..10).map(nests).collect();
        compute_with(&options, &many).unwrap();
        let sorted = |r: &Recorder| {
            let mut lines: Vec<String> = r.text().lines().map(str::to_owned).collect();
            lines.sort();
            lines.len()
        };
        assert_eq!(sorted(&a), sorted(&b), "{name}");
        let counts = ["nests", "inc", "add"].map(|f| counter.executed(f));
        assert_eq!((counts, counter.runs()), ([10, 20, 10], 11), "{name}");
    }
}

#[test]
fn a_counter_counts_failures_and_attempts() {
    for (name, options) in schedulers() {
        let counter = Counter::new();
        let x = flaky(Tally::new(), 2).retries(2);
        let y = flaky(Tally::new(), 9).retries(1).unwrap_or(5);
        let values = compute_with(&options.observe(&counter), (x, y)).unwrap();
        assert_eq!(values, (1, 5), "{name}");
        assert_eq!(
            (counter.executed("flaky"), counter.failed("flaky")),
            (5, 1),
            "{name}"
        );
    }
}

#[test]
fn a_text_log_is_made_for_people() {
    let page = Page::new();
    let options = Options::new()
        .scheduler(Scheduler::Serial)
        .observe(&TextLog::to(page.clone()));
    nests(3)
        .named("the outer one")
        .compute_with(&options)
        .unwrap();
    let text = page.text();
    for word in ["the outer one", "inc", "add"] {
        assert!(text.contains(word), "no {word} in {text}");
    }
    assert_eq!(
        text.lines().count(),
        2 + 2 + 2 + 6,
        "a line for each event: {text}"
    );
}
