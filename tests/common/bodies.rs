//! What bodies write on and meet at: they get a clone of it as a plain argument.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lazygraph::{Hasher128, Token};

use crate::watchdog::PATIENCE;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the bodies of a test's nodes did, in the order in which they did it.
///
/// A node gets a clone of it as a plain argument, so the log never adds a node to the graph.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&self, entry: impl Into<String>) {
        locked(&self.0).push(entry.into());
    }

    /// The entries so far.
    pub fn entries(&self) -> Vec<String> {
        locked(&self.0).clone()
    }

    /// The entries so far; the log is empty afterwards.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.0))
    }

    /// How many entries are exactly `entry`.
    pub fn count(&self, entry: &str) -> usize {
        locked(&self.0).iter().filter(|e| *e == entry).count()
    }

    pub fn len(&self) -> usize {
        locked(&self.0).len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A log is no part of what a call computes: all logs are equal.
impl Token for Log {
    fn token(&self, _: &mut Hasher128) {}
}

/// A place where `size` bodies meet: proof that they run at the same time.
#[derive(Clone)]
pub struct Meeting(Arc<(Mutex<usize>, Condvar, usize)>);

impl Meeting {
    pub fn of(size: usize) -> Self {
        Self(Arc::new((Mutex::new(0), Condvar::new(), size)))
    }

    /// Waits until everybody is here. `false` if somebody never came.
    pub fn join(&self) -> bool {
        let (here, changed, size) = &*self.0;
        let mut guard = locked(here);
        *guard += 1;
        changed.notify_all();
        let due = Instant::now() + PATIENCE / 4;
        while *guard < *size {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            guard = changed
                .wait_timeout(guard, left)
                .map_or_else(|e| e.into_inner().0, |r| r.0);
        }
        true
    }
}

/// A counter that bodies share.
#[derive(Clone, Default)]
pub struct Tally(Arc<AtomicUsize>);

impl Tally {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; gives the count before.
    pub fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Something to write on, and to read afterwards.
#[derive(Clone, Default)]
pub struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&locked(&self.0)).into_owned()
    }
}

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        locked(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
