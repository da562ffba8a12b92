//! Freeing nodes, without recursion.

use super::raw::{Header, Home, NodePtr};
use crate::base::error::drop_payload;
use crate::task::memory::{FreeBatch, free_in_open_chunk};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

impl Drop for NodePtr {
    #[inline]
    fn drop(&mut self) {
        if self.header().refs.leave_or_keep() {
            // SAFETY: this was the last pointer to it.
            unsafe { reclaim(self.0) };
        }
    }
}

thread_local! {
    /// What this thread is dropping: null, no node; [`ONE`]; or where the outermost `reclaim_all` finds more dead nodes.
    static PENDING: Cell<*const Pending> = const { Cell::new(std::ptr::null()) };
}

/// One node. If its operands hold the last pointers to others, those get a list of pending nodes.
const ONE: *const Pending = std::ptr::dangling();

/// Dead nodes that are not freed yet.
struct Pending {
    /// A stack: what died last is still in the cache, and there are few.
    stack: RefCell<Vec<NonNull<Header>>>,
    /// If there are many, they are freed a generation at a time, in the order of memory.
    generation: RefCell<Vec<NonNull<Header>>>,
    freed: FreeBatch,
}

/// From this many pending nodes on they are sorted.
const MANY: usize = 1024;
/// With fewer pending nodes the next generation is not sorted.
const FEW: usize = 64;

impl Pending {
    fn add(&self, node: NonNull<Header>) {
        self.stack.borrow_mut().push(node);
    }

    /// Adds a node if there is room; frees one that has nothing to drop. `false` if neither was done.
    ///
    /// # Safety
    /// The node's count has reached zero.
    #[inline]
    unsafe fn try_add(&self, node: NonNull<Header>) -> bool {
        // SAFETY: as promised by the caller, this is the only pointer to it.
        if unsafe { node.as_ref() }.is_inert() {
            // SAFETY: an inert node lies in the arena, and has nothing to drop.
            unsafe { self.free_memory(node.cast()) };
            return true;
        }
        let Ok(mut stack) = self.stack.try_borrow_mut() else {
            return false;
        };
        let has_room = stack.len() < stack.capacity();
        if has_room {
            stack.push(node);
        }
        has_room
    }

    /// Not inlined, so that `reclaim` needs few registers.
    ///
    /// # Safety
    /// As [`FreeBatch::add`].
    #[inline(never)]
    unsafe fn free_memory(&self, it: NonNull<u8>) {
        // SAFETY: as promised by the caller.
        unsafe { self.freed.add_lean(it) };
    }

    #[inline]
    fn next(&self) -> Option<NonNull<Header>> {
        let mut stack = self.stack.borrow_mut();
        if stack.len() < MANY && self.generation.borrow().is_empty() {
            return stack.pop();
        }
        self.next_in_memory(&mut stack)
    }

    #[cold]
    fn next_in_memory(&self, stack: &mut Vec<NonNull<Header>>) -> Option<NonNull<Header>> {
        let mut generation = self.generation.borrow_mut();
        if generation.is_empty() {
            std::mem::swap(&mut *generation, stack);
            generation.sort_unstable();
        }
        let youngest = generation.pop();
        if generation.is_empty() && stack.len() >= FEW {
            std::mem::swap(&mut *generation, stack);
            generation.sort_unstable();
        }
        youngest
    }
}

/// Frees the memory of something in the arena.
///
/// # Safety
/// As [`FreeBatch::add`].
pub(super) unsafe fn free_memory(it: NonNull<u8>) {
    let pending = PENDING.get();
    if pending.is_null() || pending == ONE {
        // SAFETY: as promised by the caller.
        return unsafe { FreeBatch::new().add(it) };
    }
    // SAFETY: they exist, as in `reclaim`; and as promised by the caller.
    unsafe { (*pending).freed.add(it) };
}

/// Frees a node that no one holds, and everything that only it held: when dropping an operand drops the last pointer to
/// another node, that one is reclaimed in turn.
///
/// # Safety
/// The node's count has reached zero.
unsafe fn reclaim(node: NonNull<Header>) {
    let pending = PENDING.get();
    let is_done = match pending.is_null() {
        // SAFETY: this is the only pointer to it. An inert node lies in the arena, and has nothing to drop.
        true => unsafe { node.as_ref().is_inert() && free_in_open_chunk(node.cast()) },
        // SAFETY: they lie on the stack of the outermost `reclaim_all` of this thread, further up this very stack.
        false => pending != ONE && unsafe { (*pending).try_add(node) },
    };
    if !is_done {
        // SAFETY: as promised by the caller.
        unsafe { reclaim_any(node) };
    }
}

/// As `reclaim`, for a node of any kind.
///
/// # Safety
/// As `reclaim`.
#[inline(never)]
unsafe fn reclaim_any(node: NonNull<Header>) {
    let pending = PENDING.get();
    if !pending.is_null() && pending != ONE {
        // SAFETY: they lie on the stack of the outermost `reclaim_all` of this thread, further up this very stack.
        return unsafe { (*pending).add(node) };
    }
    if pending == ONE || std::thread::panicking() {
        // SAFETY: as promised by the caller.
        return unsafe { reclaim_all(node) };
    }
    // Most nodes that die alone hold no others. Those that do are reclaimed one level further down.
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            PENDING.set(std::ptr::null());
        }
    }
    PENDING.set(ONE);
    let _reset = Reset;
    // SAFETY: as promised by the caller; `free` drops it before its memory is freed.
    unsafe {
        match node.as_ref().is_inert() {
            true => free_memory(node.cast()),
            false => free(node, |it| free_memory(it)),
        }
    };
}

/// Frees one node. `free_memory` is called even if dropping an operand panics.
///
/// # Safety
/// The node's count has reached zero. `free_memory` does as the function of that name.
#[inline]
unsafe fn free(node: NonNull<Header>, free_memory: impl Fn(NonNull<u8>)) {
    struct Memory<F: Fn(NonNull<u8>)>(Option<NonNull<Header>>, F);
    impl<F: Fn(NonNull<u8>)> Drop for Memory<F> {
        #[inline]
        fn drop(&mut self) {
            if let Some(node) = self.0 {
                (self.1)(node.cast());
            }
        }
    }
    // SAFETY: this is the only pointer to it.
    let vtable = unsafe { node.as_ref() }.vtable();
    let in_arena = vtable.home == Home::Arena;
    let _memory = Memory(in_arena.then_some(node), free_memory);
    // SAFETY: as above.
    unsafe { (vtable.free)(node.as_ptr()) };
}

/// Frees a node and all others that die with it, in a loop.
///
/// # Safety
/// As `reclaim`.
#[cold]
unsafe fn reclaim_all(node: NonNull<Header>) {
    let pending = Pending {
        stack: RefCell::default(),
        generation: RefCell::default(),
        freed: FreeBatch::new(),
    };
    let before = PENDING.replace(&pending);
    let next = Cell::new(Some(node));
    let mut panic = None;
    loop {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            while let Some(node) = next.take() {
                // SAFETY: this is the only pointer to it; it is dropped before its memory is freed.
                unsafe { free(node, |it| pending.freed.add(it)) };
                next.set(pending.next());
            }
        }));
        let Err(payload) = ended else { break };
        match panic {
            None => panic = Some(payload),
            Some(_) => drop_payload(payload),
        }
        next.set(pending.next());
    }
    PENDING.set(before);
    drop(pending);
    if let Some(payload) = panic {
        if std::thread::panicking() {
            drop_payload(payload);
        } else {
            resume_unwind(payload);
        }
    }
}
