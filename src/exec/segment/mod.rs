//! One execution of a plan: the slots of its results and the counts that guard them.
//!
//! `unsafe` room 2 of 3: the result slots. The rules, which the rest of `exec` keeps (see README, "Slots"):
//! - a node is executed by one thread at a time, after all its inputs have finished, and never again once
//!   it has finished (`execute`, `settle`);
//! - a tracked slot is empty while its count is 0; it is filled by its node, counted down by its users and
//!   emptied by the last of them;
//! - what one thread wrote, another reads only after an acquire of a count or queue that the first released.

mod bundles;
#[cfg(lazygraph_shuttle)]
mod census;
mod failures;
mod progress;
mod watch;

pub(super) use bundles::Ready;

use crate::base::buffer_pool::Pooled;
use crate::base::error::{Error, drop_payload};
use crate::base::footprint::Size;
use crate::base::sync::atomic::Ordering::{AcqRel, Relaxed};
use crate::base::sync::atomic::{AtomicBool, AtomicU32};
use crate::base::sync::{Mutex, OnceLock};
use crate::plan::{Program, Traits};
use crate::store::memo::{Ledger, Lineage, Shared, Ticket};
use crate::task::{Edge, SlotTable};
use crate::task::{Frame, Number, Outcome, Payload};
use failures::Failed;
use progress::Progress;
use smallvec::SmallVec;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;
use watch::Watch;

/// So many nodes before it runs, a node is brought into the cache: measured.
const AHEAD: usize = 12;

/// One execution of a plan.
pub(crate) struct Segment {
    pub(crate) program: Arc<Program>,
    table: SlotTable,
    /// Where the slots of the table lie.
    _room: Pooled<u64>,
    uses: Box<[AtomicU32]>,
    /// Set before several threads work on it.
    progress: OnceLock<Progress>,
    /// How many users of each result have not run yet; empty unless live results are counted.
    readers: Box<[AtomicU32]>,
    /// Where its pure nodes are noted, if they are.
    ledger: OnceLock<Arc<Ledger>>,
    /// What is alive, if anybody observes.
    watch: Option<Box<Watch>>,
    /// Something has failed and the run goes on: see `failed`.
    any_failed: AtomicBool,
    failed: Mutex<Failed>,
    /// The node whose body returned this graph; `None`: the root of a run.
    pub(super) continuation: Option<Continuation>,
    /// How many returned graphs it is deep.
    pub(super) depth: u32,
    /// The running memo entries that this execution holds up.
    pub(super) lineage: Option<Arc<Lineage>>,
}

/// Where the result of a returned graph goes.
pub(super) struct Continuation {
    pub(super) segment: SegmentPtr,
    /// The unit that ends with the node.
    pub(super) unit: usize,
    pub(super) node: usize,
    pub(super) ticket: Option<Ticket>,
    /// When the body was called, if anybody wants to know.
    pub(super) since: Option<Instant>,
}

// SAFETY: the raw pointers are to the segment's own buffers, whose contents are `Send + Sync` values guarded
// as the module says.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    pub(super) fn new(
        program: Arc<Program>,
        exclusive: bool,
        observed: bool,
        continuation: Option<Continuation>,
        lineage: Option<Arc<Lineage>>,
    ) -> Segment {
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
        let counted = !exclusive && program.by_priority && continuation.is_none();
        let readers = match counted {
            true => program.uses.iter().map(|n| AtomicU32::new(*n)).collect(),
            false => Box::default(),
        };
        let watch = observed.then(|| Box::new(Watch::of(&program)));
        let depth = continuation
            .as_ref()
            .map_or(0, |c| c.segment.get().depth + 1);
        Segment {
            program,
            table,
            _room: room,
            uses,
            progress: OnceLock::new(),
            ledger: OnceLock::new(),
            readers,
            watch,
            any_failed: AtomicBool::new(false),
            failed: Mutex::default(),
            continuation,
            depth,
            lineage,
        }
    }

    pub(super) fn keep_ledger(&self, ledger: Arc<Ledger>) {
        let _ = self.ledger.set(ledger);
    }

    #[inline]
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        self.ledger.get().map(|ledger| &**ledger)
    }

    fn slot(&self, i: usize) -> *mut u8 {
        assert!(i < self.program.len());
        // SAFETY: the node is one of the plan the table was made for.
        unsafe { self.table.slot(i) }
    }

    /// Runs a node's body. `keep`: its inputs stay, for it may be tried again.
    #[inline]
    pub(super) fn execute(&self, i: usize, keep: bool) -> Outcome {
        let failures = |k: usize| self.failure(k);
        let failures: Option<&dyn Fn(usize) -> Option<Error>> = if self.any_failed() {
            Some(&failures)
        } else {
            None
        };
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

    /// As `execute`, with a frame of this segment that is used again.
    #[inline]
    pub(super) fn execute_in<'s>(&'s self, frame: &Frame<'s>, i: usize) -> Outcome {
        self.program.prefetch(i + AHEAD);
        // SAFETY: as for `execute`.
        unsafe {
            frame.turn_to(self.program.inputs(i));
            self.program.node(i).run(frame, self.table.slot(i))
        }
    }

    /// The result is in place: shares it if it must be, opens its count and lets the inputs go.
    #[inline]
    pub(super) fn settle(&self, i: usize, keep: bool) {
        if !self.uses.is_empty() {
            self.fill(i);
            self.release(i, keep);
        }
    }

    /// Opens the count of a slot that has just been written.
    pub(super) fn fill(&self, i: usize) {
        let traits = self.program.traits[i];
        if !traits.has(Traits::OWNING | Traits::SHARE) {
            return;
        }
        if traits.has(Traits::SHARE)
            && !traits.has(Traits::FLAT)
            && let Some(share) = self.program.node(i).task().result.share
        {
            // SAFETY: the node's result has just been written, by this thread, and nobody reads it before
            // the count is opened; slots have room for a pointer.
            unsafe { (share.wrap)(self.slot(i)) };
        }
        self.uses[i].store(self.program.uses[i], Relaxed);
    }

    /// Whether it is counted which results are alive.
    pub(super) fn counts_lives(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Lists the heap-owning intermediates outside of `unit` whose last user, node `i` of it, has just run.
    ///
    /// A failed node has brought nothing to life, but its users count as if: the budget is only stricter.
    pub(super) fn last_read_by(&self, i: usize, unit: usize, list: &mut SmallVec<[u32; 8]>) {
        if !self.counts_lives() {
            return;
        }
        let unit = self.progress().nodes(unit);
        let inputs = self.program.inputs(i).iter().map(|e| e.index());
        let counted = inputs.filter(|k| self.program.traits[*k].counts() && !unit.contains(k));
        let ended = counted.filter(|k| self.readers[*k].fetch_sub(1, AcqRel) == 1);
        list.extend(ended.map(|k| k as u32));
    }

    /// Whether the life of a node's result is told to observers.
    pub(super) fn is_watched(&self, i: usize) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.counts(i))
    }

    /// A watched result has come to life.
    pub(super) fn born(&self, i: usize, size: Size) {
        if let Some(watch) = &self.watch {
            watch.born(i, size);
        }
    }

    /// The watched results that end with node `i`, which has finished.
    pub(super) fn ended(&self, i: usize) -> impl Iterator<Item = (usize, Size)> + '_ {
        let inputs = self.program.inputs(i).iter().map(|e| e.index());
        let watch = self.watch.iter();
        watch.flat_map(move |watch| {
            let inputs = inputs.clone();
            inputs.filter_map(|k| Some((k, watch.read(k)?)))
        })
    }

    /// The watched results whose users will not run.
    pub(super) fn left_alive(&self) -> Vec<(usize, Size)> {
        self.watch.as_ref().map_or_else(Vec::new, |w| w.left())
    }

    /// How large the result of a node is that this thread has just filled. Unwinds if its `Footprint` does.
    pub(super) fn measure(&self, i: usize) -> Size {
        let mut result: *const u8 = self.slot(i);
        // SAFETY: the slot is filled, and this node's count has not been given away; where its result is
        // indirect the slot holds a pointer to it.
        unsafe {
            if self.program.traits[i].has(Traits::INDIRECT) {
                result = result.cast::<*const u8>().read();
            }
            self.program.node(i).measure(result)
        }
    }

    /// Lets go the inputs of a node that has run. Panics if the `Drop` of one does; the slot is empty then.
    pub(super) fn release(&self, i: usize, keep: bool) {
        for edge in self.program.inputs(i) {
            if edge.has(Edge::TRACKED) && (keep || !edge.has(Edge::TAKEN)) {
                self.let_go(edge.index());
            }
        }
    }

    /// Counts one user of a slot out, and empties it after the last. Panics if its `Drop` does.
    pub(super) fn let_go(&self, i: usize) {
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

    /// Throws away a result whose count has not been opened.
    pub(super) fn discard(&self, i: usize) {
        if let Some(dropper) = self.program.node(i).task().result.drop {
            // SAFETY: the result has just been written by this thread, in the storage of its own type.
            unsafe { dropper(self.slot(i)) };
        }
    }

    /// Puts a remembered result into the slot of a node instead of running it. `false`: it does not fit.
    pub(super) fn import(&self, i: usize, value: &Shared) -> bool {
        let Some(share) = self.program.node(i).task().result.share else {
            return false;
        };
        let is_shared = self.program.traits[i].has(Traits::INDIRECT);
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
        if self.program.traits[i].has(Traits::INDIRECT) {
            // SAFETY: the slot is filled, its result shared, and this node's count has not been given away.
            return Some(unsafe { (share.export)(self.slot(i)) });
        }
        // SAFETY: the slot is filled; what can be copied is never moved out, dropped or written over.
        (share.copies)().then(|| unsafe { (share.copy_out)(self.slot(i)) })
    }

    /// What a node has come to, for the futures that it is. As `export`.
    pub(super) fn payload(&self, i: usize) -> Option<Payload> {
        let number = self.number(i).map(Payload::Number);
        number.or_else(|| self.export(i).map(Payload::Shared))
    }

    /// The number that a node has come to, if it is one that lies in its slot.
    #[inline]
    pub(super) fn number(&self, i: usize) -> Option<Number> {
        if self.program.traits[i].has(Traits::INDIRECT) {
            return None;
        }
        let share = self.program.node(i).task().result.share?;
        // SAFETY: as for `export`: a number can be copied.
        unsafe { (share.number)(self.slot(i)) }
    }

    /// Puts what a future has come to into the slot of the node that stands for it. `false`: it does not fit.
    pub(super) fn take_in(&self, i: usize, payload: &Payload) -> bool {
        match payload {
            Payload::Shared(shared) => self.import(i, shared),
            Payload::Number(number) => {
                let share = self.program.node(i).task().result.share;
                let shared = share.and_then(|share| (share.shared_number)(*number));
                shared.is_some_and(|shared| self.import(i, &shared))
            }
        }
    }

    /// The result of a returned graph, shared; `None` if it is a scope's borrow.
    pub(super) fn output(&self) -> Option<Shared> {
        let edge = *self.program.outputs.first()?;
        let (i, traits) = (edge.index(), self.program.traits[edge.index()]);
        let share = self.program.node(i).task().result.share?;
        // SAFETY: all nodes have finished; the output's own count keeps the slot filled.
        unsafe {
            if !traits.has(Traits::INDIRECT) {
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
    pub(super) fn outputs<R>(&self, read: impl FnOnce(&Frame<'_>) -> R) -> R {
        let failures = |k: usize| self.failure(k);
        // SAFETY: all nodes have finished, and the outputs were counted as users.
        let frame =
            unsafe { Frame::new(self.table, &self.program.outputs, false, Some(&failures)) };
        read(&frame)
    }

    /// Passes over a node that cannot run: its inputs are let go unread.
    pub(super) fn skip(&self, i: usize) {
        for edge in self.program.inputs(i) {
            if edge.has(Edge::TRACKED) {
                self.let_go(edge.index());
            }
        }
    }

    /// Drops every value that is left; the first panic of a `Drop` is handed back.
    pub(super) fn clear(&mut self) -> Option<Box<dyn Any + Send>> {
        let mut panic = None;
        for i in 0..self.uses.len() {
            if *self.uses[i].get_mut() != 0 {
                *self.uses[i].get_mut() = 0;
                // SAFETY: the count says that the slot is filled; nobody else has this segment.
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
}

impl Drop for Segment {
    fn drop(&mut self) {
        if let Some(payload) = self.clear() {
            drop_payload(payload);
        }
    }
}

/// A segment at a fixed place, shared by the participants of a run.
///
/// Looking at it (`get`) is sound because a run hands out pointers only to segments that have not been
/// reclaimed: the root until the run has closed and all participants have left; the segment of a returned
/// graph until its last unit has finished.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct SegmentPtr(NonNull<Segment>);

// SAFETY: `Segment` is `Send + Sync`.
unsafe impl Send for SegmentPtr {}
// SAFETY: as above.
unsafe impl Sync for SegmentPtr {}

impl SegmentPtr {
    pub(super) fn new(segment: Segment) -> SegmentPtr {
        // SAFETY: a box is never null.
        let new = SegmentPtr(unsafe { NonNull::new_unchecked(Box::into_raw(Box::new(segment))) });
        #[cfg(lazygraph_shuttle)]
        census::born(new);
        new
    }

    #[inline]
    pub(super) fn get<'s>(self) -> &'s Segment {
        #[cfg(lazygraph_shuttle)]
        census::assert_alive(self);
        // SAFETY: as the type says.
        unsafe { &*self.0.as_ptr() }
    }

    /// Takes the segment back. Sound because only the participant that finishes its last unit, or the owner
    /// of a run that everybody has left, does so, and no pointer to it is used afterwards.
    pub(super) fn reclaim(self) -> Box<Segment> {
        #[cfg(lazygraph_shuttle)]
        census::ended(self);
        // SAFETY: as above; made by `new`.
        unsafe { Box::from_raw(self.0.as_ptr()) }
    }
}
