//! Claims on a future, and its end: what it ended with is read by whoever has a claim, and dropped once, with the last.

use crate::base::Shared;
use crate::base::error::Error;
use crate::base::sync::lock;
use crate::probe::Probe;
use crate::task::Number;
use crate::task::future::{Claim, Payload, Producer, Promise, RetryableError};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

loom::lazy_static! {
    static ref HAS_ENDED: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
}

/// What a reader does while another thread completes the future: it looks again and again, of which loom would find no end.
pub(crate) fn wait_for_end() {
    let mut has_ended = lock(&HAS_ENDED.0);
    while !*has_ended {
        has_ended = HAS_ENDED.1.wait(has_ended).unwrap();
    }
}

fn ended(_: Option<&Error>) {
    *lock(&HAS_ENDED.0) = true;
    HAS_ENDED.1.notify_all();
}

/// Work with one future, which its owner completes.
struct Work([Promise; 1]);

impl Producer for Work {
    fn promises(&self) -> &[Promise] {
        &self.0
    }
    fn unwanted(&self, _: usize) {}
    fn call(&self, _: usize) -> String {
        String::new()
    }
    fn id(&self) -> u64 {
        0
    }
    fn run(&self) -> Option<Shared> {
        None
    }
    fn needs(&self) -> Vec<Claim> {
        Vec::new()
    }
    fn unseen(&self, _: &Error) {}
    fn needs_of(&self, _: usize) -> Vec<Claim> {
        Vec::new()
    }
    fn raise(&self, _: usize, _: i32) -> bool {
        false
    }
}

/// What who has a claim does.
#[derive(Clone, Copy)]
enum Holder {
    /// Gives it up, whatever has become of the future.
    Drops,
    /// Looks, and reads what it ended with.
    Reads,
    /// Looks, and moves it out if there is no other claim.
    Takes,
}

fn read(payload: &Payload) {
    match payload {
        Payload::Shared(value) => {
            let value: &Probe = value.downcast_ref().unwrap();
            assert_eq!(value.read(), 7);
        }
        Payload::Number(number) => assert_eq!(*number, Number(3, 7)),
    }
}

fn hold(mut claim: Claim, holder: Holder) {
    let has_ended = claim.promise().has_ended();
    let outcome = match holder {
        Holder::Drops => return,
        Holder::Reads => claim.promise().outcome(),
        Holder::Takes => claim.take_outcome(),
    };
    match outcome {
        Some(outcome) => read(&outcome.unwrap()),
        None => assert!(!has_ended, "an outcome that is gone"),
    }
}

#[derive(Clone, Copy)]
enum Value {
    OnHeap,
    Number,
}

fn check(value: Value, holders: &'static [Holder]) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = (holders.len() > 1).then_some(3);
    builder.check(move || {
        let live: Arc<AtomicUsize> = Arc::default();
        let work = Arc::new(Work([Promise::new()]));
        let first = Claim::first(work.clone(), 0);
        let mut claims = vec![first.clone(); holders.len() - 1];
        claims.push(first);
        let holders = claims.into_iter().zip(holders);
        let holders: Vec<_> = holders
            .map(|(claim, holder)| thread::spawn(move || hold(claim, *holder)))
            .collect();
        let payload = match value {
            Value::OnHeap => Payload::Shared(Arc::new(Probe::new(7, &live))),
            Value::Number => Payload::Number(Number(3, 7)),
        };
        assert!(work.0[0].complete(0, Ok(payload), || (), ended));
        holders.into_iter().for_each(|t| t.join().unwrap());
        assert_eq!(live.load(SeqCst), 0, "a result that nobody has a claim on");
    });
}

use Holder::{Drops, Reads, Takes};

#[test]
fn one_claim() {
    for value in [Value::OnHeap, Value::Number] {
        check(value, &[Drops]);
        check(value, &[Reads]);
        check(value, &[Takes]);
    }
}

#[test]
fn two_claims() {
    check(Value::OnHeap, &[Drops, Drops]);
    check(Value::OnHeap, &[Reads, Takes]);
    check(Value::OnHeap, &[Takes, Takes]);
    check(Value::OnHeap, &[Takes, Drops]);
    check(Value::Number, &[Reads, Takes]);
}

/// A cancel meets the end: one of them ends it, and who looks is told of that one.
#[test]
fn a_cancel_and_an_end() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let live: Arc<AtomicUsize> = Arc::default();
        let work = Arc::new(Work([Promise::new()]));
        let claim = Claim::first(work.clone(), 0);
        let canceller = {
            let work = work.clone();
            thread::spawn(move || {
                let failure = RetryableError {
                    error: Error,
                    retry_with: None,
                };
                work.0[0].complete(u32::MAX, Err(failure), || (), ended)
            })
        };
        let value: Shared = Arc::new(Probe::new(7, &live));
        let is_value = work.0[0].complete(0, Ok(Payload::Shared(value)), || (), ended);
        let is_cancelled = canceller.join().unwrap();
        assert!(is_value != is_cancelled);
        let outcome = claim.promise().outcome().expect("it has ended");
        assert_eq!(outcome.is_ok(), is_value);
        drop(outcome);
        drop(claim);
        assert_eq!(live.load(SeqCst), 0, "a result that nobody has a claim on");
    });
}
