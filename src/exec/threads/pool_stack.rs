//! Whether a job of ours runs at the bottom of a pool thread's stack.
//!
//! A pool thread takes up jobs in its main loop, but also while it waits inside `join` or a parallel
//! iterator, on top of somebody's unfinished body. Only the main loop is a place to start strangers
//! (promise P5). Its depth is the same on every thread that rayon has started: it is measured once, in a
//! pool of one thread that has nothing else to do.
//!
//! Threads with a larger stack than the default learn their own depth from the jobs they take up. A pool
//! whose threads have a smaller one cannot be told from a deep stack, and is not invited.

use crate::base::sync::pool;
use crate::exec::tuning::BOTTOM_SLACK;
use std::cell::Cell;
use std::sync::OnceLock;

static BOTTOM: OnceLock<Option<usize>> = OnceLock::new();

/// Measures how much stack a job has left in the main loop of a pool thread. Once; about 100 µs.
pub(super) fn measure() {
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
    left + BOTTOM_SLACK >= most
}
