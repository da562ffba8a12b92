//! The ready units of one run, of both kinds.

use super::deques::{Deques, WorkerDeque};
use super::ranked::RankedUnits;
use super::ready_unit::ReadyUnit;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::base::sync::atomic::{AtomicBool, AtomicUsize};
use crate::base::sync::{Mutex, OnceLock, lock};
use crate::exec::segment::SegmentPtr;
use crate::exec::tuning::SOURCE_CHUNK;
use crate::plan::NodeFlags;

/// The ready units of one run.
#[derive(Default)]
pub(in crate::exec) struct Queue {
    root: OnceLock<SegmentPtr>,
    /// The root of which the first participant is to execute the first nodes alone.
    unprobed: OnceLock<SegmentPtr>,
    is_probed: AtomicBool,
    deques: Deques,
    ranked: Mutex<RankedUnits>,
    /// How many units the heap of `ranked` holds.
    heaped: AtomicUsize,
    /// Units that are worked off by rank and running.
    running: AtomicUsize,
    /// Bodies at or below these that have given up their slot: what they wait for is unknown.
    yielded: AtomicUsize,
}

impl Queue {
    // -------------------------------------------------------------- the root

    /// Begins with the sources of `root`.
    pub(in crate::exec) fn open(&self, root: SegmentPtr) {
        let _ = self.root.set(root);
    }

    /// The root, once it is open.
    pub(in crate::exec) fn root(&self) -> Option<SegmentPtr> {
        self.root.get().copied()
    }

    /// The first participant is to begin with `root` alone, and to open it.
    pub(in crate::exec) fn set_unprobed(&self, root: SegmentPtr) {
        let _ = self.unprobed.set(root);
    }

    /// The root that the caller is to begin with alone.
    pub(in crate::exec) fn take_unprobed(&self) -> Option<SegmentPtr> {
        let unprobed = self.unprobed.get().copied();
        unprobed.filter(|_| self.root.get().is_none() && !self.is_probed.swap(true, AcqRel))
    }

    /// The root, open or not.
    pub(in crate::exec) fn any_root(&self) -> Option<SegmentPtr> {
        self.root().or_else(|| self.unprobed.get().copied())
    }

    // -------------------------------------------------------------- participants

    pub(in crate::exec) fn enter(&self) -> WorkerDeque {
        self.deques.enter()
    }

    /// Takes part no more; what was left in the deque is put where others find it.
    pub(in crate::exec) fn exit(&self, local: &WorkerDeque) {
        self.deques.exit(local);
    }

    // -------------------------------------------------------------- units

    /// Makes a unit ready.
    pub(in crate::exec) fn push(&self, local: &WorkerDeque, item: ReadyUnit) {
        if !item.segment.get().program().by_priority {
            return self.deques.push(local, item);
        }
        let mut ranked = lock(&self.ranked);
        ranked.push(item);
        self.heaped.store(ranked.len(), Release);
    }

    /// Makes a unit ready, from outside. Does not look at the segment: the run may have closed.
    pub(in crate::exec) fn inject(&self, item: ReadyUnit) {
        self.deques.inject(item);
    }

    /// The next unit for a participant of a run with `slots` worker slots.
    #[inline]
    pub(in crate::exec) fn take(&self, local: &WorkerDeque, slots: usize) -> Option<ReadyUnit> {
        if let Some(item) = local.pop() {
            return Some(item);
        }
        let root = self.root.get().copied()?;
        let by_priority = root.get().program().by_priority;
        if by_priority && let Some(item) = self.take_woken(root) {
            return Some(item);
        }
        if (by_priority || self.heaped.load(Acquire) > 0)
            && let Some(item) = self.take_ranked(root, slots)
        {
            return Some(item);
        }
        if !by_priority && let Some(item) = self.take_sources(root, local, slots) {
            return Some(item);
        }
        let item = self.deques.steal(local)?;
        if item.segment.get().program().by_priority {
            self.running.fetch_add(1, AcqRel);
        }
        Some(item)
    }

    /// A unit that was woken. It has begun, and its turn was before that of all that have not; unless these have priorities.
    #[inline(never)]
    fn take_woken(&self, root: SegmentPtr) -> Option<ReadyUnit> {
        if root.get().program().has_priorities {
            return None;
        }
        let item = self.deques.take_injected()?;
        if item.segment.get().program().by_priority {
            self.running.fetch_add(1, AcqRel);
        }
        Some(item)
    }

    /// The first in rank, of the heap and the root's sources, if it may begin.
    fn take_ranked(&self, root: SegmentPtr, slots: usize) -> Option<ReadyUnit> {
        let mut ranked = lock(&self.ranked);
        let item = match self.has_first(&mut ranked, root, slots) {
            true => ranked.begin_first(root),
            false => None,
        };
        self.heaped.store(ranked.len(), Release);
        if item.is_some() {
            self.running.fetch_add(1, AcqRel);
        }
        item
    }

    /// Whether there is a first in rank, and it may begin. Where nothing runs, or all that runs waits, it may in any case:
    /// the run always goes on.
    fn has_first(&self, ranked: &mut RankedUnits, root: SegmentPtr, slots: usize) -> bool {
        ranked.gather_sources(root);
        let is_idle = self.running.load(Acquire) <= self.yielded.load(Acquire);
        ranked.allows_first(root, slots, is_idle)
    }

    /// Takes a few of the root's sources in the plan's order: one to run, the others for the deque.
    fn take_sources(
        &self,
        root: SegmentPtr,
        local: &WorkerDeque,
        slots: usize,
    ) -> Option<ReadyUnit> {
        let progress = root.get().progress();
        let sources = &progress.consumers().sources;
        let taken = progress.sources.load(Relaxed);
        if taken >= sources.len() {
            return None;
        }
        let chunk = ((sources.len() - taken) / (slots * 4)).clamp(1, SOURCE_CHUNK);
        let from = progress.sources.fetch_add(chunk, Relaxed);
        let from = from.min(sources.len());
        let units = &sources[from..(from + chunk).min(sources.len())];
        let (first, rest) = units.split_first()?;
        for unit in rest.iter().rev() {
            self.deques.push(local, ReadyUnit::of_unit(root, *unit));
        }
        Some(ReadyUnit::of_unit(root, *first))
    }

    /// Whether what is done next uses results of futures. A guess. Asked by a participant.
    pub(in crate::exec) fn frees_memory(&self) -> bool {
        if self.deques.have_injected() {
            return true;
        }
        let Some(root) = self.any_root() else {
            return false;
        };
        let program = root.get().program();
        if !program.any.has(NodeFlags::SOURCE) {
            return false;
        }
        let is_next = |unit: u32| program.uses_future(unit as usize);
        if program.by_priority {
            let mut ranked = lock(&self.ranked);
            ranked.gather_sources(root);
            self.heaped.store(ranked.len(), Release);
            return ranked.first_of(root).is_some_and(is_next);
        }
        if self.root.get().is_none() {
            return is_next(0);
        }
        let progress = root.get().progress();
        let next = progress
            .consumers()
            .sources
            .get(progress.sources.load(Relaxed))
            .copied();
        next.is_some_and(is_next)
    }

    /// Whether a thread that came now would find something. A guess, for deciding whether to invite one.
    pub(in crate::exec) fn has_work(&self, slots: usize) -> bool {
        let root = self.root();
        if let Some(root) = root.filter(|root| root.get().program().by_priority) {
            let mut ranked = lock(&self.ranked);
            let has_first = self.has_first(&mut ranked, root, slots);
            self.heaped.store(ranked.len(), Release);
            return has_first || self.deques.have_items();
        }
        let is_unprobed = || self.unprobed.get().is_some() && !self.is_probed.load(Acquire);
        let has_sources = || {
            root.is_some_and(|root| {
                let progress = root.get().progress();
                progress.sources.load(Relaxed) < progress.consumers().sources.len()
            })
        };
        self.heaped.load(Relaxed) > 0 || is_unprobed() || has_sources() || self.deques.have_items()
    }

    // -------------------------------------------------------------- what is worked off by rank

    /// A unit that is worked off by rank runs no longer.
    pub(in crate::exec) fn unit_ends(&self) {
        self.running.fetch_sub(1, AcqRel);
    }

    /// A unit that is worked off by rank has finished: it was the last user of the nodes `ended`, and units have become ready.
    pub(in crate::exec) fn finish_unit(
        &self,
        segment: SegmentPtr,
        unit: usize,
        ended: &[u32],
        ready: &[ReadyUnit],
    ) {
        let mut ranked = lock(&self.ranked);
        ranked.results_ended(segment, ended);
        ranked.finish_unit(segment, unit);
        for &item in ready {
            ranked.push(item);
        }
        self.heaped.store(ranked.len(), Release);
    }

    /// All users of some nodes have run.
    pub(in crate::exec) fn results_ended(&self, segment: SegmentPtr, nodes: &[u32]) {
        if !nodes.is_empty() {
            lock(&self.ranked).results_ended(segment, nodes);
        }
    }

    /// A body at or below these has given up its slot. To be said before a thread is invited in its place.
    pub(in crate::exec) fn slot_yielded(&self) {
        self.yielded.fetch_add(1, AcqRel);
    }

    /// It has a slot again.
    pub(in crate::exec) fn slot_returned(&self) {
        self.yielded.fetch_sub(1, AcqRel);
    }
}
