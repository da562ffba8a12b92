//! Calls at a given time: one thread for the process, started when the first is asked for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Instant;

type Fire = dyn Fn() + Send + Sync;

/// A call that is still wanted; dropping this calls it off.
pub(in crate::exec) struct TimerHandle {
    _fire: Arc<Box<Fire>>,
}

struct TimerEntry {
    at: Instant,
    order: u64,
    fire: Weak<Box<Fire>>,
}

impl PartialEq for TimerEntry {
    fn eq(&self, other: &TimerEntry) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for TimerEntry {}
impl PartialOrd for TimerEntry {
    fn partial_cmp(&self, other: &TimerEntry) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for TimerEntry {
    fn cmp(&self, other: &TimerEntry) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[derive(Default)]
struct Timer {
    state: Mutex<TimerState>,
    changed: Condvar,
}

#[derive(Default)]
struct TimerState {
    entries: BinaryHeap<Reverse<TimerEntry>>,
    orders: u64,
    started: bool,
}

static TIMER: Timer = Timer {
    state: Mutex::new(TimerState {
        entries: BinaryHeap::new(),
        orders: 0,
        started: false,
    }),
    changed: Condvar::new(),
};

/// Calls `fire` at `at`, on the timer's thread: it must be quick and must not panic.
pub(in crate::exec) fn call_at(
    at: Instant,
    fire: impl Fn() + Send + Sync + 'static,
) -> TimerHandle {
    let fire: Arc<Box<Fire>> = Arc::new(Box::new(fire));
    let mut state = TIMER.state.lock().unwrap_or_else(PoisonError::into_inner);
    state.orders += 1;
    let order = state.orders;
    state.entries.push(Reverse(TimerEntry {
        at,
        order,
        fire: Arc::downgrade(&fire),
    }));
    if !state.started {
        let thread = std::thread::Builder::new()
            .name("lazygraph-timer".into())
            .spawn(keep_time);
        state.started = thread.is_ok();
    }
    drop(state);
    TIMER.changed.notify_one();
    TimerHandle { _fire: fire }
}

fn keep_time() {
    let mut state = TIMER.state.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let now = Instant::now();
        match state.entries.peek() {
            None => {
                state = TIMER
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner)
            }
            Some(Reverse(next)) if next.at > now && next.fire.strong_count() > 0 => {
                let wait = next.at - now;
                state = TIMER
                    .changed
                    .wait_timeout(state, wait)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            Some(_) => {
                let fire = state
                    .entries
                    .pop()
                    .and_then(|Reverse(entry)| entry.fire.upgrade());
                if let Some(fire) = fire {
                    drop(state);
                    fire();
                    drop(fire);
                    state = TIMER.state.lock().unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}
