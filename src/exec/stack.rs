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

/// A part of a stack that is in use, with room for more below it: the lowest address, and the length.
#[derive(Clone, Copy)]
pub(super) struct Known(usize, usize);

impl Known {
    pub(super) const NOTHING: Known = Known(0, 0);

    /// Whether the caller is in it.
    #[inline(never)]
    pub(super) fn has_caller(self) -> bool {
        here().wrapping_sub(self.0) < self.1
    }

    /// From the caller's place down to where there is just enough room.
    fn of_caller() -> Known {
        let left = stacker::remaining_stack().unwrap_or(0);
        match left.checked_sub(LEFT) {
            Some(known) => Known(here().saturating_sub(known), known),
            None => Known::NOTHING,
        }
    }
}

/// As `on_enough_stack`. What is `known` of the stack is asked before, and widened meanwhile: as long as that lasts, the stack
/// is there, and no other can lie in its place.
#[inline]
pub(super) fn on_known_stack<R>(known: &Cell<Known>, deeper: impl FnOnce() -> R) -> R {
    match known.get().has_caller() {
        true => deeper(),
        false => look_and_go(known, deeper),
    }
}

#[cold]
#[inline(never)]
fn look_and_go<R>(known: &Cell<Known>, deeper: impl FnOnce() -> R) -> R {
    struct Meanwhile<'k>(&'k Cell<Known>, Known);
    impl Drop for Meanwhile<'_> {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    on_enough_stack(|| {
        let _meanwhile = Meanwhile(known, known.get());
        if !cfg!(lazygraph_shuttle) {
            known.set(Known::of_caller());
        }
        deeper()
    })
}

/// About where the stack ends.
#[inline(always)]
fn here() -> usize {
    let byte = std::mem::MaybeUninit::<u8>::uninit();
    byte.as_ptr().addr()
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
