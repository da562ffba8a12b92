//! The slots of results and the counts that guard them.
//!
//! The rules, which the rest of `exec` keeps (see `README.md`):
//! - a node is executed by one thread at a time, after all its inputs have finished, and never again once
//!   it has finished (`execute`, `settle`);
//! - a tracked slot is empty while its count is 0; it is filled by its node, counted down by its users and
//!   emptied by the last of them;
//! - what one thread wrote, another reads only after an acquire of a count or queue that the first released.

use crate::base::buffer_pool::Pooled;
use crate::base::error::{Error, drop_payload};
use crate::base::footprint::Size;
use crate::base::sync::atomic::AtomicU32;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::exec::tuning::PREFETCH_NODES;
use crate::plan::{NodeFlags, Program};
use crate::task::{Edge, SlotTable};
use crate::task::{Frame, Number, Outcome, Payload, Shared};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Why a node has no result, if it has failed.
type FailureOf<'f> = &'f dyn Fn(usize) -> Option<Error>;

/// The slots of one execution of a plan.
pub(super) struct Slots {
    program: Arc<Program>,
    table: SlotTable,
    /// Where the slots of the table lie.
    _room: Pooled<u64>,
    uses: Box<[AtomicU32]>,
}

// SAFETY: the raw pointers are to the buffers that it owns, whose contents are `Send + Sync` values guarded as the module
// says.
unsafe impl Send for Slots {}
// SAFETY: as above.
unsafe impl Sync for Slots {}

impl Slots {
    /// `exclusive`: one thread executes all nodes.
    pub(super) fn new(program: Arc<Program>, exclusive: bool) -> Slots {
        // Room for the slots, and to align the first.
        let (size, align) = (program.layout.size(), program.layout.align());
        let mut room: Pooled<u64> = Pooled::with_capacity((size + align) / size_of::<u64>() - 1);
        let base = room.as_mut_ptr().cast::<u8>();
        let base = base.wrapping_add(base.align_offset(align));
        let uses: Box<[AtomicU32]> = program.uses.iter().map(|_| AtomicU32::new(0)).collect();
        let table = SlotTable {
            base,
            offsets: if program.offsets.is_empty() {
                std::ptr::null()
            } else {
                program.offsets.as_ptr()
            },
            uses: if uses.is_empty() {
                std::ptr::null()
            } else {
                uses.as_ptr()
            },
            exclusive,
            direct: program.is_direct,
        };
        Slots {
            program,
            table,
            _room: room,
            uses,
        }
    }

    #[inline]
    pub(super) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    pub(super) fn are_exclusive(&self) -> bool {
        self.table.exclusive
    }

    fn slot(&self, i: usize) -> *mut u8 {
        assert!(i < self.program.len());
        // SAFETY: the node is one of the plan the table was made for.
        unsafe { self.table.slot(i) }
    }

    // -------------------------------------------------------------- executing

    /// Runs a node's body. `keep`: its inputs stay, for it may be tried again.
    pub(super) fn execute(&self, i: usize, keep: bool, failures: Option<FailureOf<'_>>) -> Outcome {
        // SAFETY: the rules of this module: the inputs have finished, this thread alone executes the node,
        // its slot is empty; the plan's edges lead to what the node's operands were built with.
        unsafe {
            let frame = Frame::new(self.table, self.program.inputs(i), keep, failures);
            self.program.node(i).run(&frame, self.table.slot(i))
        }
    }

    /// For nodes whose inputs cannot have failed, and that are not tried again.
    pub(super) fn frame(&self) -> Frame<'_> {
        // SAFETY: it reads nothing until it is turned to the edges of a node.
        unsafe { Frame::new(self.table, &[], false, None) }
    }

    /// As `execute`, with a frame of these slots that is used again.
    #[inline]
    pub(super) fn execute_in<'s>(&'s self, frame: &Frame<'s>, i: usize) -> Outcome {
        self.program.prefetch(i + PREFETCH_NODES);
        // SAFETY: as for `execute`.
        unsafe {
            frame.turn_to(self.program.inputs(i));
            self.program.node(i).run(frame, self.table.slot(i))
        }
    }

    /// Whether any slot has a count.
    #[inline]
    pub(super) fn are_tracked(&self) -> bool {
        !self.uses.is_empty()
    }

    /// Opens the count of a slot that has just been written; shares the result first if it must be.
    pub(super) fn fill(&self, i: usize) {
        let flags = self.program.flags[i];
        if !flags.has(NodeFlags::OWNING | NodeFlags::SHARE) {
            return;
        }
        if flags.has(NodeFlags::SHARE)
            && !flags.has(NodeFlags::FLAT)
            && let Some(share) = self.program.node(i).task().result.share
        {
            // SAFETY: the node's result has just been written, by this thread, and nobody reads it before
            // the count is opened; slots have room for a pointer.
            unsafe { (share.wrap)(self.slot(i)) };
        }
        self.uses[i].store(self.program.uses[i], Relaxed);
    }

    /// Throws away a result whose count has not been opened.
    pub(super) fn discard(&self, i: usize) {
        if let Some(dropper) = self.program.node(i).task().result.drop {
            // SAFETY: the result has just been written by this thread, in the storage of its own type.
            unsafe { dropper(self.slot(i)) };
        }
    }

    // -------------------------------------------------------------- letting go

    /// Lets go the inputs of a node that has run. Panics if the `Drop` of one does; the slot is empty then.
    pub(super) fn release_inputs(&self, i: usize, keep: bool) {
        for edge in self.program.inputs(i) {
            if edge.has(Edge::TRACKED) && (keep || !edge.has(Edge::TAKEN)) {
                self.release(edge.index());
            }
        }
    }

    /// Lets go the inputs of a node that has not run.
    pub(super) fn skip_inputs(&self, i: usize) {
        for edge in self.program.inputs(i) {
            if edge.has(Edge::TRACKED) {
                self.release(edge.index());
            }
        }
    }

    /// Counts one user of a slot out, and empties it after the last. Panics if its `Drop` does.
    pub(super) fn release(&self, i: usize) {
        // SAFETY: the node is one of the plan; the caller is one of the counted users, and reads no more.
        unsafe {
            if self.table.uses(i).load(Relaxed) != 0 && self.table.release(i) {
                self.empty(i);
            }
        }
    }

    /// # Safety
    /// The slot is filled, and the caller has taken its last count.
    unsafe fn empty(&self, i: usize) {
        if let Some(dropper) = self.program.dropper(i) {
            // SAFETY: as promised by the caller; the dropper fits how this plan stores the result.
            unsafe { dropper(self.slot(i)) };
        }
    }

    /// Drops every value that is left; the first panic of a `Drop` is handed back.
    pub(super) fn clear(&mut self) -> Option<Box<dyn Any + Send>> {
        let mut panic = None;
        for i in 0..self.uses.len() {
            if *self.uses[i].get_mut() != 0 {
                *self.uses[i].get_mut() = 0;
                // SAFETY: the count says that the slot is filled; nobody else has these slots.
                let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { self.empty(i) }));
                match (dropped, &mut panic) {
                    (Err(payload), None) => panic = Some(payload),
                    (Err(payload), Some(_)) => drop_payload(payload),
                    _ => {}
                }
            }
        }
        panic
    }

    // -------------------------------------------------------------- results from and for elsewhere

    /// How large the result of a node is that this thread has just filled. Unwinds if its `Footprint` does.
    pub(super) fn measure(&self, i: usize) -> Size {
        let mut result: *const u8 = self.slot(i);
        // SAFETY: the slot is filled, and this node's count has not been given away; where its result is
        // indirect the slot holds a pointer to it.
        unsafe {
            if self.program.flags[i].has(NodeFlags::INDIRECT) {
                result = result.cast::<*const u8>().read();
            }
            self.program.node(i).measure(result)
        }
    }

    /// Puts a remembered result into the slot of a node instead of running it. `false`: it does not fit.
    pub(super) fn import(&self, i: usize, value: &Shared) -> bool {
        let Some(share) = self.program.node(i).task().result.share else {
            return false;
        };
        let is_shared = self.program.flags[i].has(NodeFlags::INDIRECT);
        // SAFETY: the slot is empty and this thread's, as for `execute`; it has room for a pointer. What a memo keeps
        // and is not shared is copied: the compiler sees to that (`optimize/dedupe.rs`).
        let fits = unsafe {
            match is_shared {
                true => (share.import)(value, self.slot(i)),
                false => (share.copies)() && (share.copy_in)(value, self.slot(i)),
            }
        };
        if fits && is_shared {
            self.uses[i].store(self.program.uses[i], Relaxed);
        }
        fits
    }

    /// Another handle to the shared result of a node that has been filled by this thread; or a copy of one that can be
    /// copied, which any thread may ask for once it is there.
    pub(super) fn export(&self, i: usize) -> Option<Shared> {
        let share = self.program.node(i).task().result.share?;
        if self.program.flags[i].has(NodeFlags::INDIRECT) {
            // SAFETY: the slot is filled, its result shared, and this node's count has not been given away.
            return Some(unsafe { (share.export)(self.slot(i)) });
        }
        // SAFETY: the slot is filled; what can be copied is never moved out, dropped or written over.
        (share.copies)().then(|| unsafe { (share.copy_out)(self.slot(i)) })
    }

    /// The number that a node has come to, if it is one that lies in its slot.
    #[inline]
    pub(super) fn number(&self, i: usize) -> Option<Number> {
        if self.program.flags[i].has(NodeFlags::INDIRECT) {
            return None;
        }
        let share = self.program.node(i).task().result.share?;
        // SAFETY: as for `export`: a number can be copied.
        unsafe { (share.number)(self.slot(i)) }
    }

    /// The result of a node for the futures that it is. As `export`.
    pub(super) fn payload(&self, i: usize) -> Option<Payload> {
        let number = self.number(i).map(Payload::Number);
        number.or_else(|| self.export(i).map(Payload::Shared))
    }

    /// Puts the result of a future into the slot of the node that stands for it. `false`: it does not fit.
    pub(super) fn import_payload(&self, i: usize, payload: &Payload) -> bool {
        match payload {
            Payload::Shared(shared) => self.import(i, shared),
            Payload::Number(number) => {
                let share = self.program.node(i).task().result.share;
                let shared = share.and_then(|share| (share.shared_number)(*number));
                shared.is_some_and(|shared| self.import(i, &shared))
            }
        }
    }

    // -------------------------------------------------------------- outputs

    /// The result of a returned graph, shared; `None` if it is a scope's borrow.
    pub(super) fn output(&self) -> Option<Shared> {
        let edge = *self.program.outputs.first()?;
        let (i, flags) = (edge.index(), self.program.flags[edge.index()]);
        let share = self.program.node(i).task().result.share?;
        // SAFETY: all nodes have finished; the output's own count keeps the slot filled.
        unsafe {
            if !flags.has(NodeFlags::INDIRECT) {
                // Nobody else is left to read it: it may be wrapped where it lies.
                (share.wrap)(self.slot(i));
                let value = (share.export)(self.slot(i));
                (share.drop)(self.slot(i));
                if edge.has(Edge::TRACKED) {
                    self.uses[i].store(0, Relaxed);
                }
                Some(value)
            } else {
                Some((share.export)(self.slot(i)))
            }
        }
    }

    /// As `output`, for the future that the segment is.
    pub(super) fn payload_of_output(&self) -> Option<Payload> {
        let output = self.program.outputs.first()?.index();
        let wrapped = || self.output().map(Payload::Shared);
        self.payload(output).or_else(wrapped)
    }

    /// Reads the outputs after all nodes have finished.
    pub(super) fn read_outputs<R>(
        &self,
        failures: FailureOf<'_>,
        read: impl FnOnce(&Frame<'_>) -> R,
    ) -> R {
        // SAFETY: all nodes have finished, and the outputs were counted as users.
        let frame = unsafe { Frame::new(self.table, &self.program.outputs, false, Some(failures)) };
        read(&frame)
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        if let Some(payload) = self.clear() {
            drop_payload(payload);
        }
    }
}
