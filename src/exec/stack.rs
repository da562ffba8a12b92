//! The stack: more of it for deep nesting, and whether a job of ours runs at the bottom of a pool thread's.
//!
//! A pool thread takes up jobs in its main loop, but also while it waits inside `join` or a parallel
//! iterator, on top of somebody's unfinished body. Only the main loop is a place to start strangers
//! (promise P5). Its depth is the same on every thread that rayon has started: it is measured once, in a
//! pool of one thread that has nothing else to do.
//!
//! Threads with a larger stack than the default learn their own depth from the jobs they take up. A pool
//! whose threads have a smaller one cannot be told from a deep stack, and is not invited.

use crate::base::sync::pool;
use std::cell::Cell;
use std::sync::OnceLock;

/// How much stack a nested compute wants to see, and how much it takes where there is less: recursion of
/// tasks is bounded by memory, not by the stack of the thread it began on.
const LEFT: usize = 256 * 1024;
const MORE: usize = 2 * 1024 * 1024;

/// Calls `deeper` on a stack that has room for it.
pub(crate) fn on_enough_stack<R>(deeper: impl FnOnce() -> R) -> R {
    match cfg!(lazygraph_shuttle) {
        // The model checker's threads have small stacks of its own making.
        true => deeper(),
        false => stacker::maybe_grow(LEFT, MORE, deeper),
    }
}

static BOTTOM: OnceLock<Option<usize>> = OnceLock::new();

/// What two jobs in the main loop may differ by.
const SLACK: usize = 256;

/// Measures how much stack a job has left in the main loop of a pool thread. Once; about 100 µs.
pub(super) fn learn() {
    if cfg!(lazygraph_shuttle) {
        return;
    }
    BOTTOM.get_or_init(|| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .ok()?;
        let (tx, rx) = std::sync::mpsc::channel();
        pool.spawn(move || _ = tx.send(stacker::remaining_stack()));
        rx.recv().ok()?
    });
}

/// Whether this job was taken up in the main loop of a pool thread.
pub(super) fn is_at_bottom() -> bool {
    thread_local! {
        static MOST: Cell<usize> = const { Cell::new(0) };
    }
    let (Some(Some(bottom)), Some(left)) = (BOTTOM.get(), stacker::remaining_stack()) else {
        return !pool::is_stolen();
    };
    let most = MOST.get().max(left).max(*bottom);
    MOST.set(most);
    left + SLACK >= most
}
