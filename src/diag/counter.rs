//! Counts what runs.

use crate::event::{Event, Observer};
use ahash::AHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts executed bodies by function name, nested runs included. Clones share their counts.
///
/// # Examples
/// ```
/// use lazygraph::{Counter, Options, prelude::*};
///
/// #[delayed(pure)]
/// fn square(x: i64) -> i64 { x * x }
///
/// let seen = Counter::new();
/// let both = (square(3), square(3));
/// lazygraph::compute_with(&Options::new().observe(&seen), both)?;
/// assert_eq!(seen.executed("square"), 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Default, Debug)]
pub struct Counter(Arc<Mutex<Counts>>);

#[derive(Default, Debug)]
struct Counts {
    by_function: AHashMap<&'static str, Count>,
    runs: usize,
}

#[derive(Default, Debug)]
struct Count {
    executed: usize,
    failed: usize,
    remembered: usize,
}

impl Counter {
    /// All counts zero.
    pub fn new() -> Counter {
        Counter::default()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, function: &str, which: impl Fn(&Count) -> usize) -> usize {
        self.counts().by_function.get(function).map_or(0, which)
    }

    /// How often the body of a function was called, each attempt counted.
    pub fn executed(&self, function: &str) -> usize {
        self.of(function, |c| c.executed)
    }

    /// How many nodes of a function failed for good.
    pub fn failed(&self, function: &str) -> usize {
        self.of(function, |c| c.failed)
    }

    /// How many nodes of a pure function took the result of an equal one that had run before.
    pub fn remembered(&self, function: &str) -> usize {
        self.of(function, |c| c.remembered)
    }

    /// How often any body was called.
    pub fn total(&self) -> usize {
        self.counts().by_function.values().map(|c| c.executed).sum()
    }

    /// How many runs were started, nested ones included.
    pub fn runs(&self) -> usize {
        self.counts().runs
    }

    /// Sets all counts to zero.
    pub fn reset(&self) {
        *self.counts() = Counts::default();
    }
}

impl Observer for Counter {
    fn event(&self, event: &Event<'_>) {
        let mut counts = self.counts();
        match event {
            Event::RunStarted { .. } => counts.runs += 1,
            Event::NodeStarted { node, .. } => counts.of(node.function).executed += 1,
            Event::NodeFailed { node, .. } => counts.of(node.function).failed += 1,
            Event::NodeRemembered { node, .. } => counts.of(node.function).remembered += 1,
            _ => {}
        }
    }
}

impl Counts {
    fn of(&mut self, function: &'static str) -> &mut Count {
        self.by_function.entry(function).or_default()
    }
}
