//! Counts what runs.

use crate::event::{Observer, RunEvent};
use ahash::AHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts executed bodies by function name, and the intermediate results that are alive; nested runs included.
/// Clones share their counts.
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
    live: usize,
    live_bytes: usize,
    peak: usize,
    peak_bytes: usize,
    estimated: bool,
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

    /// How many intermediate results are alive that own heap memory: as [`RunEvent::ResultBorn`] and
    /// [`RunEvent::ResultEnded`] tell it.
    pub fn live(&self) -> usize {
        self.counts().live
    }

    /// The most that were alive at one time.
    ///
    /// [`MemoryProfile::peak`](crate::MemoryProfile::peak) says what one worker should come to; a result is there
    /// before its inputs are let go, so it is up to one more.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Counter, Options, prelude::*};
    ///
    /// #[delayed]
    /// fn zeros(n: usize) -> Vec<u64> { vec![0; n] }
    /// #[delayed]
    /// fn length(v: &[u64]) -> usize { v.len() }
    ///
    /// let seen = Counter::new();
    /// length(zeros(1000)).compute_with(&Options::new().observe(&seen))?;
    /// assert_eq!((seen.live(), seen.peak_live()), (0, 1));
    /// assert_eq!(seen.peak_bytes(), size_of::<Vec<u64>>() + 8000);
    /// assert!(!seen.is_estimate());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn peak_live(&self) -> usize {
        self.counts().peak
    }

    /// The most bytes that such results took at one time.
    pub fn peak_bytes(&self) -> usize {
        self.counts().peak_bytes
    }

    /// Whether [`peak_bytes`](Self::peak_bytes) is too low: some result was of a type without
    /// [`Footprint`](crate::Footprint), and counted with its `size_of` alone.
    pub fn is_estimate(&self) -> bool {
        self.counts().estimated
    }

    /// Sets all counts to zero. Not while a run goes on: what ends then was not counted.
    pub fn reset(&self) {
        *self.counts() = Counts::default();
    }
}

impl Observer for Counter {
    fn event(&self, event: &RunEvent<'_>) {
        let mut counts = self.counts();
        match event {
            RunEvent::RunStarted { .. } => counts.runs += 1,
            RunEvent::NodeStarted { node, .. } => counts.of(node.function).executed += 1,
            RunEvent::NodeFailed { node, .. } => counts.of(node.function).failed += 1,
            RunEvent::NodeRemembered { node, .. } => counts.of(node.function).remembered += 1,
            RunEvent::ResultBorn {
                bytes, estimated, ..
            } => counts.born(*bytes, *estimated),
            RunEvent::ResultEnded { bytes, .. } => counts.ended(*bytes),
            _ => {}
        }
    }
}

impl Counts {
    fn of(&mut self, function: &'static str) -> &mut Count {
        self.by_function.entry(function).or_default()
    }

    fn born(&mut self, bytes: usize, estimated: bool) {
        self.live += 1;
        self.live_bytes = self.live_bytes.saturating_add(bytes);
        self.peak = self.peak.max(self.live);
        self.peak_bytes = self.peak_bytes.max(self.live_bytes);
        self.estimated |= estimated;
    }

    fn ended(&mut self, bytes: usize) {
        self.live = self.live.saturating_sub(1);
        self.live_bytes = self.live_bytes.saturating_sub(bytes);
    }
}
