//! Small pure results stay in the plan that they belong to. What is nested in its run finds them there: not begun, running,
//! ended or failed, and whoever comes second.

use common::recorder::{Recorder, What};
use common::{Log, Meeting, Tally, ends, schedulers, wait_until};
use lazygraph::{ErrorKind, Memo, Options, Plan, compute_with, prelude::*};

/// So many nodes that it is worth it to leave results where they are.
const MANY: i64 = 40;

#[delayed(pure)]
fn square(#[key(skip)] log: &Log, x: i64) -> i64 {
    log.push(format!("square {x}"));
    x * x
}

#[delayed]
fn asks(log: &Log, x: i64) -> Result<i64, Error> {
    square(log.clone(), x).compute()
}

fn squares(log: &Log) -> Vec<Delayed<i64>> {
    (0..MANY).map(|x| square(log.clone(), x)).collect()
}

fn assert_each_ran_once(log: &Log, name: &str) {
    let mut ran = log.take();
    ran.sort();
    let mut expected: Vec<_> = (0..MANY).map(|x| format!("square {x}")).collect();
    expected.sort();
    assert_eq!(ran, expected, "{name}");
}

#[test]
fn askers_before_and_after_find_it() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let asked =
            |xs: std::ops::Range<i64>| -> Vec<_> { xs.map(|x| asks(log.clone(), x)).collect() };
        let (before, direct, after) = (asked(0..MANY), squares(&log), asked(0..MANY));
        let expected: Vec<i64> = (0..MANY).map(|x| x * x).collect();
        let all = compute_with(&options, (before, direct, after)).unwrap();
        assert_eq!(
            all,
            (expected.clone(), expected.clone(), expected),
            "{name}"
        );
        assert_each_ran_once(&log, &name);
    }
}

#[test]
fn each_run_of_a_plan_has_its_own() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let askers: Vec<_> = (0..MANY).map(|x| asks(log.clone(), x)).collect();
        let plan = Plan::new((squares(&log), askers), &options).unwrap();
        for _ in 0..3 {
            let (direct, asked) = plan.run().unwrap();
            assert_eq!(direct, asked, "{name}");
            assert_each_ran_once(&log, &name);
        }
    }
}

#[test]
fn a_memo_of_ones_own_keeps_them_all() {
    for (name, options) in schedulers() {
        let (log, memo) = (Log::new(), Memo::new());
        let options = options.memo(&memo);
        let first = compute_with(&options, squares(&log)).unwrap();
        assert_each_ran_once(&log, &name);
        assert_eq!(
            compute_with(&options, squares(&log)).unwrap(),
            first,
            "{name}"
        );
        assert_eq!(
            asks(log.clone(), 3).compute_with(&options).unwrap(),
            9,
            "{name}"
        );
        assert_eq!(log.len(), 0, "{name}");
        let stats = memo.stats();
        assert_eq!(
            (stats.misses, stats.hits),
            (MANY as u64, MANY as u64 + 1),
            "{name}"
        );
    }
}

#[test]
fn observers_see_the_same() {
    for (name, options) in schedulers() {
        let (log, seen) = (Log::new(), Recorder::new());
        let options = options.observe(&seen);
        let askers: Vec<_> = (0..MANY).map(|x| asks(log.clone(), x)).collect();
        compute_with(&options, (squares(&log), askers)).unwrap();
        assert_each_ran_once(&log, &name);
        let is_remembered = |s: &common::recorder::Seen| matches!(s.what, What::Remembered { .. });
        let remembered = seen.seen().iter().filter(|s| is_remembered(s)).count();
        assert_eq!(remembered, MANY as usize, "{name}");
    }
}

#[delayed(pure)]
fn slowly(#[key(skip)] log: &Log, #[key(skip)] asked: &Log) -> i64 {
    log.push("slowly");
    let both = wait_until(|| !asked.is_empty());
    std::thread::sleep(std::time::Duration::from_millis(30));
    if both { 7 } else { -1 }
}

#[delayed]
fn asks_slowly(log: &Log, asked: &Log) -> Result<i64, Error> {
    if !wait_until(|| log.count("slowly") > 0) {
        return Ok(-2);
    }
    asked.push("asked");
    let slow = slowly(log.clone(), asked.clone());
    // In a graph of its own, next to another.
    let (a, b) = compute!(slow, square(log.clone(), 1))?;
    Ok(a + b - 1)
}

#[test]
fn who_asks_while_it_runs_waits() {
    for threads in [2, 8] {
        let (log, asked) = (Log::new(), Log::new());
        let direct = slowly(log.clone(), asked.clone());
        let askers: Vec<_> = (0..4)
            .map(|_| asks_slowly(log.clone(), asked.clone()))
            .collect();
        let options = Options::new().threads(threads);
        let all = (direct, askers, squares(&log));
        let (direct, askers, _) = ends("slow", move || compute_with(&options, all).unwrap());
        assert_eq!((direct, askers), (7, vec![7; 4]), "{threads} threads");
        assert_eq!(log.count("slowly"), 1, "{threads} threads");
        log.take();
    }
}

#[delayed(pure)]
fn fails(#[key(skip)] log: &Log, panics: bool) -> Result<i64, String> {
    log.push("fails");
    assert!(!panics, "planned to panic");
    Err("it fails".into())
}

#[delayed]
fn asks_what_fails(log: &Log, panics: bool) -> Result<String, Error> {
    match fails(log.clone(), panics).compute() {
        Ok(_) => Ok("a value".into()),
        Err(e) => Ok(format!("{e:#}")),
    }
}

#[test]
fn a_failure_is_found_too() {
    common::quiet();
    for (name, options) in schedulers() {
        for (panics, told) in [(false, "it fails"), (true, "planned to panic")] {
            let log = Log::new();
            let askers = |n: usize| -> Vec<_> {
                (0..n)
                    .map(|_| asks_what_fails(log.clone(), panics))
                    .collect()
            };
            let all = (
                askers(3),
                fails(log.clone(), panics).unwrap_or(-1),
                askers(3),
                squares(&log),
            );
            let (a, direct, b, _) = compute_with(&options, all).unwrap();
            assert_eq!(direct, -1, "{name}");
            for text in a.into_iter().chain(b) {
                assert!(text.contains(told), "{name}: {text}");
            }
            assert_eq!(log.count("fails"), 1, "{name}");
        }
    }
}

#[delayed(pure)]
fn itself(x: u64) -> Result<u64, Error> {
    itself(x).compute()
}

#[delayed(pure)]
fn egg(#[key(skip)] meeting: &Meeting, x: u64) -> Result<u64, Error> {
    meeting.join();
    hen(meeting.clone(), x).compute()
}

#[delayed(pure)]
fn hen(#[key(skip)] meeting: &Meeting, x: u64) -> Result<u64, Error> {
    meeting.join();
    egg(meeting.clone(), x).compute()
}

#[test]
fn a_circle_through_the_plan_is_found() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let all = (squares(&log), itself(1));
        let e = ends(&name, move || compute_with(&options, all).unwrap_err());
        assert_eq!(e.kind(), ErrorKind::Deadlock, "{name}: {e:?}");
        let told = e.root().to_string();
        assert_eq!(told, "deadlock: `itself(1)` waits for itself", "{name}");
    }
    // Both run when each asks for the other.
    for threads in [2, 8] {
        let (log, meeting) = (Log::new(), Meeting::of(2));
        let all = (
            egg(meeting.clone(), 1),
            hen(meeting.clone(), 1),
            squares(&log),
        );
        let options = Options::new().threads(threads);
        let e = ends("both", move || compute_with(&options, all).unwrap_err());
        assert_eq!(e.kind(), ErrorKind::Deadlock, "{threads} threads: {e:?}");
    }
}

#[delayed]
fn asks_in_vain(log: &Log, x: i64) -> i64 {
    let token = lazygraph::CancelToken::new();
    token.cancel();
    let options = Options::new().cancel(&token);
    let outcome = square(log.clone(), x).compute_with(&options);
    i64::from(outcome.is_err())
}

#[test]
fn who_gives_up_leaves_it_to_others() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let asked = |_| {
            (0..MANY)
                .map(|x| asks_in_vain(log.clone(), x))
                .collect::<Vec<_>>()
        };
        let all = (asked(()), squares(&log), asked(()));
        let (a, direct, b) = compute_with(&options, all).unwrap();
        assert_eq!((a, b), (vec![1; 40], vec![1; 40]), "{name}");
        assert_eq!(direct[6], 36, "{name}");
        assert_each_ran_once(&log, &name);
    }
}

#[delayed(pure)]
fn reaches_down(#[key(skip)] log: &Log, x: i64) -> Result<i64, Error> {
    log.push(format!("square {x}"));
    match x {
        0 => Ok(0),
        _ => Ok(reaches_down(log.clone(), x - 1).compute()? + 2 * x - 1),
    }
}

#[test]
fn a_plan_whose_nodes_ask_for_each_other() {
    for (name, options) in schedulers() {
        for upwards in [true, false] {
            let log = Log::new();
            let mut all: Vec<_> = (0..MANY).map(|x| reaches_down(log.clone(), x)).collect();
            if upwards {
                all.reverse();
            }
            let options = options.clone();
            let mut values = ends(&name, move || compute_with(&options, all).unwrap());
            values.sort_unstable();
            assert_eq!(
                values,
                (0..MANY).map(|x| x * x).collect::<Vec<_>>(),
                "{name}"
            );
            assert_each_ran_once(&log, &name);
        }
    }
}

#[delayed(pure)]
fn tiny(#[key(skip)] runs: &Tally, x: i64) -> i64 {
    runs.add();
    3 * x
}

#[delayed]
fn asks_for_several(runs: &Tally, from: i64, step: i64) -> Result<i64, Error> {
    let several: Vec<_> = (0..40)
        .map(|i| tiny(runs.clone(), (from + i * step) % CROWD))
        .collect();
    std::thread::yield_now();
    Ok(lazygraph::compute(several)?.into_iter().sum())
}

/// More nodes than are handed out one by one: they are gathered into groups, some of which have nodes that somebody else has
/// taken.
const CROWD: i64 = 6_000;

#[test]
fn a_crowd_of_tiny_nodes_is_asked_for_all_over() {
    for round in 0..20 {
        for (name, options) in schedulers() {
            let runs = Tally::new();
            let askers: Vec<_> = (0..60)
                .map(|i| asks_for_several(runs.clone(), i * 97 + round, 1 + 7 * (i % 9)))
                .collect();
            let direct: Vec<_> = (0..CROWD).map(|x| tiny(runs.clone(), x)).collect();
            let all = match round % 2 {
                0 => lazygraph::tree_reduce(direct.into_iter().chain(askers), 16, add),
                _ => lazygraph::tree_reduce(askers.into_iter().chain(direct), 16, add),
            };
            let options = options.clone();
            let sum = ends(&name, move || all.compute_with(&options).unwrap());
            let asked =
                |i: i64| (0..40).map(move |k| (i * 97 + round + k * (1 + 7 * (i % 9))) % CROWD);
            let expected = 3 * ((0..CROWD).sum::<i64>() + (0..60).flat_map(asked).sum::<i64>());
            assert_eq!(sum, expected, "{name}");
            assert_eq!(runs.get(), CROWD as usize, "{name}");
        }
    }
}

#[delayed]
fn add(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

#[delayed(pure)]
fn kinds(#[key(skip)] log: &Log, x: i64) -> (u8, char) {
    log.push(format!("square {x}"));
    (x as u8, 'x')
}

#[delayed(pure)]
fn code(#[key(skip)] log: &Log, x: i64) -> char {
    log.push(format!("square {x}"));
    char::from(b'a' + (x % 26) as u8)
}

#[delayed]
fn asks_code(log: &Log, x: i64) -> Result<(char, (u8, char)), Error> {
    compute!(code(log.clone(), x), kinds(log.clone(), x + 1000))
}

/// Those of other types are shared as ever, in the same plan.
#[test]
fn copied_and_shared_results_lie_side_by_side() {
    for (name, options) in schedulers() {
        let log = Log::new();
        let codes: Vec<_> = (0..20).map(|x| code(log.clone(), x)).collect();
        let pairs: Vec<_> = (1000..1020).map(|x| kinds(log.clone(), x)).collect();
        let asked: Vec<_> = (0..20).map(|x| asks_code(log.clone(), x)).collect();
        let (codes, pairs, asked) = compute_with(&options, (codes, pairs, asked)).unwrap();
        let together: Vec<_> = codes.into_iter().zip(pairs).collect();
        assert_eq!(together, asked, "{name}");
        assert_eq!(log.len(), 40, "{name}");
    }
}
