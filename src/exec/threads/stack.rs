//! Growing the stack: recursion of tasks is bounded by memory, not by the stack of the thread it began on.

use crate::exec::tuning::{STACK_LEFT, STACK_MORE};
use std::cell::Cell;

/// Calls `deeper` on a stack that has room for it.
pub(crate) fn on_enough_stack<R>(deeper: impl FnOnce() -> R) -> R {
    match cfg!(lazygraph_shuttle) {
        // The model checker's threads have small stacks of its own making.
        true => deeper(),
        false => stacker::maybe_grow(STACK_LEFT, STACK_MORE, deeper),
    }
}

/// A part of a stack that is in use, with room for more below it: the lowest address, and the length.
#[derive(Clone, Copy)]
pub(in crate::exec) struct KnownStack(usize, usize);

impl KnownStack {
    pub(in crate::exec) const NOTHING: KnownStack = KnownStack(0, 0);

    /// Whether the caller is in it.
    #[inline(never)]
    pub(in crate::exec) fn has_caller(self) -> bool {
        here().wrapping_sub(self.0) < self.1
    }

    /// From the caller's place down to where there is just enough room.
    fn of_caller() -> KnownStack {
        let left = stacker::remaining_stack().unwrap_or(0);
        match left.checked_sub(STACK_LEFT) {
            Some(known) => KnownStack(here().saturating_sub(known), known),
            None => KnownStack::NOTHING,
        }
    }
}

/// As `on_enough_stack`. What is `known` of the stack is asked before, and widened meanwhile: as long as that lasts, the stack
/// is there, and no other can lie in its place.
#[inline]
pub(in crate::exec) fn on_known_stack<R>(
    known: &Cell<KnownStack>,
    deeper: impl FnOnce() -> R,
) -> R {
    match known.get().has_caller() {
        true => deeper(),
        false => measure_and_go(known, deeper),
    }
}

#[cold]
#[inline(never)]
fn measure_and_go<R>(known: &Cell<KnownStack>, deeper: impl FnOnce() -> R) -> R {
    struct Meanwhile<'k>(&'k Cell<KnownStack>, KnownStack);
    impl Drop for Meanwhile<'_> {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    on_enough_stack(|| {
        let _meanwhile = Meanwhile(known, known.get());
        if !cfg!(lazygraph_shuttle) {
            known.set(KnownStack::of_caller());
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
