//! What tasks can wait for besides futures: the slot of who waits is given up meanwhile.
//!
//! That is so in a client, and in a compute on several threads, where up to 256 threads stand in for those that wait. On
//! one thread nobody else can run what the compute has not begun: what a node waits for there has to come from outside, or
//! from nodes before it.

use crate::base::error::Error;
use crate::base::sync::{Mutex, lock};
use crate::exec::{Awaited, Bell, wait};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Something that happens once: tasks, and threads outside, wait until it is set. Clones are the same event.
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
pub struct Event(Arc<Mutex<Set>>);

#[derive(Default)]
struct Set {
    is_set: bool,
    bells: Vec<Weak<Bell>>,
}

impl Event {
    /// An event that has not happened.
    pub fn new() -> Event {
        Event::default()
    }

    /// It happens: everybody who waits goes on.
    pub fn set(&self) {
        let mut set = lock(&self.0);
        set.is_set = true;
        let bells = std::mem::take(&mut set.bells);
        drop(set);
        bells
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|bell| bell.ring());
    }

    /// From here on it has not happened. Who waits already, and has been woken, may find it so.
    pub fn clear(&self) {
        lock(&self.0).is_set = false;
    }

    /// Whether it has happened.
    pub fn is_set(&self) -> bool {
        lock(&self.0).is_set
    }

    /// Waits until it has happened.
    ///
    /// # Errors
    /// Inside a task: `Cancelled` or `Timeout` if the task was told to stop, `ThreadsExhausted` if nobody could work meanwhile.
    pub fn wait(&self) -> Result<(), Error> {
        wait(self, None).map(drop)
    }

    /// Waits until it has happened, but not longer than this; `false` if it has not.
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

    fn listen(&self, bell: &Arc<Bell>) {
        let mut set = lock(&self.0);
        if set.is_set {
            return bell.ring();
        }
        if set.bells.len() == set.bells.capacity() {
            set.bells.retain(|bell| bell.strong_count() > 0);
        }
        set.bells.push(Arc::downgrade(bell));
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("is_set", &self.is_set())
            .finish()
    }
}

/// Lets so many in at once; the first to ask is the first to be let in. Clones are the same semaphore.
///
/// # Examples
/// ```
/// use lazygraph::{Client, prelude::*, sync::Semaphore};
///
/// let client = Client::new();
/// let two = Semaphore::new(2);
/// let doors = client.map(
///     |n: u64| {
///         let two = two.clone();
///         call(move || two.acquire().map(|_inside| n).unwrap_or(0), ())
///     },
///     0..10,
/// );
/// assert_eq!(client.gather(doors)?.iter().sum::<u64>(), 45);
/// assert_eq!(two.available(), 2);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Semaphore(Arc<Mutex<Doors>>);

struct Doors {
    free: usize,
    /// Who waits, the first in front. `true`: let in.
    queue: VecDeque<Arc<Turn>>,
}

struct Turn {
    come: Mutex<(bool, Weak<Bell>)>,
}

impl Semaphore {
    /// Lets `n` in at once.
    pub fn new(n: usize) -> Semaphore {
        let queue = VecDeque::new();
        Semaphore(Arc::new(Mutex::new(Doors { free: n, queue })))
    }

    /// How many could be let in now.
    pub fn available(&self) -> usize {
        lock(&self.0).free
    }

    /// Goes in, if that is possible at once.
    #[must_use = "dropping the guard goes out again"]
    pub fn try_acquire(&self) -> Option<Acquired> {
        let mut doors = lock(&self.0);
        doors.free = doors.free.checked_sub(1)?;
        drop(doors);
        Some(Acquired(self.clone()))
    }

    /// Waits until it may go in; goes out when the guard is dropped.
    ///
    /// # Errors
    /// Inside a task: `Cancelled` or `Timeout` if the task was told to stop, `ThreadsExhausted` if nobody could work meanwhile.
    pub fn acquire(&self) -> Result<Acquired, Error> {
        let turn = {
            let mut doors = lock(&self.0);
            if doors.free > 0 {
                doors.free -= 1;
                return Ok(Acquired(self.clone()));
            }
            let turn = Arc::new(Turn {
                come: Mutex::new((false, Weak::new())),
            });
            doors.queue.push_back(turn.clone());
            turn
        };
        match wait(&*turn, None) {
            Ok(_) => Ok(Acquired(self.clone())),
            Err(error) => {
                self.leave_queue(&turn);
                Err(error)
            }
        }
    }

    /// Its turn is given up, and passed on if it has come meanwhile.
    fn leave_queue(&self, turn: &Arc<Turn>) {
        let mut doors = lock(&self.0);
        doors.queue.retain(|t| !Arc::ptr_eq(t, turn));
        let has_come = lock(&turn.come).0;
        drop(doors);
        if has_come {
            self.go_out();
        }
    }

    fn go_out(&self) {
        let mut doors = lock(&self.0);
        let Some(next) = doors.queue.pop_front() else {
            doors.free += 1;
            return;
        };
        let mut come = lock(&next.come);
        come.0 = true;
        let bell = come.1.upgrade();
        drop(come);
        drop(doors);
        if let Some(bell) = bell {
            bell.ring();
        }
    }
}

impl Awaited for Turn {
    fn is_over(&self) -> bool {
        lock(&self.come).0
    }

    fn listen(&self, bell: &Arc<Bell>) {
        let mut come = lock(&self.come);
        come.1 = Arc::downgrade(bell);
        if come.0 {
            bell.ring();
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

/// Inside a [`Semaphore`], until it is dropped.
#[must_use = "dropping the guard goes out again"]
#[derive(Debug)]
pub struct Acquired(Semaphore);

impl Drop for Acquired {
    fn drop(&mut self) {
        self.0.go_out();
    }
}
