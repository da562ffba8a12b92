//! Locks, atomics and threads as the executor uses them: the standard library's, or those of a model checker.
//!
//! With `--cfg lazygraph_shuttle` they are all shuttle's, the threads of a pool included, so that `tests/models/main.rs` runs
//! the executor itself under random interleavings. `exec`, `store` and the use counts of result slots use nothing else,
//! except for the timer's thread, which no model starts.

#[cfg(not(lazygraph_shuttle))]
pub(crate) use real::*;
#[cfg(lazygraph_shuttle)]
pub(crate) use shuttled::*;

/// Always the standard library's: in no model does a thread wait for an initialisation.
pub(crate) use std::sync::OnceLock;

use std::sync::{LockResult, PoisonError};
use std::time::{Duration, Instant};

/// Unwraps the guard of a lock, poisoned or not: a panic under a lock leaves nothing half-changed behind.
pub(crate) fn unpoisoned<G>(result: LockResult<G>) -> G {
    result.unwrap_or_else(PoisonError::into_inner)
}

/// The moment after some time from now. A time that no clock can tell, such as `Duration::MAX`, means never: in 136 years.
pub(crate) fn from_now(time: Duration) -> Instant {
    let now = Instant::now();
    let never = Duration::from_secs(u32::MAX.into());
    now.checked_add(time).unwrap_or_else(|| now + never)
}

/// Locks a mutex, poisoned or not.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoisoned(mutex.lock())
}

#[cfg(not(lazygraph_shuttle))]
mod real {
    use super::{from_now, unpoisoned};
    use std::time::{Duration, Instant};

    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, RwLock, atomic};
    pub(crate) use std::thread::{Builder, sleep as pause, yield_now};
    pub(crate) use std::thread_local;

    /// How often a thread outside of tasks looks up from its sleep: in a model, it would starve the others.
    pub(crate) const LOOKS: u64 = u64::MAX;

    /// A list of the process, behind a lock: under a model checker, of the execution.
    macro_rules! shared_list {
        ($name:ident: $T:ty) => {
            static $name: std::sync::Mutex<Vec<$T>> = std::sync::Mutex::new(Vec::new());
        };
    }
    pub(crate) use shared_list;

    pub(crate) mod pool {
        /// Spawns a job on the pool, or on rayon's global pool.
        pub(crate) fn spawn(pool: Option<&rayon::ThreadPool>, job: impl FnOnce() + Send + 'static) {
            match pool {
                Some(pool) => pool.spawn(job),
                None => rayon::spawn(job),
            }
        }

        /// Whether the pool reports that the current job was stolen by a waiting thread; rayon does not.
        pub(crate) fn is_stolen() -> bool {
            false
        }
    }

    /// Measures time in nanoseconds.
    pub(crate) struct Stopwatch {
        begun: Instant,
        lap: Instant,
    }

    impl Stopwatch {
        pub(crate) fn start() -> Stopwatch {
            let begun = Instant::now();
            Stopwatch { begun, lap: begun }
        }

        /// Returns the time since the previous lap, and since the start.
        pub(crate) fn lap(&mut self) -> (f64, f64) {
            let now = Instant::now();
            let before = std::mem::replace(&mut self.lap, now);
            let nanos = |since: Instant| (now - since).as_nanos() as f64;
            (nanos(before), nanos(self.begun))
        }
    }

    /// A period of time that has begun.
    pub(crate) struct Countdown(Instant);

    impl Countdown {
        pub(crate) fn new(time: Duration) -> Countdown {
            Countdown(from_now(time))
        }

        pub(crate) fn is_over(&self) -> bool {
            Instant::now() >= self.0
        }
    }

    /// A wait with a time limit.
    pub(crate) struct TimedWait(Instant);

    impl TimedWait {
        pub(crate) fn new(time: Duration) -> TimedWait {
            TimedWait(from_now(time))
        }

        /// Waits for a notification.
        ///
        /// # Errors
        /// The guard, when the time is up.
        pub(crate) fn wait<'m, T>(
            &mut self,
            _: &'m Mutex<T>,
            condvar: &Condvar,
            guard: MutexGuard<'m, T>,
        ) -> Result<MutexGuard<'m, T>, MutexGuard<'m, T>> {
            let left = self.0.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(guard);
            }
            Ok(unpoisoned(condvar.wait_timeout(guard, left)).0)
        }
    }
}

#[cfg(lazygraph_shuttle)]
mod shuttled {
    use shuttle::rand::{Rng, thread_rng};
    use std::time::Duration;

    pub(crate) use shuttle::hint::spin_loop;
    pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard, RwLock, atomic};
    pub(crate) use shuttle::thread::{Builder, yield_now};
    pub(crate) use shuttle::thread_local;

    pub(crate) const LOOKS: u64 = 4;

    macro_rules! shared_list {
        ($name:ident: $T:ty) => {
            shuttle::lazy_static! {
                static ref $name: shuttle::sync::Mutex<Vec<$T>> = Default::default();
            }
        };
    }
    pub(crate) use shared_list;

    pub(crate) fn pause(_: Duration) {
        yield_now();
    }

    /// Measures random times.
    pub(crate) struct Stopwatch(f64);

    impl Stopwatch {
        pub(crate) fn start() -> Stopwatch {
            Stopwatch(0.0)
        }

        pub(crate) fn lap(&mut self) -> (f64, f64) {
            let lap = [0.0, 3e3, 8e3, 3e4, 1e6][thread_rng().gen_range(0..5)];
            self.0 += lap;
            (lap, self.0)
        }
    }

    /// Is over at random.
    pub(crate) struct Countdown;

    impl Countdown {
        pub(crate) fn new(_: Duration) -> Countdown {
            Countdown
        }

        pub(crate) fn is_over(&self) -> bool {
            thread_rng().gen_range(0..4) == 0
        }
    }

    pub(crate) mod clock {
        use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

        shuttle::lazy_static! {
            static ref IS_STOPPED: AtomicBool = AtomicBool::new(false);
        }

        /// For the rest of the execution of a model no wait times out: who is to be woken must be.
        #[allow(unreachable_pub)]
        pub fn stop_time() {
            IS_STOPPED.store(true, Relaxed);
        }

        pub(super) fn is_stopped() -> bool {
            IS_STOPPED.load(Relaxed)
        }
    }

    /// A wait that times out after the other threads had a few turns; or never.
    pub(crate) struct TimedWait(u32);

    impl TimedWait {
        pub(crate) fn new(_: Duration) -> TimedWait {
            TimedWait(thread_rng().gen_range(0..8))
        }

        pub(crate) fn wait<'m, T>(
            &mut self,
            mutex: &'m Mutex<T>,
            condvar: &Condvar,
            guard: MutexGuard<'m, T>,
        ) -> Result<MutexGuard<'m, T>, MutexGuard<'m, T>> {
            if clock::is_stopped() {
                return Ok(super::unpoisoned(condvar.wait(guard)));
            }
            if self.0 == 0 {
                return Err(guard);
            }
            self.0 -= 1;
            drop(guard);
            yield_now();
            Ok(super::lock(mutex))
        }
    }

    /// A pool like rayon's: its threads take up jobs, and so does a thread that waits inside a job.
    pub(crate) mod pool {
        use super::super::lock;
        use std::cell::Cell;
        use std::collections::VecDeque;

        type PoolJob = Box<dyn FnOnce() + Send>;

        shuttle::lazy_static! {
            static ref JOBS: shuttle::sync::Mutex<VecDeque<PoolJob>> = Default::default();
        }

        shuttle::thread_local! {
            static STOLEN: Cell<bool> = Cell::new(false);
        }

        fn next() -> Option<PoolJob> {
            lock(&JOBS).pop_front()
        }

        pub(crate) fn spawn(_: Option<&rayon::ThreadPool>, job: impl FnOnce() + Send + 'static) {
            lock(&JOBS).push_back(Box::new(job));
            shuttle::thread::spawn(|| next().map(|job| job()));
        }

        /// Runs a job on top of the current body, as a thread does that waits inside `join` or a parallel iterator.
        #[allow(unreachable_pub)]
        pub fn steal() {
            if let Some(job) = next() {
                let before = STOLEN.with(|stolen| stolen.replace(true));
                job();
                STOLEN.with(|stolen| stolen.set(before));
            }
        }

        /// Whether the current job was stolen.
        pub(crate) fn is_stolen() -> bool {
            STOLEN.with(Cell::get)
        }
    }
}
