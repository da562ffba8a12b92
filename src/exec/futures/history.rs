//! The state transitions of a task's futures, and when they were.

use crate::base::sync::{Mutex, lock};
use crate::exec::tuning::FUTURES_RECORDED;
use std::time::{Duration, Instant};

/// A state transition of a future: see [`Client::story`](crate::Client::story).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Transition {
    /// The call was given to the client.
    Submitted,
    /// The body began.
    Started,
    /// The body waits, and has given up its slot.
    Suspended,
    /// The body has its slot back.
    Resumed,
    /// The call has a result.
    Finished,
    /// The call has failed.
    Failed,
    /// The call was cancelled.
    Cancelled,
    /// The call is tried again, by [`Handle::retry`](crate::Handle::retry).
    Retried,
}

/// How long a future has waited to start, has run, and was suspended: see [`Handle::times`](crate::Handle::times).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Times {
    /// The time until the body started: waiting for inputs, a slot, or resources.
    pub waiting: Duration,
    /// The time in which the body ran.
    pub running: Duration,
    /// The time in which the body waited with its slot given up.
    pub suspended: Duration,
}

impl Times {
    /// Adds up what lies between transitions; the state after the last one goes on until `now`.
    fn between(transitions: &[(Duration, Transition)], now: Duration) -> Times {
        let mut times = Times::default();
        let ends = transitions.iter().skip(1).map(|(at, _)| *at).chain([now]);
        for ((begin, transition), end) in transitions.iter().zip(ends) {
            let spent = end.saturating_sub(*begin);
            match transition {
                Transition::Submitted | Transition::Retried => times.waiting += spent,
                Transition::Started | Transition::Resumed => times.running += spent,
                Transition::Suspended => times.suspended += spent,
                Transition::Finished | Transition::Failed | Transition::Cancelled => {}
            }
        }
        times
    }
}

/// The transitions of the futures of one task.
pub(in crate::exec) struct History {
    since: Instant,
    /// `None`: there are too many futures to record each.
    records: Option<Mutex<Vec<(u32, Duration, Transition)>>>,
}

impl History {
    pub(in crate::exec) fn new(futures: usize) -> History {
        History {
            since: Instant::now(),
            records: (futures <= FUTURES_RECORDED).then(Mutex::default),
        }
    }

    #[inline]
    pub(in crate::exec) fn record(&self, index: usize, transition: Transition) {
        self.record_if(index, transition, || true);
    }

    /// Records the transition if `condition` holds, and returns that. Nothing else is recorded meanwhile.
    #[inline]
    pub(in crate::exec) fn record_if(
        &self,
        index: usize,
        transition: Transition,
        condition: impl FnOnce() -> bool,
    ) -> bool {
        let Some(records) = &self.records else {
            return condition();
        };
        let mut records = lock(records);
        let holds = condition();
        if holds {
            records.push((index as u32, self.since.elapsed(), transition));
        }
        holds
    }

    /// `None`: there are too many futures to record each.
    pub(in crate::exec) fn times(&self, index: usize) -> Option<Times> {
        let transitions = self.records.as_ref().map(|_| self.of_future(index))?;
        Some(Times::between(&transitions, self.since.elapsed()))
    }

    pub(in crate::exec) fn of_future(&self, index: usize) -> Vec<(Duration, Transition)> {
        let mut transitions = vec![(Duration::ZERO, Transition::Submitted)];
        if let Some(records) = &self.records {
            let records = lock(records);
            let own = records.iter().filter(|(of, ..)| *of == index as u32);
            transitions.extend(own.map(|(_, at, transition)| (*at, *transition)));
        }
        transitions
    }

    pub(in crate::exec) fn since(&self) -> Instant {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Transition::*;

    #[test]
    fn what_lies_between_transitions_is_added_up() {
        let at = Duration::from_secs;
        let mut history = vec![(at(0), Submitted), (at(2), Started), (at(3), Suspended)];
        let times = |history: &[_]| {
            let t = Times::between(history, at(100));
            [t.waiting, t.running, t.suspended].map(|d| d.as_secs())
        };
        assert_eq!(times(&history), [2, 1, 97]);
        history.extend([(at(7), Resumed), (at(12), Failed)]);
        assert_eq!(times(&history), [2, 6, 4]);
        history.extend([(at(20), Retried), (at(21), Started), (at(31), Finished)]);
        assert_eq!(times(&history), [3, 16, 4]);
    }
}
