//! Letting go of nodes, without recursion.

use super::arena::{self, Freed};
use super::header::Header;
use super::node::Home;
use crate::base::error::drop_payload;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

thread_local! {
    /// What this thread is dropping: null, no node; [`ONE`]; or where the outermost `bury_all` finds what else is dead.
    static GRAVES: Cell<*const Graves> = const { Cell::new(std::ptr::null()) };
}

/// A node that has died alone. What it held has its own graves.
const ONE: *const Graves = std::ptr::dangling();

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

    /// Adds a node if there is room; gives back the memory of one that has nothing to drop.
    ///
    /// # Safety
    /// The node's count has reached zero.
    #[inline]
    unsafe fn has_added(&self, node: NonNull<Header>) -> bool {
        // SAFETY: as promised by the caller, this is the only pointer to it.
        if unsafe { node.as_ref() }.is_inert() {
            // SAFETY: what is inert lies in the arena, and has nothing to drop.
            unsafe { self.count_out(node.cast()) };
            return true;
        }
        let Ok(mut dead) = self.dead.try_borrow_mut() else {
            return false;
        };
        let has_room = dead.len() < dead.capacity();
        if has_room {
            dead.push(node);
        }
        has_room
    }

    /// Apart, so that `bury` needs few registers.
    ///
    /// # Safety
    /// As [`Freed::add`].
    #[inline(never)]
    unsafe fn count_out(&self, it: NonNull<u8>) {
        // SAFETY: as promised by the caller.
        unsafe { self.freed.add(it) };
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
        let youngest = generation.pop();
        if generation.is_empty() && dead.len() >= FEW {
            std::mem::swap(&mut *generation, dead);
            generation.sort_unstable();
        }
        youngest
    }
}

/// Gives back the memory of something in the arena.
///
/// # Safety
/// As [`Freed::add`].
pub(super) unsafe fn count_out(it: NonNull<u8>) {
    let graves = GRAVES.get();
    if graves.is_null() || graves == ONE {
        // SAFETY: as promised by the caller.
        return unsafe { Freed::none().add(it) };
    }
    // SAFETY: they are there, as in `bury`; and as promised by the caller.
    unsafe { (*graves).freed.add(it) };
}

/// Frees a node nobody holds, and all that only it held: the drop of an operand that holds the last pointer to another
/// node buries that one.
///
/// # Safety
/// The node's count has reached zero.
pub(super) unsafe fn bury(node: NonNull<Header>) {
    let graves = GRAVES.get();
    let is_done = match graves.is_null() {
        // SAFETY: this is the only pointer to it. What is inert lies in the arena, and has nothing to drop.
        true => unsafe { node.as_ref().is_inert() && arena::count_out_own(node.cast()) },
        // SAFETY: they lie on the stack of the outermost `bury_all` of this thread, further up this very stack.
        false => graves != ONE && unsafe { (*graves).has_added(node) },
    };
    if !is_done {
        // SAFETY: as promised by the caller.
        unsafe { bury_any(node) };
    }
}

/// As `bury`, of whatever kind the node is.
///
/// # Safety
/// As `bury`.
#[inline(never)]
unsafe fn bury_any(node: NonNull<Header>) {
    let graves = GRAVES.get();
    if !graves.is_null() && graves != ONE {
        // SAFETY: they lie on the stack of the outermost `bury_all` of this thread, further up this very stack.
        return unsafe { (*graves).add(node) };
    }
    if graves == ONE || std::thread::panicking() {
        // SAFETY: as promised by the caller.
        return unsafe { bury_all(node) };
    }
    // Most nodes that die alone hold no other. If there are some, they are buried below.
    struct Above;
    impl Drop for Above {
        fn drop(&mut self) {
            GRAVES.set(std::ptr::null());
        }
    }
    GRAVES.set(ONE);
    let _above = Above;
    // SAFETY: as promised by the caller; when `free` counts it out, it has been dropped.
    unsafe {
        match node.as_ref().is_inert() {
            true => count_out(node.cast()),
            false => free(node, |it| count_out(it)),
        }
    };
}

/// Frees one node, and has `count_out` give back its memory, also if the drop of an operand panics.
///
/// # Safety
/// The node's count has reached zero. `count_out` does as the function of that name.
#[inline]
unsafe fn free(node: NonNull<Header>, count_out: impl Fn(NonNull<u8>)) {
    struct Room<F: Fn(NonNull<u8>)>(Option<NonNull<Header>>, F);
    impl<F: Fn(NonNull<u8>)> Drop for Room<F> {
        #[inline]
        fn drop(&mut self) {
            if let Some(node) = self.0 {
                (self.1)(node.cast());
            }
        }
    }
    // SAFETY: this is the only pointer to it.
    let header = unsafe { node.as_ref() };
    let (home, free) = (header.home(), header.free());
    let _room = Room((home == Home::Arena).then_some(node), count_out);
    // SAFETY: as above.
    unsafe { free(node.as_ptr()) };
}

/// Frees nodes, without recursion.
///
/// # Safety
/// As `bury`.
#[cold]
unsafe fn bury_all(node: NonNull<Header>) {
    let graves = Graves {
        dead: RefCell::default(),
        generation: RefCell::default(),
        freed: Freed::none(),
    };
    let before = GRAVES.replace(&graves);
    let next = Cell::new(Some(node));
    let mut panic = None;
    loop {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            while let Some(node) = next.take() {
                // SAFETY: this is the only pointer to it; when it is counted out, it has been dropped.
                unsafe { free(node, |it| graves.freed.add(it)) };
                next.set(graves.take());
            }
        }));
        let Err(payload) = ended else { break };
        match panic {
            None => panic = Some(payload),
            Some(_) => drop_payload(payload),
        }
        next.set(graves.take());
    }
    GRAVES.set(before);
    drop(graves);
    if let Some(payload) = panic {
        if std::thread::panicking() {
            drop_payload(payload);
        } else {
            resume_unwind(payload);
        }
    }
}
