//! Letting go of nodes, without recursion.

use super::arena::Freed;
use super::node::{Header, Home};
use crate::base::error::drop_payload;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

thread_local! {
    /// Where the outermost drop under way on this thread finds what else is dead; null outside.
    static GRAVES: Cell<*const Graves> = const { Cell::new(std::ptr::null()) };
}

/// Nodes that nobody holds and that are not freed yet.
struct Graves {
    /// The last first: what has just died is at hand, and there are few.
    dead: RefCell<Vec<NonNull<Header>>>,
    /// Where there are many, in any order, they are freed a generation at a time, as they lie in memory.
    generation: RefCell<Vec<NonNull<Header>>>,
    freed: Freed,
}

/// So many are many, and so few are few.
const MANY: usize = 1024;
const FEW: usize = 64;

impl Graves {
    fn add(&self, node: NonNull<Header>) {
        self.dead.borrow_mut().push(node);
    }

    #[inline]
    fn take(&self) -> Option<NonNull<Header>> {
        let mut dead = self.dead.borrow_mut();
        if dead.len() < MANY && self.generation.borrow().is_empty() {
            return dead.pop();
        }
        self.take_sorted(&mut dead)
    }

    #[cold]
    fn take_sorted(&self, dead: &mut Vec<NonNull<Header>>) -> Option<NonNull<Header>> {
        let mut generation = self.generation.borrow_mut();
        if generation.is_empty() {
            std::mem::swap(&mut *generation, dead);
            generation.sort_unstable();
        }
        let oldest = generation.pop();
        if generation.is_empty() && dead.len() >= FEW {
            std::mem::swap(&mut *generation, dead);
            generation.sort_unstable();
        }
        oldest
    }
}

/// Gives back the memory of something in the arena other than a node.
///
/// # Safety
/// As [`Freed::add`].
pub(super) unsafe fn count_out(it: NonNull<u8>) {
    let graves = GRAVES.get();
    if graves.is_null() {
        // SAFETY: as promised by the caller.
        return unsafe { Freed::none().add(it) };
    }
    // SAFETY: as in `bury`; and as promised by the caller.
    unsafe { (*graves).freed.add(it) };
}

/// Frees a node nobody holds, and all that only it held: the drop of an operand that holds the last pointer to another
/// node puts that one into the graves of the outermost `bury`.
///
/// # Safety
/// The node's count has reached zero.
#[cold]
pub(super) unsafe fn bury(node: NonNull<Header>) {
    let graves = GRAVES.get();
    if !graves.is_null() {
        // SAFETY: they lie on the stack of the outermost `bury` of this thread, further up this very stack.
        unsafe { (*graves).add(node) };
        return;
    }
    let graves = Graves {
        dead: RefCell::default(),
        generation: RefCell::default(),
        freed: Freed::none(),
    };
    GRAVES.set(&graves);
    let next = Cell::new(Some(node));
    // The node that is being dropped, if it is in the arena.
    let placed = Cell::new(None);
    let mut panic = None;
    loop {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            while let Some(node) = next.take() {
                // SAFETY: this is the only pointer to it.
                let (home, free) = unsafe { (node.as_ref().home(), node.as_ref().free()) };
                placed.set((home == Home::Arena).then_some(node));
                // SAFETY: as above.
                unsafe { free(node.as_ptr()) };
                if let Some(node) = placed.take() {
                    // SAFETY: it has been dropped, and this was the only pointer to it.
                    unsafe { graves.freed.add(node.cast()) };
                }
                next.set(graves.take());
            }
        }));
        let Err(payload) = ended else { break };
        if let Some(node) = placed.take() {
            // SAFETY: as above; what panicked was a part of it, the others were dropped.
            unsafe { graves.freed.add(node.cast()) };
        }
        match panic {
            None => panic = Some(payload),
            Some(_) => drop_payload(payload),
        }
        next.set(graves.take());
    }
    GRAVES.set(std::ptr::null());
    drop(graves);
    if let Some(payload) = panic {
        if std::thread::panicking() {
            drop_payload(payload);
        } else {
            resume_unwind(payload);
        }
    }
}
