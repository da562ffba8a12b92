//! P3 over several computes: what is remembered from one to the next, and what is not.

use common::pure::asks;
use common::{Log, Meeting, ends, schedulers, wait_until};
use lazygraph::{
    CancelToken, ErrorKind, Memo, Options, Plan, RunOptions, compute_with, prelude::*, scope,
};

#[delayed(pure)]
fn load(#[key(skip)] log: &Log, x: i64) -> i64 {
    log.push(format!("load {x}"));
    x
}

#[delayed]
fn outer(log: &Log, x: i64) -> Result<i64, Error> {
    let (a, b) = compute!(load(log.clone(), x), load(log.clone(), x + 1))?;
    Ok(a + b)
}

#[delayed(pure)]
fn double(#[key(skip)] log: &Log, x: &i64) -> i64 {
    log.push("double");
    2 * x
}

#[test]
fn a_second_compute_finds_what_the_first_has_left() {
    for (name, options) in schedulers() {
        let (log, memo) = (Log::new(), Memo::new());
        let options = options.memo(&memo);
        let first = outer(log.clone(), 1).compute_with(&options);
        assert_eq!(first.unwrap(), 3, "{name}");
        assert_eq!(log.take().len(), 2, "{name}");
        let second = (load(log.clone(), 1), outer(log.clone(), 2));
        assert_eq!(compute_with(&options, second).unwrap(), (1, 5), "{name}");
        assert_eq!(log.take(), ["load 3"], "{name}");
        let stats = memo.stats();
        assert_eq!(
            (stats.hits, stats.shared, stats.misses),
            (2, 0, 3),
            "{name}"
        );
        assert_eq!((stats.entries, stats.estimated), (3, 0), "{name}");
        assert_eq!(stats.bytes, 3 * (8 + Memo::ENTRY_BYTES), "{name}");
    }
}

#[test]
fn a_cleared_memo_and_a_compute_without_it_start_afresh() {
    let (log, memo) = (Log::new(), Memo::new());
    let session = Options::new().memo(&memo);
    let call = load(log.clone(), 1);
    call.compute_with(&session).unwrap();
    memo.clear();
    call.compute_with(&session).unwrap();
    call.compute().unwrap();
    assert_eq!(log.len(), 3);
    call.compute_with(&session.clone()).unwrap();
    assert_eq!(log.len(), 3);
}

#[test]
fn a_plan_that_was_made_with_it_runs_with_it() {
    let (log, memo) = (Log::new(), Memo::new());
    let plan = Plan::new(load(log.clone(), 1), &Options::new().memo(&memo)).unwrap();
    assert_eq!((plan.run().unwrap(), plan.run().unwrap()), (1, 1));
    assert_eq!(log.len(), 1);
}

#[delayed]
fn with_another(log: &Log, memo: &Memo) -> Result<i64, Error> {
    let options = Options::new().memo(memo);
    Ok(outer(log.clone(), 1).compute_with(&options)? + load(log.clone(), 1).compute()?)
}

#[test]
fn a_nested_compute_may_use_another_one_for_what_is_below() {
    for (name, options) in schedulers() {
        let (log, inner, session) = (Log::new(), Memo::new(), Memo::new());
        let call = with_another(log.clone(), inner.clone());
        let value = call.compute_with(&options.memo(&session)).unwrap();
        assert_eq!(value, 4, "{name}");
        assert_eq!(log.count("load 1"), 2, "{name}: once for each memo");
        assert_eq!(inner.stats().entries, 2, "{name}");
        assert_eq!(session.stats().entries, 1, "{name}");
    }
}

#[delayed(pure)]
fn fails(#[key(skip)] log: &Log, x: i64) -> Result<i64, String> {
    log.push("fails");
    Err(format!("no {x}"))
}

#[delayed]
fn twice(log: &Log) -> Result<i64, Error> {
    let call = || fails(log.clone(), 1).unwrap_or(5).compute();
    Ok(call()? + call()?)
}

#[test]
fn failures_end_with_the_compute_that_saw_them() {
    for (name, options) in schedulers() {
        let (log, memo) = (Log::new(), Memo::new());
        let options = options.memo(&memo);
        for round in 1..=3 {
            let value = twice(log.clone()).compute_with(&options).unwrap();
            assert_eq!(value, 10, "{name}");
            assert_eq!(log.len(), round, "{name}: once in each compute");
        }
        assert_eq!(memo.stats().entries, 0, "{name}");
    }
}

/// What a cancelled body gives back is not what it would have given.
#[delayed(pure)]
fn count_up(#[key(skip)] log: &Log, #[key(skip)] token: &CancelToken, to: u64) -> u64 {
    log.push("count");
    token.cancel();
    (0..to).take_while(|_| lazygraph::check().is_ok()).count() as u64
}

#[test]
fn a_cancelled_compute_leaves_nothing_half_done() {
    for (name, options) in schedulers() {
        let (log, memo, token) = (Log::new(), Memo::new(), CancelToken::new());
        let options = options.memo(&memo);
        let call = count_up(log.clone(), token.clone(), 9);
        let cancelled = call.compute_with(&options.clone().cancel(&token));
        assert_eq!(
            cancelled.unwrap_err().kind(),
            ErrorKind::Cancelled,
            "{name}"
        );
        assert_eq!(memo.stats().entries, 0, "{name}");
        assert_eq!(call.compute_with(&options).unwrap(), 9, "{name}");
        assert_eq!(log.len(), 2, "{name}");
    }
}

#[delayed]
fn next(log: &Log) -> i64 {
    log.push("next");
    log.len() as i64
}

#[test]
fn what_depends_on_an_impure_call_is_not_remembered() {
    for (name, options) in schedulers() {
        let (log, memo) = (Log::new(), Memo::new());
        let options = options.memo(&memo);
        let captured = 1;
        let calls = (
            double(Log::new(), next(log.clone())),
            double(Log::new(), load(Log::new(), 1).map(move |x| x + captured)),
        );
        compute_with(&options, &calls).unwrap();
        assert_eq!(memo.stats().entries, 1, "{name}: only `load`");
        let (again, _) = compute_with(&options, &calls).unwrap();
        assert_eq!((again, log.len()), (4, 2), "{name}");
    }
}

#[delayed]
fn nests(log: &Log, lent: Delayed<i64>) -> Result<i64, Error> {
    double(log.clone(), lent).compute()
}

#[test]
fn what_a_scope_lends_is_shared_in_the_compute_and_not_beyond() {
    for (name, options) in schedulers() {
        let (log, memo) = (Log::new(), Memo::new());
        let options = options.memo(&memo);
        let x = 4;
        scope(|s| {
            let lent = s.borrow(&x);
            let direct = double(log.clone(), &lent);
            let nested = nests(log.clone(), lent).after(&direct);
            let both = compute_with(&options, (direct, nested));
            assert_eq!(both.unwrap(), (8, 8), "{name}");
            assert_eq!(log.take().len(), 1, "{name}");
            assert_eq!(memo.stats().entries, 0, "{name}");
        });
    }
}

fn every_pair() -> impl Iterator<Item = (String, [Options; 2])> {
    let pair = |(a, one): &(String, Options)| {
        let (a, one) = (a.clone(), one.clone());
        let with = move |(b, other)| (format!("{a} and {b}"), [one.clone(), other]);
        schedulers().into_iter().map(with).collect::<Vec<_>>()
    };
    schedulers()
        .iter()
        .flat_map(pair)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Computes both at the same time.
fn at_once<T: Value + Clone>(
    options: [RunOptions<'static>; 2],
    calls: [Delayed<T>; 2],
) -> [Result<T, Error>; 2] {
    ends("two computes", move || {
        let [one, other] = calls;
        let [with_one, with_other] = options;
        std::thread::scope(|threads| {
            let one = threads.spawn(move || one.compute_with(&with_one));
            let other = other.compute_with(&with_other);
            [one.join().unwrap(), other]
        })
    })
}

#[test]
fn two_computes_at_once_run_a_body_once() {
    for (name, options) in every_pair() {
        let (log, asked, meeting) = (Log::new(), Log::new(), Meeting::of(2));
        let memo = Memo::new();
        let call = || asks(log.clone(), asked.clone(), meeting.clone());
        let values = at_once(options.map(|o| o.memo(&memo)), [call(), call()]);
        assert_eq!(values.map(Result::unwrap), [7, 7], "{name}");
        assert_eq!(log.take(), ["slowly"], "{name}");
        let stats = memo.stats();
        assert_eq!((stats.shared + stats.hits, stats.misses), (1, 1), "{name}");
    }
}

/// Waits for the other, which waits for it.
#[delayed(pure)]
fn ring(#[key(skip)] meeting: &Meeting, i: u64) -> Result<u64, Error> {
    if !meeting.join() {
        return Ok(0);
    }
    ring(meeting.clone(), 1 - i).compute()
}

#[test]
fn a_circle_over_two_computes_is_an_error() {
    for (name, options) in every_pair() {
        let (memo, meeting) = (Memo::new(), Meeting::of(2));
        let call = |i| ring(meeting.clone(), i);
        let ended = at_once(options.map(|o| o.memo(&memo)), [call(0), call(1)]);
        for result in ended {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Deadlock, "{name}");
        }
        assert_eq!(memo.stats().entries, 0, "{name}");
    }
}

/// Fails for the first that asks; the second has waited for it, and asks for itself.
#[delayed(pure)]
fn fails_once(#[key(skip)] log: &Log, #[key(skip)] asked: &Log) -> Result<i64, String> {
    log.push("fails once");
    wait_until(|| asked.len() == 2);
    std::thread::sleep(std::time::Duration::from_millis(20));
    match log.len() {
        1 => Err("first".to_owned()),
        n => Ok(n as i64),
    }
}

#[delayed]
fn asks_for_it(log: &Log, asked: &Log) -> Result<i64, Error> {
    asked.push("asked");
    fails_once(log.clone(), asked.clone()).compute()
}

#[test]
fn one_compute_does_not_get_the_failure_of_another() {
    for (name, options) in every_pair() {
        let (log, asked, memo) = (Log::new(), Log::new(), Memo::new());
        let call = || asks_for_it(log.clone(), asked.clone());
        let results = at_once(options.map(|o| o.memo(&memo)), [call(), call()]);
        let values: Vec<i64> = results.into_iter().flatten().collect();
        assert_eq!(values, [2], "{name}");
        assert_eq!(log.len(), 2, "{name}");
    }
}
