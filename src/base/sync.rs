//! Locks, atomics and threads as the executor uses them: the standard library's, or those of a model checker.
//!
//! With `--cfg lazygraph_shuttle` every one of them is shuttle's, and the threads of a pool are too, so that
//! `tests/models/main.rs` runs the executor itself under random interleavings. `exec`, `store` and the counts of
//! slots use nothing else; only the timer's thread does, which no model starts.

#[cfg(not(lazygraph_shuttle))]
pub(crate) use real::*;
#[cfg(lazygraph_shuttle)]
pub(crate) use shuttled::*;

/// Always the standard library's: no model has a thread wait for what is made inside.
pub(crate) use std::sync::OnceLock;

use std::sync::{LockResult, PoisonError};

/// What a lock gives, poisoned or not: whoever panicked has left nothing half-changed behind.
pub(crate) fn unpoisoned<G>(result: LockResult<G>) -> G {
    result.unwrap_or_else(PoisonError::into_inner)
}

/// Locks, poisoned or not.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoisoned(mutex.lock())
}

#[cfg(not(lazygraph_shuttle))]
mod real {
    use super::unpoisoned;
    use std::time::{Duration, Instant};

    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, RwLock, atomic};
    pub(crate) use std::thread::{Builder, sleep as pause, yield_now};
    pub(crate) use std::thread_local;

    pub(crate) mod pool {
        /// Has a thread of the pool, or of the global one, do a job.
        pub(crate) fn spawn(pool: Option<&rayon::ThreadPool>, job: impl FnOnce() + Send + 'static) {
            match pool {
                Some(pool) => pool.spawn(job),
                None => rayon::spawn(job),
            }
        }

        /// Whether the pool says that the job that runs was stolen by a waiting thread: rayon does not.
        pub(crate) fn is_stolen() -> bool {
            false
        }
    }

    /// Tells how long something took, in nanoseconds.
    pub(crate) struct Stopwatch {
        begun: Instant,
        lap: Instant,
    }

    impl Stopwatch {
        pub(crate) fn start() -> Stopwatch {
            let begun = Instant::now();
            Stopwatch { begun, lap: begun }
        }

        /// Since the lap before, and since the start.
        pub(crate) fn lap(&mut self) -> (f64, f64) {
            let now = Instant::now();
            let before = std::mem::replace(&mut self.lap, now);
            let nanos = |since: Instant| (now - since).as_nanos() as f64;
            (nanos(before), nanos(self.begun))
        }
    }

    /// A time that comes.
    pub(crate) struct Deadline(Instant);

    impl Deadline {
        pub(crate) fn of(time: Duration) -> Deadline {
            Deadline(Instant::now() + time)
        }

        pub(crate) fn is_over(&self) -> bool {
            Instant::now() >= self.0
        }
    }

    /// A wait that ends when its time is up.
    pub(crate) struct Patience(Instant);

    impl Patience {
        pub(crate) fn of(time: Duration) -> Patience {
            Patience(Instant::now() + time)
        }

        /// Waits for a notification; `Err`: the time is up.
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

    pub(crate) fn pause(_: Duration) {
        yield_now();
    }

    /// Runs as it likes.
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

    /// A time that comes sooner or later.
    pub(crate) struct Deadline;

    impl Deadline {
        pub(crate) fn of(_: Duration) -> Deadline {
            Deadline
        }

        pub(crate) fn is_over(&self) -> bool {
            thread_rng().gen_range(0..4) == 0
        }
    }

    /// A wait that ends after a few chances for others.
    pub(crate) struct Patience(u32);

    impl Patience {
        pub(crate) fn of(_: Duration) -> Patience {
            Patience(thread_rng().gen_range(0..8))
        }

        pub(crate) fn wait<'m, T>(
            &mut self,
            mutex: &'m Mutex<T>,
            _: &Condvar,
            guard: MutexGuard<'m, T>,
        ) -> Result<MutexGuard<'m, T>, MutexGuard<'m, T>> {
            if self.0 == 0 {
                return Err(guard);
            }
            self.0 -= 1;
            drop(guard);
            yield_now();
            Ok(super::lock(mutex))
        }
    }

    /// A pool in the manner of rayon's: jobs are taken up by its threads, or by one that waits inside a job.
    pub(crate) mod pool {
        use super::super::lock;
        use std::cell::Cell;
        use std::collections::VecDeque;

        type Job = Box<dyn FnOnce() + Send>;

        shuttle::lazy_static! {
            static ref JOBS: shuttle::sync::Mutex<VecDeque<Job>> = Default::default();
        }

        shuttle::thread_local! {
            static STOLEN: Cell<bool> = Cell::new(false);
        }

        fn next() -> Option<Job> {
            lock(&JOBS).pop_front()
        }

        pub(crate) fn spawn(_: Option<&rayon::ThreadPool>, job: impl FnOnce() + Send + 'static) {
            lock(&JOBS).push_back(Box::new(job));
            shuttle::thread::spawn(|| next().map(|job| job()));
        }

        /// What a thread does that waits inside `join` or a parallel iterator: runs a job on top of its body.
        #[allow(unreachable_pub)]
        pub fn steal() {
            if let Some(job) = next() {
                let before = STOLEN.with(|stolen| stolen.replace(true));
                job();
                STOLEN.with(|stolen| stolen.set(before));
            }
        }

        /// Whether the job that runs was stolen.
        pub(crate) fn is_stolen() -> bool {
            STOLEN.with(Cell::get)
        }
    }
}
