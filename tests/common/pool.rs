//! Pools of rayon.

use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool of so many threads.
pub fn pool_of(threads: usize) -> ThreadPool {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    builder.build().expect("threads can be started")
}

/// How many threads this process has when all those of the pool have started, as the system counts them.
#[cfg(target_os = "linux")]
pub fn thread_count_with(pool: &ThreadPool) -> usize {
    let counts = pool.broadcast(|_| crate::thread_count());
    counts.into_iter().max().expect("a pool has threads")
}
