//! Frames: a body reads its inputs through one.

use super::value::Value;
use crate::base::error::Error;
use crate::base::sync::atomic::AtomicU32;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::needs_drop;
use std::sync::Arc;

/// An edge of a plan: the node that is read, and how to treat its slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge(pub(crate) u32);

impl Edge {
    /// The maximal number of nodes in one plan.
    pub(crate) const NODES: usize = 1 << 28;
    /// No other edge leads to this node's value.
    pub(crate) const SOLE: u32 = 1 << 28;
    /// The slot holds a pointer to the value.
    pub(crate) const INDIRECT: u32 = 1 << 29;
    /// The slot has a use count: its last user drops the value.
    pub(crate) const TRACKED: u32 = 1 << 30;
    /// Taken by value: `Frame::take` lowers the use count. An indirect slot then holds an `Arc`.
    pub(crate) const TAKEN: u32 = 1 << 31;

    pub(crate) fn index(self) -> usize {
        (self.0 & (Self::SOLE - 1)) as usize
    }

    pub(crate) fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// The slots of a run. Plain data: whoever makes a [`Frame`] of it vouches for it.
#[derive(Clone, Copy)]
pub(crate) struct SlotTable {
    pub(crate) base: *mut u8,
    /// Offset of each node's slot, in units of 8 bytes; null if node `i` is at `8 * i`.
    pub(crate) offsets: *const u32,
    /// Use count of each slot, 0 while it is empty; null if no slot is tracked.
    pub(crate) uses: *const AtomicU32,
    /// Only one thread works on this run: counts need no read-modify-write.
    pub(crate) exclusive: bool,
    /// All results are stored in slots of 8 bytes, and own nothing.
    pub(crate) direct: bool,
}

impl SlotTable {
    /// # Safety
    /// `index` is a node of the plan that the table was made for.
    #[inline]
    pub(crate) unsafe fn slot(&self, index: usize) -> *mut u8 {
        // SAFETY: offsets of nodes of the plan lie in the buffer.
        unsafe {
            let offset = if self.offsets.is_null() {
                index
            } else {
                *self.offsets.add(index) as usize
            };
            self.base.add(offset * 8)
        }
    }

    /// # Safety
    /// As `slot`, and the slot is tracked.
    #[inline]
    pub(crate) unsafe fn uses(&self, index: usize) -> &AtomicU32 {
        // SAFETY: as promised by the caller.
        unsafe { &*self.uses.add(index) }
    }

    /// Lowers the use count of a tracked slot; `true` if this was the last user.
    ///
    /// # Safety
    /// As `uses`; the caller is one of the counted users and reads the slot no more.
    #[inline]
    pub(crate) unsafe fn release(&self, index: usize) -> bool {
        // SAFETY: as promised by the caller.
        let uses = unsafe { self.uses(index) };
        if self.exclusive {
            let left = uses.load(Relaxed) - 1;
            uses.store(left, Relaxed);
            left == 0
        } else {
            uses.fetch_sub(1, AcqRel) == 1
        }
    }
}

/// Looks up the error of a failed input.
pub(crate) type FindFailure<'r> = &'r dyn Fn(usize) -> Option<Error>;

/// Gives a body its inputs, one after the other.
#[doc(hidden)]
pub struct Frame<'r> {
    table: SlotTable,
    edges: Cell<&'r [Edge]>,
    /// The body may be retried: nothing is moved out of a slot, and no count is lowered.
    preserve: bool,
    /// Taking a value means copying it from its slot of 8 bytes.
    direct: bool,
    failures: Option<FindFailure<'r>>,
    /// Not `Sync`, and tied to the run.
    run: PhantomData<(*mut u8, &'r ())>,
}

impl<'r> Frame<'r> {
    /// # Safety
    /// For `'r`: `table` is the table of a run of the plan that `edges` belong to; the node of each edge
    /// has written its slot (unless `failures` knows it) and the reader is one of its counted users; each
    /// edge leads to a value of the type that the reading operand was built with.
    #[inline]
    pub(crate) const unsafe fn new(
        table: SlotTable,
        edges: &'r [Edge],
        preserve: bool,
        failures: Option<FindFailure<'r>>,
    ) -> Frame<'r> {
        Frame {
            table,
            edges: Cell::new(edges),
            preserve,
            direct: table.direct && !preserve,
            failures,
            run: PhantomData,
        }
    }

    /// The frame of a task without inputs.
    #[inline]
    pub(crate) fn nothing() -> &'static Frame<'static> {
        struct Nothing(Frame<'static>);
        // SAFETY: only the edges can change, and where there are none, `next` unwinds before it changes them.
        unsafe impl Sync for Nothing {}
        const TABLE: SlotTable = SlotTable {
            base: std::ptr::null_mut(),
            offsets: std::ptr::null(),
            uses: std::ptr::null(),
            exclusive: true,
            direct: false,
        };
        // SAFETY: there are no edges.
        static NOTHING: Nothing = Nothing(unsafe { Frame::new(TABLE, &[], false, None) });
        &NOTHING.0
    }

    /// Turns it to another task of the run.
    ///
    /// # Safety
    /// As `new`, for these edges.
    #[inline]
    pub(crate) unsafe fn turn_to(&self, edges: &'r [Edge]) {
        self.edges.set(edges);
    }

    #[inline]
    fn next(&self) -> Edge {
        let edges = self.edges.get();
        self.edges.set(&edges[1..]);
        edges[0]
    }

    #[inline]
    fn slot(&self, edge: Edge) -> *mut u8 {
        // SAFETY: the edges belong to the table's plan, as `new` was promised.
        unsafe { self.table.slot(edge.index()) }
    }

    /// Takes the next input by value: moved if this is its last use, else cloned.
    #[inline]
    pub(crate) fn take<T: Value + Clone>(&self) -> T {
        self.take_edge(self.next())
    }

    /// Whether taking a `T` means copying it from a slot of 8 bytes.
    #[inline]
    pub(crate) fn is_direct<T>(&self) -> bool {
        !needs_drop::<T>() && self.direct
    }

    /// As `take`, if it is direct.
    #[inline]
    pub(crate) fn take_direct<T: Value + Clone>(&self) -> T {
        assert!(self.is_direct::<T>());
        let edge = self.next();
        // SAFETY: a direct table has slots of 8 bytes. This one holds a `T`, as `new` was promised, which owns nothing and
        // stays there.
        unsafe {
            let slot = self.table.base.add(edge.index() * 8).cast::<T>();
            match edge.has(Edge::SOLE) {
                true => slot.read(),
                false => (*slot).clone(),
            }
        }
    }

    #[inline]
    fn take_edge<T: Value + Clone>(&self, edge: Edge) -> T {
        let slot = self.slot(edge);
        // SAFETY: the slot holds a `T`, or a pointer to one, that stays until this user is counted out,
        // as `new` was promised. It is moved out only by its last user, and marked empty then.
        unsafe {
            if edge.has(Edge::INDIRECT) {
                let pointer = slot.cast::<*const T>();
                if self.preserve || !edge.has(Edge::TAKEN) {
                    (**pointer).clone()
                } else {
                    let arc = || Arc::from_raw(pointer.read());
                    let read = || Arc::unwrap_or_clone(arc());
                    self.take_tracked(edge.index(), read, || (**pointer).clone(), || drop(arc()))
                }
            } else if self.preserve {
                (*slot.cast::<T>()).clone()
            } else if !edge.has(Edge::TRACKED) {
                if edge.has(Edge::SOLE) {
                    slot.cast::<T>().read()
                } else {
                    (*slot.cast::<T>()).clone()
                }
            } else {
                let slot = slot.cast::<T>();
                let clear = || slot.drop_in_place();
                self.take_tracked(edge.index(), || slot.read(), || (*slot).clone(), clear)
            }
        }
    }

    /// Takes the value of a tracked slot: `read` takes it out, `clone` clones it, `clear` drops what is in the slot.
    ///
    /// # Safety
    /// This reader is a counted user of the tracked slot of node `index`, which the functions access.
    #[inline]
    unsafe fn take_tracked<T>(
        &self,
        index: usize,
        read: impl FnOnce() -> T,
        clone: impl FnOnce() -> T,
        clear: impl FnOnce(),
    ) -> T {
        // SAFETY: a count of one is this reader's own: no one else can read or raise it any more, so the
        // value may be moved. Otherwise it stays while it is cloned, until `release`.
        unsafe {
            let uses = self.table.uses(index);
            if uses.load(Acquire) == 1 {
                uses.store(0, Relaxed);
                return read();
            }
            let value = clone();
            if self.table.release(index) {
                clear();
            }
            value
        }
    }

    /// Borrows the next input in place.
    #[inline]
    pub(crate) fn borrow<T: Value>(&self) -> &T {
        let edge = self.next();
        let slot = self.slot(edge);
        // SAFETY: the slot holds a `T`, or a pointer to one, which stays while this frame is alive: its
        // reader is counted out after the body has returned.
        unsafe {
            if edge.has(Edge::INDIRECT) {
                &**slot.cast::<*const T>()
            } else {
                &*slot.cast::<T>()
            }
        }
    }

    /// As `borrow`, for an unsized type, which only a scope's borrow can have.
    #[inline]
    pub(crate) fn borrow_unsized<T: Value + ?Sized>(&self) -> &T {
        let edge = self.next();
        assert!(
            edge.has(Edge::INDIRECT),
            "an unsized value is always behind a pointer"
        );
        // SAFETY: as above; the slot begins with a pointer to `T`.
        unsafe { &**self.slot(edge).cast::<*const T>() }
    }

    /// Clones the `Arc` of the next input.
    #[inline]
    pub(crate) fn arc<T: Value>(&self) -> Arc<T> {
        let slot = self.slot(self.next());
        // SAFETY: a node with a user of this kind stores its result as `Arc::into_raw` of an `Arc<T>`
        // (the compiler refuses graphs where it cannot), and this reader keeps it there.
        unsafe {
            let raw = *slot.cast::<*const T>();
            Arc::increment_strong_count(raw);
            Arc::from_raw(raw)
        }
    }

    /// Takes the outcome of the next input, value or error.
    pub(crate) fn outcome<T: Value + Clone>(&self) -> Result<T, Error> {
        let edge = self.next();
        match self.failures.and_then(|failed| failed(edge.index())) {
            Some(error) => Err(error),
            None => Ok(self.take_edge(edge)),
        }
    }
}
