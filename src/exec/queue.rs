//! The ready units of one run.
//!
//! Plans whose results own no heap memory are worked off last in, first out: each participant pushes to and
//! pops from its own deque and steals from the others'. Plans whose results do are worked off strictly by
//! priority and place in the static order, from one heap: that is what keeps memory low (promise P7).

use super::segment::SegmentPtr;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::base::sync::{Mutex, RwLock, lock, unpoisoned};
use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::OnceLock;

/// A ready unit.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) segment: SegmentPtr,
    pub(super) unit: u32,
    /// The node of the unit to begin with: not its first if it had to wait in the middle.
    pub(super) node: u32,
}

/// What a heap is ordered by: user's priority, depth of returned graphs, then place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    priority: i32,
    depth: u32,
    place: Reverse<u32>,
}

struct Ranked(Rank, Item);

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.0 == other.0
    }
}
impl Eq for Ranked {}
impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// The ready units of one run.
#[derive(Default)]
pub(super) struct Queue {
    root: OnceLock<SegmentPtr>,
    stealers: RwLock<Vec<(usize, Stealer<Item>)>>,
    entered: AtomicUsize,
    /// What comes from outside the participants: units woken from the memo.
    injector: Injector<Item>,
    heap: Mutex<BinaryHeap<Ranked>>,
    heaped: AtomicUsize,
    budget: Budget,
}

/// How many heap-owning intermediates of the root may be alive, if it is worked off by priority.
///
/// A unit that stands far down the order may be ready early; running it then would hold its result until its
/// turn comes. So a unit is handed out only while live results and running units together stay within the
/// plan's own peak and one for each slot. If nothing is running, the first in rank is handed out in any case:
/// the run always goes on.
#[derive(Default)]
struct Budget {
    live: AtomicUsize,
    running: AtomicUsize,
}

/// A participant's own end of the queue.
pub(super) struct Local {
    deque: Worker<Item>,
    number: usize,
}

/// The most sources that a participant takes at once.
const CHUNK: usize = 32;

impl Queue {
    /// Begins with the sources of `root`.
    pub(super) fn open(&self, root: SegmentPtr) {
        let _ = self.root.set(root);
    }

    pub(super) fn root(&self) -> Option<SegmentPtr> {
        self.root.get().copied()
    }

    /// Takes part in the work.
    pub(super) fn enter(&self) -> Local {
        let deque = Worker::new_lifo();
        let number = self.entered.fetch_add(1, Relaxed);
        unpoisoned(self.stealers.write()).push((number, deque.stealer()));
        Local { deque, number }
    }

    /// Takes part no more; what was left in the deque is put where others find it.
    pub(super) fn exit(&self, local: &Local) {
        while let Some(item) = local.deque.pop() {
            self.injector.push(item);
        }
        unpoisoned(self.stealers.write()).retain(|(number, _)| *number != local.number);
    }

    /// Makes a unit ready.
    pub(super) fn push(&self, local: &Local, item: Item) {
        match item.segment.get().program.by_priority {
            true => self.push_ranked(item),
            false => local.deque.push(item),
        }
    }

    /// Makes a unit ready, from outside. Does not look at the segment: the run may have closed.
    pub(super) fn inject(&self, item: Item) {
        self.injector.push(item);
    }

    fn push_ranked(&self, item: Item) {
        let segment = item.segment.get();
        let rank = Rank {
            priority: segment.program.unit_priority(item.unit as usize),
            depth: segment.depth,
            place: Reverse(item.unit),
        };
        let mut heap = lock(&self.heap);
        heap.push(Ranked(rank, item));
        self.heaped.store(heap.len(), Release);
    }

    /// The next unit for a participant of a run with so many worker slots.
    pub(super) fn take(&self, local: &Local, slots: usize) -> Option<Item> {
        if let Some(item) = local.deque.pop() {
            return Some(item);
        }
        let root = self.root.get().copied()?;
        let by_priority = root.get().program.by_priority;
        if (by_priority || self.heaped.load(Acquire) > 0)
            && let Some(item) = self.take_ranked(root, by_priority, slots)
        {
            return Some(item);
        }
        if !by_priority && let Some(item) = take_sources(root, local, slots) {
            return Some(item);
        }
        let item = self.steal(local)?;
        if item.segment.get().program.by_priority {
            self.budget.running.fetch_add(1, AcqRel);
        }
        Some(item)
    }

    /// Whether the budget allows one more unit to run.
    fn allows(&self, root: SegmentPtr, slots: usize) -> bool {
        let running = self.budget.running.load(Acquire);
        running == 0
            || self.budget.live.load(Acquire) + running < root.get().program.peak() + 1 + slots
    }

    /// A unit of a segment that is worked off by rank is no longer running.
    pub(super) fn ended(&self) {
        self.budget.running.fetch_sub(1, AcqRel);
    }

    /// So many intermediates have come to life and so many have ended.
    pub(super) fn lived(&self, born: usize, ended: usize) {
        self.budget.live.fetch_add(born, AcqRel);
        self.budget.live.fetch_sub(ended, AcqRel);
    }

    /// The first in rank, of the heap and the root's sources.
    fn take_ranked(&self, root: SegmentPtr, by_priority: bool, slots: usize) -> Option<Item> {
        let mut heap = lock(&self.heap);
        if by_priority && !self.allows(root, slots) {
            return None;
        }
        if by_priority {
            // Sources stand in the plan's order, so the next one is the first of them, unless the user gave
            // priorities: then all of them take part in the comparison.
            let (segment, sources) = (root.get(), &root.get().program.consumers().sources);
            let all = segment.program.has_priorities();
            loop {
                let next = segment.sources.load(Relaxed);
                let Some(&unit) = sources.get(next) else {
                    break;
                };
                let first = heap.peek().is_none_or(|Ranked(rank, _)| {
                    rank.depth == 0 && rank.priority <= 0 && rank.place < Reverse(unit)
                });
                if !first && !all {
                    break;
                }
                segment.sources.store(next + 1, Relaxed);
                let node = segment.program.unit(unit as usize).start;
                let priority = segment.program.unit_priority(unit as usize);
                let item = Item {
                    segment: root,
                    unit,
                    node: node as u32,
                };
                heap.push(Ranked(
                    Rank {
                        priority,
                        depth: 0,
                        place: Reverse(unit),
                    },
                    item,
                ));
                if !all {
                    break;
                }
            }
        }
        let item = heap.pop().map(|Ranked(_, item)| item);
        self.heaped.store(heap.len(), Release);
        if item.is_some() {
            self.budget.running.fetch_add(1, AcqRel);
        }
        item
    }

    fn steal(&self, local: &Local) -> Option<Item> {
        loop {
            let mut retry = false;
            match self.injector.steal() {
                Steal::Success(item) => return Some(item),
                Steal::Retry => retry = true,
                Steal::Empty => {}
            }
            for (_, stealer) in unpoisoned(self.stealers.read()).iter() {
                match stealer.steal_batch_and_pop(&local.deque) {
                    Steal::Success(item) => return Some(item),
                    Steal::Retry => retry = true,
                    Steal::Empty => {}
                }
            }
            if !retry {
                return None;
            }
        }
    }

    /// Whether somebody who came now would find something. A guess, for deciding whom to invite.
    pub(super) fn has_work(&self, slots: usize) -> bool {
        if let Some(root) = self.root.get()
            && root.get().program.by_priority
            && !self.allows(*root, slots)
        {
            return !self.injector.is_empty();
        }
        if self.heaped.load(Relaxed) > 0 || !self.injector.is_empty() {
            return true;
        }
        if let Some(root) = self.root.get() {
            let segment = root.get();
            if segment.sources.load(Relaxed) < segment.program.consumers().sources.len() {
                return true;
            }
        }
        unpoisoned(self.stealers.read())
            .iter()
            .any(|(_, s)| !s.is_empty())
    }
}

/// Takes a few of the root's sources in the plan's order: one to run, the others for the deque.
fn take_sources(root: SegmentPtr, local: &Local, slots: usize) -> Option<Item> {
    let segment = root.get();
    let sources = &segment.program.consumers().sources;
    let taken = segment.sources.load(Relaxed);
    if taken >= sources.len() {
        return None;
    }
    let chunk = ((sources.len() - taken) / (slots * 4)).clamp(1, CHUNK);
    let from = segment.sources.fetch_add(chunk, Relaxed).min(sources.len());
    let units = &sources[from..(from + chunk).min(sources.len())];
    let item = |unit: u32| {
        let node = segment.program.unit(unit as usize).start as u32;
        Item {
            segment: root,
            unit,
            node,
        }
    };
    let (first, rest) = units.split_first()?;
    for unit in rest.iter().rev() {
        local.deque.push(item(*unit));
    }
    Some(item(*first))
}
