//! The threads of a run: rayon's.

use crate::base::sync::pool;
use crate::exec::tuning::{MOST_THREADS, POOLS_KEPT, THREADS_PER_CORE};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a run finds its threads.
#[derive(Clone)]
pub(crate) enum Pool {
    /// None but the caller.
    Serial,
    /// Rayon's global pool.
    Global { slots: usize },
    /// The pool that the run's first thread belongs to: reached from its own threads only.
    Around { slots: usize },
    /// A pool that the caller of an outermost compute has lent.
    Lent { pool: LentPool, slots: usize },
    /// A pool of our own, shared by everybody who asks for as many threads.
    Own {
        pool: Arc<rayon::ThreadPool>,
        slots: usize,
    },
    /// The pool of a client: all slots are its threads'.
    Client { pool: Arc<rayon::ThreadPool> },
}

impl Pool {
    /// The pool of the calling thread, else the global one.
    pub(crate) fn current() -> Pool {
        let slots = rayon::current_num_threads();
        match rayon::current_thread_index() {
            _ if slots <= 1 => Pool::Serial,
            Some(_) => Pool::Around { slots },
            None => Pool::Global { slots },
        }
    }

    /// The caller's pool, for a compute that it waits for.
    pub(crate) fn lent(pool: &rayon::ThreadPool) -> Pool {
        let slots = pool.current_num_threads();
        match pool.current_thread_index() {
            _ if slots <= 1 => Pool::Serial,
            Some(_) => Pool::Around { slots },
            None => Pool::Lent {
                pool: LentPool(pool),
                slots,
            },
        }
    }

    /// A pool in which, with the caller, `slots` threads work. The last few are kept for those who ask for as many.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub(crate) fn of(slots: usize) -> Result<Pool, String> {
        static POOLS: Mutex<Vec<(usize, Arc<rayon::ThreadPool>)>> = Mutex::new(Vec::new());
        if slots <= 1 {
            return Ok(Pool::Serial);
        }
        let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pools.iter().position(|(of, _)| *of == slots);
        let (_, pool) = match known {
            Some(at) => pools.remove(at),
            None => (
                slots,
                Pool::start(slots, slots - 1, move |i| format!("lazygraph-{slots}-{i}"))?,
            ),
        };
        pools.insert(0, (slots, pool.clone()));
        let oldest = (pools.len() > POOLS_KEPT).then(|| pools.pop());
        drop(pools);
        drop(oldest);
        Ok(Pool::Own { pool, slots })
    }

    /// A pool of its own for a client.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub(crate) fn of_client(slots: usize) -> Result<Pool, String> {
        let pool = Pool::start(slots, slots, |i| format!("lazygraph-client-{i}"))?;
        Ok(Pool::Client { pool })
    }

    fn start(
        slots: usize,
        threads: usize,
        name: impl FnMut(usize) -> String + 'static,
    ) -> Result<Arc<rayon::ThreadPool>, String> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let most = MOST_THREADS.max(THREADS_PER_CORE * cores);
        if slots > most {
            return Err(format!(
                "cannot start {slots} threads: the limit on this machine is {most}; \
                 tasks that wait need none, and a rayon pool of your own may have more"
            ));
        }
        let builder = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(name);
        let pool = builder.build();
        pool.map(Arc::new)
            .map_err(|error| format!("cannot start {slots} threads: {error}"))
    }

    /// The threads of a pool that the client's user has.
    pub(crate) fn given(pool: Arc<rayon::ThreadPool>) -> Pool {
        Pool::Client { pool }
    }

    pub(in crate::exec) fn is_serial(&self) -> bool {
        self.slots() <= 1
    }

    /// How many worker slots there are, the caller's included.
    pub(super) fn slots(&self) -> usize {
        match self {
            Pool::Serial => 1,
            Pool::Global { slots } | Pool::Around { slots } => *slots,
            Pool::Lent { slots, .. } | Pool::Own { slots, .. } => *slots,
            Pool::Client { pool } => pool.current_num_threads(),
        }
    }

    /// How many threads can be invited.
    pub(super) fn threads(&self) -> usize {
        match self {
            Pool::Serial => 0,
            Pool::Global { slots } | Pool::Around { slots } | Pool::Lent { slots, .. } => *slots,
            Pool::Own { slots, .. } => *slots - 1,
            Pool::Client { pool } => pool.current_num_threads(),
        }
    }

    /// Whether this thread can invite threads of the pool.
    pub(super) fn is_within_reach(&self) -> bool {
        match self {
            Pool::Serial => false,
            Pool::Global { .. } | Pool::Lent { .. } => true,
            Pool::Own { .. } | Pool::Client { .. } => true,
            Pool::Around { .. } => rayon::current_thread_index().is_some(),
        }
    }

    /// Whether it is a client's, and the calling thread is one of its threads.
    pub(super) fn has_caller(&self) -> bool {
        match self {
            Pool::Client { pool } => pool.current_thread_index().is_some(),
            _ => false,
        }
    }

    /// Spawns a job on a thread of the pool.
    pub(super) fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        let pool = match self {
            Pool::Serial => return,
            Pool::Global { .. } | Pool::Around { .. } => None,
            Pool::Lent { pool, .. } => Some(pool.get()),
            Pool::Own { pool, .. } | Pool::Client { pool } => Some(&**pool),
        };
        pool::spawn(pool, job);
    }
}

/// A pool that is borrowed for as long as a compute takes.
///
/// `unsafe` room 3 of 3. Looked at (`get`) only to invite a thread, which participants of a run do. The call
/// that borrows the pool makes the context, runs the outermost run with it and returns when that run, and so
/// every run nested in it, has been closed and left by all participants. Late invitations keep the context for
/// longer, but invite nobody.
#[derive(Clone, Copy)]
pub(crate) struct LentPool(*const rayon::ThreadPool);

// SAFETY: a `ThreadPool` is `Sync`, and this is a shared reference to one.
unsafe impl Send for LentPool {}
// SAFETY: as above.
unsafe impl Sync for LentPool {}

impl LentPool {
    fn get(&self) -> &rayon::ThreadPool {
        // SAFETY: as the type says: the borrow has not ended while there are participants.
        unsafe { &*self.0 }
    }
}
