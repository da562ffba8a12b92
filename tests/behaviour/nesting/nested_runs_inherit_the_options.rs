//! Scheduler, threads, cancel token and observers of a run hold for the runs inside its nodes.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use common::{Meeting, ends, schedulers};
use lazygraph::{CancelToken, Counter, ErrorKind, Options, Scheduler, compute_with, prelude::*};

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashSet<ThreadId>>>);

impl Seen {
    fn here(&self) {
        self.0
            .lock()
            .expect("nobody panics")
            .insert(std::thread::current().id());
    }

    fn threads(&self) -> HashSet<ThreadId> {
        self.0.lock().expect("nobody panics").clone()
    }
}

#[delayed]
fn leaf(seen: &Seen, x: i64) -> i64 {
    seen.here();
    std::thread::sleep(std::time::Duration::from_millis(1));
    x
}

#[delayed]
fn middle(seen: &Seen, x: i64) -> Result<i64, Error> {
    seen.here();
    let below: Vec<_> = (0..5).map(|i| leaf(seen.clone(), x + i)).collect();
    Ok(compute(below)?.into_iter().sum())
}

#[delayed]
fn outer(seen: &Seen) -> Result<i64, Error> {
    seen.here();
    let below: Vec<_> = (0..5).map(|x| middle(seen.clone(), x)).collect();
    Ok(compute(below)?.into_iter().sum())
}

#[test]
fn serial_stays_on_the_calling_thread() {
    let seen = Seen::default();
    let options = Options::new().scheduler(Scheduler::Serial);
    outer(seen.clone()).compute_with(&options).unwrap();
    assert_eq!(seen.threads(), HashSet::from([std::thread::current().id()]));
}

#[test]
fn one_worker_is_one_thread() {
    let seen = Seen::default();
    outer(seen.clone())
        .compute_with(&Options::new().threads(1))
        .unwrap();
    assert_eq!(seen.threads().len(), 1);
}

#[test]
fn two_workers_are_two_threads_at_most() {
    let seen = Seen::default();
    let many: Vec<_> = (0..4).map(|_| outer(seen.clone())).collect();
    compute_with(&Options::new().threads(2), &many).unwrap();
    assert!(seen.threads().len() <= 2, "{:?}", seen.threads());
}

#[test]
fn nested_runs_use_the_workers_that_are_free() {
    #[delayed]
    fn meets(meeting: &Meeting) -> bool {
        meeting.join()
    }
    #[delayed]
    fn waits(workers: usize) -> Result<bool, Error> {
        let meeting = Meeting::of(workers);
        let all: Vec<_> = (0..workers).map(|_| meets(meeting.clone())).collect();
        Ok(compute(all)?.into_iter().all(|met| met))
    }
    for workers in [2, 4] {
        let met = ends("a meeting in a nested run", move || {
            waits(workers)
                .compute_with(&Options::new().threads(workers))
                .unwrap()
        });
        assert!(met, "{workers} nodes of a nested run at once");
    }
}

#[test]
fn observers() {
    for (name, options) in schedulers() {
        let (seen, counter) = (Seen::default(), Counter::new());
        outer(seen)
            .compute_with(&options.observe(&counter))
            .unwrap();
        let counts = ["outer", "middle", "leaf"].map(|f| counter.executed(f));
        assert_eq!(counts, [1, 5, 25], "{name}");
        assert_eq!(counter.runs(), 1 + 1 + 5, "{name}: a run for each compute");
    }
}

#[delayed]
fn is_cancelled(token: &CancelToken) -> bool {
    let before = CancelToken::current()
        .expect("a body has a token")
        .is_cancelled();
    token.cancel();
    let after = CancelToken::current()
        .expect("a body has a token")
        .is_cancelled();
    !before && after
}

#[delayed]
fn nests(token: &CancelToken, result: &Seen) -> Result<bool, Error> {
    let told = is_cancelled(token.clone()).map({
        let result = result.clone();
        move |told| {
            result.here();
            *told
        }
    });
    told.compute()
}

#[test]
fn the_cancel_token() {
    for (name, options) in schedulers() {
        let (token, seen) = (CancelToken::new(), Seen::default());
        let e = nests(token.clone(), seen.clone())
            .compute_with(&options.cancel(&token))
            .unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Cancelled, "{name}");
        assert_eq!(
            seen.threads().len(),
            0,
            "{name}: nothing starts after it, two levels down"
        );
    }
}

#[test]
fn options_given_inside_go_over_those_from_outside() {
    #[delayed]
    fn asks_for_serial(seen: &Seen) -> Result<i64, Error> {
        let here = Seen::default();
        let options = Options::new().scheduler(Scheduler::Serial);
        let n = outer(here.clone()).compute_with(&options)?;
        assert_eq!(here.threads(), HashSet::from([std::thread::current().id()]));
        seen.here();
        Ok(n)
    }
    let seen = Seen::default();
    let counter = Counter::new();
    let options = Options::new().threads(2).observe(&counter);
    asks_for_serial(seen.clone())
        .compute_with(&options)
        .unwrap();
    assert_eq!(seen.threads().len(), 1);
}
