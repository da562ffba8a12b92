//! What tasks can wait for besides futures. The slot of a task is given to others while it waits.
//!
//! This holds in a client, and in a compute on several threads, where up to 256 threads stand in for those that wait. On
//! one thread a wait blocks the whole compute: what a node waits for must come from outside, or from nodes before it.

use crate::base::error::Error;
use crate::base::sync::{Mutex, lock};
use crate::exec::{Awaited, Parker, wait};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A flag that tasks, and threads outside of tasks, wait for.
///
/// Clones are the same event.
///
/// # Examples
/// ```
/// use lazygraph::{Client, prelude::*, sync::Event};
///
/// let client = Client::builder().threads(1).build()?;
/// let ready = Event::new();
/// let waits = ready.clone();
/// let x = client.submit(call(move || waits.wait().is_ok(), ()));
/// let sets = ready.clone();
/// let _y = client.submit(call(move || sets.set(), ())); // one slot is enough
/// assert!(x.result()?);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Event(Arc<Mutex<EventState>>);

#[derive(Default)]
struct EventState {
    is_set: bool,
    parkers: Vec<Weak<Parker>>,
}

impl Event {
    /// Creates an event that is not set.
    pub fn new() -> Event {
        Event::default()
    }

    /// Sets the event and wakes all waiters.
    pub fn set(&self) {
        let mut state = lock(&self.0);
        state.is_set = true;
        let parkers = std::mem::take(&mut state.parkers);
        drop(state);
        parkers
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|parker| parker.unpark());
    }

    /// Clears the event. A waiter that has been woken already may find it cleared, and goes on waiting.
    pub fn clear(&self) {
        lock(&self.0).is_set = false;
    }

    /// Returns whether the event is set.
    pub fn is_set(&self) -> bool {
        lock(&self.0).is_set
    }

    /// Waits until the event is set.
    ///
    /// # Errors
    /// Inside a task: `Cancelled` or `Timeout` if the task is stopped, `ThreadsExhausted` if no thread is left to work
    /// meanwhile.
    pub fn wait(&self) -> Result<(), Error> {
        wait(self, None).map(drop)
    }

    /// Waits until the event is set, for `limit` at most, and returns whether it is set.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(&self, limit: Duration) -> Result<bool, Error> {
        wait(self, Instant::now().checked_add(limit))
    }
}

impl Awaited for Event {
    fn is_over(&self) -> bool {
        self.is_set()
    }

    fn listen(&self, parker: &Arc<Parker>) {
        let mut state = lock(&self.0);
        if state.is_set {
            return parker.unpark();
        }
        if state.parkers.len() == state.parkers.capacity() {
            state.parkers.retain(|parker| parker.strong_count() > 0);
        }
        state.parkers.push(Arc::downgrade(parker));
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("is_set", &self.is_set())
            .finish()
    }
}

/// A fair counting semaphore: permits are given in the order in which they were asked for.
///
/// Clones are the same semaphore.
///
/// # Examples
/// ```
/// use lazygraph::{Client, prelude::*, sync::Semaphore};
///
/// let client = Client::new();
/// let two = Semaphore::new(2);
/// let numbers = client.map(
///     |n: u64| {
///         let two = two.clone();
///         call(move || two.acquire().map(|_permit| n).unwrap_or(0), ())
///     },
///     0..10,
/// );
/// assert_eq!(client.gather(numbers)?.iter().sum::<u64>(), 45);
/// assert_eq!(two.available(), 2);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Semaphore(Arc<Mutex<SemaphoreState>>);

struct SemaphoreState {
    free: usize,
    /// The first is the next to get a permit.
    waiters: VecDeque<Arc<Waiter>>,
}

struct Waiter(Mutex<Acquire>);

#[derive(Default)]
struct Acquire {
    has_permit: bool,
    parker: Weak<Parker>,
}

impl Semaphore {
    /// Creates a semaphore with `permits` permits.
    pub fn new(permits: usize) -> Semaphore {
        let waiters = VecDeque::new();
        let free = permits;
        Semaphore(Arc::new(Mutex::new(SemaphoreState { free, waiters })))
    }

    /// Returns how many permits are free.
    pub fn available(&self) -> usize {
        lock(&self.0).free
    }

    /// Acquires a permit if one is free; does not wait.
    #[must_use = "dropping the permit releases it"]
    pub fn try_acquire(&self) -> Option<SemaphorePermit> {
        let mut state = lock(&self.0);
        state.free = state.free.checked_sub(1)?;
        drop(state);
        Some(SemaphorePermit(self.clone()))
    }

    /// Waits for a permit and acquires it. Dropping the permit releases it.
    ///
    /// A task that holds a permit and waits for another of the same semaphore, or for a task that does, may wait for ever:
    /// use [`acquire_timeout`](Self::acquire_timeout) where that can happen.
    ///
    /// # Errors
    /// Inside a task: `Cancelled` or `Timeout` if the task is stopped, `ThreadsExhausted` if no thread is left to work
    /// meanwhile.
    pub fn acquire(&self) -> Result<SemaphorePermit, Error> {
        match self.acquire_until(None)? {
            Some(permit) => Ok(permit),
            None => unreachable!("nothing has limited the wait"),
        }
    }

    /// As [`acquire`](Self::acquire), for `limit` at most; `None` if no permit is released in time.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{prelude::*, sync::Semaphore};
    /// use std::time::Duration;
    ///
    /// let one = Semaphore::new(1);
    /// let held = one.acquire()?;
    /// assert!(one.acquire_timeout(Duration::from_millis(1))?.is_none());
    /// drop(held);
    /// assert!(one.acquire_timeout(Duration::from_millis(1))?.is_some());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn acquire_timeout(&self, limit: Duration) -> Result<Option<SemaphorePermit>, Error> {
        self.acquire_until(Some(limit))
    }

    fn acquire_until(&self, limit: Option<Duration>) -> Result<Option<SemaphorePermit>, Error> {
        // A limit beyond what the clock can say is none.
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let waiter = {
            let mut state = lock(&self.0);
            if state.free > 0 {
                state.free -= 1;
                return Ok(Some(SemaphorePermit(self.clone())));
            }
            let waiter = Arc::new(Waiter(Mutex::new(Acquire::default())));
            state.waiters.push_back(waiter.clone());
            waiter
        };
        let mut place = Place(self, Some(waiter.clone()));
        if !wait(&*waiter, until)? {
            // One that is released now goes to the next.
            return Ok(None);
        }
        place.1 = None;
        Ok(Some(SemaphorePermit(self.clone())))
    }

    /// Gives up the waiter's place, and the permit that it may have been given meanwhile.
    fn stop_waiting(&self, waiter: &Arc<Waiter>) {
        let mut state = lock(&self.0);
        state.waiters.retain(|other| !Arc::ptr_eq(other, waiter));
        let has_permit = lock(&waiter.0).has_permit;
        drop(state);
        if has_permit {
            self.release();
        }
    }

    fn release(&self) {
        let mut state = lock(&self.0);
        let Some(next) = state.waiters.pop_front() else {
            state.free += 1;
            return;
        };
        let mut acquire = lock(&next.0);
        acquire.has_permit = true;
        let parker = acquire.parker.upgrade();
        drop(acquire);
        drop(state);
        if let Some(parker) = parker {
            parker.unpark();
        }
    }
}

/// The place of one who waits, left when this is dropped.
struct Place<'s>(&'s Semaphore, Option<Arc<Waiter>>);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(waiter) = self.1.take() {
            self.0.stop_waiting(&waiter);
        }
    }
}

impl Awaited for Waiter {
    fn is_over(&self) -> bool {
        lock(&self.0).has_permit
    }

    fn listen(&self, parker: &Arc<Parker>) {
        let mut acquire = lock(&self.0);
        acquire.parker = Arc::downgrade(parker);
        if acquire.has_permit {
            parker.unpark();
        }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available())
            .finish()
    }
}

/// A permit of a [`Semaphore`], released when it is dropped.
#[must_use = "dropping the permit releases it"]
#[derive(Debug)]
pub struct SemaphorePermit(Semaphore);

impl Drop for SemaphorePermit {
    fn drop(&mut self) {
        self.0.release();
    }
}
