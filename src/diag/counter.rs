//! An observer that counts.

use crate::event::{Observer, RunEvent};
use ahash::AHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An [`Observer`] that counts bodies by the name of their function, and intermediate results that are alive.
///
/// Nested runs are counted as well. Clones share their counts.
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
pub struct Counter(Arc<Mutex<Totals>>);

#[derive(Default, Debug)]
struct Totals {
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
    /// Creates a counter with all counts zero.
    pub fn new() -> Counter {
        Counter::default()
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, function: &str, which: impl Fn(&Count) -> usize) -> usize {
        self.totals().by_function.get(function).map_or(0, which)
    }

    /// Returns how many times the body of the function of this name was called; each attempt counts.
    pub fn executed(&self, function: &str) -> usize {
        self.of(function, |c| c.executed)
    }

    /// Returns how many nodes of the function of this name failed; retried attempts do not count.
    pub fn failed(&self, function: &str) -> usize {
        self.of(function, |c| c.failed)
    }

    /// Returns how many nodes of the pure function of this name took the result of an equal node that had run before.
    pub fn remembered(&self, function: &str) -> usize {
        self.of(function, |c| c.remembered)
    }

    /// Returns how many times any body was called.
    pub fn total(&self) -> usize {
        self.totals().by_function.values().map(|c| c.executed).sum()
    }

    /// Returns how many runs were started, including nested ones.
    pub fn runs(&self) -> usize {
        self.totals().runs
    }

    /// Returns how many intermediate results that own heap memory are alive; see [`RunEvent::ResultBorn`] and
    /// [`RunEvent::ResultEnded`].
    pub fn live(&self) -> usize {
        self.totals().live
    }

    /// Returns the most such results that were alive at one time.
    ///
    /// [`MemoryProfile::peak`](crate::MemoryProfile::peak) is the number planned for one worker. A result is there before
    /// its inputs are released, so one more may be counted.
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
        self.totals().peak
    }

    /// Returns the most bytes that such results took at one time.
    pub fn peak_bytes(&self) -> usize {
        self.totals().peak_bytes
    }

    /// Returns whether [`peak_bytes`](Self::peak_bytes) is too low: some result was of a type without
    /// [`Footprint`](crate::Footprint), and was counted with its `size_of` alone.
    pub fn is_estimate(&self) -> bool {
        self.totals().estimated
    }

    /// Sets all counts to zero.
    ///
    /// Call it between runs: the end of a result that was counted before would be counted alone.
    pub fn reset(&self) {
        *self.totals() = Totals::default();
    }
}

impl Observer for Counter {
    fn event(&self, event: &RunEvent<'_>) {
        let mut totals = self.totals();
        match event {
            RunEvent::RunStarted { .. } => totals.runs += 1,
            RunEvent::NodeStarted { node, .. } => totals.of(node.function).executed += 1,
            RunEvent::NodeFailed { node, .. } => totals.of(node.function).failed += 1,
            RunEvent::NodeRemembered { node, .. } => totals.of(node.function).remembered += 1,
            RunEvent::ResultBorn {
                bytes, estimated, ..
            } => totals.born(*bytes, *estimated),
            RunEvent::ResultEnded { bytes, .. } => totals.ended(*bytes),
            _ => {}
        }
    }
}

impl Totals {
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
