//! Threads of a client's pool that wait outside of all tasks: in a piece of a `par_iter`, which rayon has put there.

use super::executor::Executor;
use super::invite::lend_for_promised;
use crate::base::sync::atomic::Ordering::AcqRel;
use std::sync::Arc;

/// While this lives, the calling thread is not among those that could come when they are invited.
///
/// It starts no other work on its stack meanwhile (promise P5): instead, threads of ours come for what it was invited to.
pub(in crate::exec) struct BlockedThread(Vec<Arc<Executor>>);

impl BlockedThread {
    /// The calling thread is about to wait for what others do.
    pub(in crate::exec) fn enter() -> BlockedThread {
        if rayon::current_thread_index().is_none() {
            return BlockedThread(Vec::new());
        }
        let mut all = Executor::of_clients();
        all.retain(|executor| executor.pool.has_caller());
        for executor in &all {
            executor.occupied.fetch_add(1, AcqRel);
        }
        BlockedThread(all)
    }

    /// Has threads of ours come for those of the pool that were invited and have not come: they may be blocked, too, here or by
    /// a lock.
    pub(in crate::exec) fn call_others(&self) {
        self.0.iter().for_each(lend_for_promised);
    }
}

impl Drop for BlockedThread {
    fn drop(&mut self) {
        for executor in &self.0 {
            executor.occupied.fetch_sub(1, AcqRel);
        }
    }
}
