//! Values that own heap memory and are counted: how many were made, cloned, dropped, are alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The counts of all [`Tracked`] values made with it.
#[derive(Clone, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Default)]
struct Counts {
    made: AtomicUsize,
    cloned: AtomicUsize,
    dropped: AtomicUsize,
    live: AtomicUsize,
    peak: AtomicUsize,
}

impl Meter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Values made by [`Tracked::new`].
    pub fn made(&self) -> usize {
        self.0.made.load(Ordering::SeqCst)
    }

    pub fn cloned(&self) -> usize {
        self.0.cloned.load(Ordering::SeqCst)
    }

    pub fn dropped(&self) -> usize {
        self.0.dropped.load(Ordering::SeqCst)
    }

    pub fn live(&self) -> usize {
        self.0.live.load(Ordering::SeqCst)
    }

    /// The most that were ever alive at one time.
    pub fn peak(&self) -> usize {
        self.0.peak.load(Ordering::SeqCst)
    }

    fn born(&self) {
        let live = self.0.live.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.peak.fetch_max(live, Ordering::SeqCst);
    }
}

/// A value on the heap that its [`Meter`] counts.
pub struct Tracked {
    value: Box<i64>,
    meter: Meter,
}

impl Tracked {
    pub fn new(meter: &Meter, value: i64) -> Self {
        meter.0.made.fetch_add(1, Ordering::SeqCst);
        meter.born();
        Self {
            value: Box::new(value),
            meter: meter.clone(),
        }
    }

    pub fn value(&self) -> i64 {
        *self.value
    }

    /// Changes it in place.
    pub fn set(&mut self, value: i64) {
        *self.value = value;
    }

    /// A new value on the same meter.
    pub fn like(&self, value: i64) -> Self {
        Self::new(&self.meter, value)
    }
}

impl Clone for Tracked {
    fn clone(&self) -> Self {
        self.meter.0.cloned.fetch_add(1, Ordering::SeqCst);
        self.meter.born();
        Self {
            value: self.value.clone(),
            meter: self.meter.clone(),
        }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.meter.0.dropped.fetch_add(1, Ordering::SeqCst);
        self.meter.0.live.fetch_sub(1, Ordering::SeqCst);
    }
}
