//! Units that are worked off by rank, within a budget of live results.

use super::budget::Budget;
use super::ready_unit::ReadyUnit;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::exec::segment::SegmentPtr;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The order of units: by the user's priority, how deep in returned graphs they are, then their place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct UnitRank {
    priority: i32,
    depth: u32,
    place: Reverse<u32>,
}

struct RankedItem(UnitRank, ReadyUnit);

impl RankedItem {
    fn new(item: ReadyUnit) -> RankedItem {
        let segment = item.segment.get();
        let rank = UnitRank {
            priority: segment.program().unit_priority(item.unit as usize),
            depth: segment.depth,
            place: Reverse(item.unit),
        };
        RankedItem(rank, item)
    }
}

impl PartialEq for RankedItem {
    fn eq(&self, other: &RankedItem) -> bool {
        self.0 == other.0
    }
}
impl Eq for RankedItem {}
impl PartialOrd for RankedItem {
    fn partial_cmp(&self, other: &RankedItem) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for RankedItem {
    fn cmp(&self, other: &RankedItem) -> Ordering {
        self.0.cmp(&other.0)
    }
}

/// The ready units of a run, by rank.
///
/// A unit that stands far down the order may be ready early; running it then would hold its result until its
/// turn comes. So units of the root are handed out only as far as the budget allows.
#[derive(Default)]
pub(super) struct RankedUnits {
    heap: BinaryHeap<RankedItem>,
    budget: Budget,
}

impl RankedUnits {
    pub(super) fn push(&mut self, item: ReadyUnit) {
        self.heap.push(RankedItem::new(item));
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Puts those of the root's sources into the heap that may be the first in rank.
    pub(super) fn gather_sources(&mut self, root: SegmentPtr) {
        let segment = root.get();
        if !segment.program().by_priority {
            return;
        }
        // Sources stand in the plan's order, so the next one is the first of them, unless the user gave
        // priorities: then all of them take part in the comparison.
        let progress = segment.progress();
        let sources = &progress.consumers().sources;
        let all = segment.program().has_priorities;
        loop {
            let next = progress.sources.load(Relaxed);
            let Some(&unit) = sources.get(next) else {
                return;
            };
            let first = self.heap.peek().is_none_or(|RankedItem(rank, _)| {
                rank.depth == 0 && rank.priority <= 0 && rank.place < Reverse(unit)
            });
            if !first && !all {
                return;
            }
            progress.sources.store(next + 1, Relaxed);
            self.push(ReadyUnit::of_unit(root, unit));
            if !all {
                return;
            }
        }
    }

    /// Whether the first in rank may begin. `is_forced`: whatever the budget says, for nothing runs.
    pub(super) fn allows_first(&mut self, root: SegmentPtr, slots: usize, is_forced: bool) -> bool {
        let Some(RankedItem(_, first)) = self.heap.peek() else {
            return false;
        };
        // What returned graphs hold is not counted: the unit they belong to has begun.
        first.segment != root
            || !root.get().is_budgeted()
            || is_forced
            || (self.budget).allows(root.get().program(), first.unit as usize, slots)
    }

    /// The first in rank, if it is a unit of `root`.
    pub(super) fn first_of(&self, root: SegmentPtr) -> Option<u32> {
        let RankedItem(_, first) = self.heap.peek()?;
        (first.segment == root).then_some(first.unit)
    }

    /// Takes the first in rank, which begins.
    pub(super) fn begin_first(&mut self, root: SegmentPtr) -> Option<ReadyUnit> {
        let RankedItem(_, item) = self.heap.pop()?;
        if item.segment == root && root.get().is_budgeted() {
            self.budget
                .begin_unit(root.get().program(), item.unit as usize);
        }
        Some(item)
    }

    /// All users of some nodes of a segment have run.
    pub(super) fn results_ended(&mut self, segment: SegmentPtr, nodes: &[u32]) {
        if segment.get().is_budgeted() {
            self.budget.results_ended(segment.get().program(), nodes);
        }
    }

    pub(super) fn finish_unit(&mut self, segment: SegmentPtr, unit: usize) {
        if segment.get().is_budgeted() {
            self.budget.finish_unit(unit);
        }
    }
}
