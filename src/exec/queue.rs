//! The ready units of one run.
//!
//! Plans whose results own no heap memory are worked off last in, first out: each participant pushes to and
//! pops from its own deque and steals from the others'. Plans whose results do are worked off strictly by
//! priority and place in the static order, from one heap: that is what keeps memory low (promise P7).

use super::ahead::Ahead;
use super::segment::SegmentPtr;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::base::sync::atomic::{AtomicBool, AtomicUsize};
use crate::base::sync::{Mutex, RwLock, lock, unpoisoned};
use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use std::cell::OnceCell;
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

impl Ranked {
    fn of(item: Item) -> Ranked {
        let segment = item.segment.get();
        let rank = Rank {
            priority: segment.program.unit_priority(item.unit as usize),
            depth: segment.depth,
            place: Reverse(item.unit),
        };
        Ranked(rank, item)
    }
}

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

/// What is worked off by rank.
///
/// A unit that stands far down the order may be ready early; running it then would hold its result until its
/// turn comes. So units of the root are handed out only as far as [`Ahead`] allows. If nothing is running, or all that is
/// waits, the first in rank is handed out in any case: the run always goes on.
#[derive(Default)]
struct Ranking {
    heap: BinaryHeap<Ranked>,
    ahead: Ahead,
}

impl Ranking {
    /// Puts those of the root's sources into the heap that may be the first in rank.
    fn gather(&mut self, root: SegmentPtr) {
        let segment = root.get();
        if !segment.program.by_priority {
            return;
        }
        // Sources stand in the plan's order, so the next one is the first of them, unless the user gave
        // priorities: then all of them take part in the comparison.
        let progress = segment.progress();
        let sources = &progress.consumers().sources;
        let all = segment.program.has_priorities();
        loop {
            let next = progress.sources.load(Relaxed);
            let Some(&unit) = sources.get(next) else {
                return;
            };
            let first = self.heap.peek().is_none_or(|Ranked(rank, _)| {
                rank.depth == 0 && rank.priority <= 0 && rank.place < Reverse(unit)
            });
            if !first && !all {
                return;
            }
            progress.sources.store(next + 1, Relaxed);
            let item = Item {
                segment: root,
                unit,
                node: progress.nodes(unit as usize).start as u32,
            };
            self.heap.push(Ranked::of(item));
            if !all {
                return;
            }
        }
    }
}

/// The ready units of one run.
#[derive(Default)]
pub(super) struct Queue {
    root: OnceLock<SegmentPtr>,
    /// The root, as long as it is for the first who comes alone.
    fresh: OnceLock<SegmentPtr>,
    is_taken: AtomicBool,
    stealers: RwLock<Vec<(usize, Stealer<Item>)>>,
    entered: AtomicUsize,
    /// What comes from outside the participants: units woken from the memo. Made when there is some: it is large, and few runs
    /// need it.
    injector: OnceLock<Box<Injector<Item>>>,
    ranking: Mutex<Ranking>,
    heaped: AtomicUsize,
    /// Units that are worked off by rank and running.
    running: AtomicUsize,
    /// Bodies, at or below these, that have given their slot up: for what they wait is unknown.
    away: AtomicUsize,
}

/// A participant's own end of the queue.
pub(super) struct Local {
    /// Made when there is something to put into it: many runs are one unit.
    deque: OnceCell<Worker<Item>>,
    number: usize,
}

/// The most sources that a participant takes at once.
const CHUNK: usize = 32;

impl Queue {
    /// Begins with the sources of `root`.
    pub(super) fn open(&self, root: SegmentPtr) {
        let _ = self.root.set(root);
    }

    /// The root, once it is open.
    pub(super) fn root(&self) -> Option<SegmentPtr> {
        self.root.get().copied()
    }

    /// The first who comes is to begin alone with `root`, and to open it.
    pub(super) fn keep(&self, root: SegmentPtr) {
        let _ = self.fresh.set(root);
    }

    /// The root of which the caller is to begin alone.
    pub(super) fn take_fresh(&self) -> Option<SegmentPtr> {
        let fresh = self.fresh.get().copied();
        fresh.filter(|_| self.root.get().is_none() && !self.is_taken.swap(true, AcqRel))
    }

    /// The root, open or not.
    pub(super) fn any_root(&self) -> Option<SegmentPtr> {
        self.root().or_else(|| self.fresh.get().copied())
    }

    /// Takes part in the work.
    pub(super) fn enter(&self) -> Local {
        let number = self.entered.fetch_add(1, Relaxed);
        let deque = OnceCell::new();
        Local { deque, number }
    }

    fn deque<'l>(&self, local: &'l Local) -> &'l Worker<Item> {
        local.deque.get_or_init(|| {
            let deque = Worker::new_lifo();
            unpoisoned(self.stealers.write()).push((local.number, deque.stealer()));
            deque
        })
    }

    /// Takes part no more; what was left in the deque is put where others find it.
    pub(super) fn exit(&self, local: &Local) {
        let Some(deque) = local.deque.get() else {
            return;
        };
        while let Some(item) = deque.pop() {
            self.inject(item);
        }
        unpoisoned(self.stealers.write()).retain(|(number, _)| *number != local.number);
    }

    /// Makes a unit ready.
    pub(super) fn push(&self, local: &Local, item: Item) {
        match item.segment.get().program.by_priority {
            true => self.push_ranked(item),
            false => self.deque(local).push(item),
        }
    }

    /// Makes a unit ready, from outside. Does not look at the segment: the run may have closed.
    pub(super) fn inject(&self, item: Item) {
        self.injector.get_or_init(Box::default).push(item);
    }

    fn push_ranked(&self, item: Item) {
        let mut ranking = lock(&self.ranking);
        ranking.heap.push(Ranked::of(item));
        self.heaped.store(ranking.heap.len(), Release);
    }

    /// The next unit for a participant of a run with so many worker slots.
    pub(super) fn take(&self, local: &Local, slots: usize) -> Option<Item> {
        if let Some(item) = local.deque.get().and_then(Worker::pop) {
            return Some(item);
        }
        let root = self.root.get().copied()?;
        let by_priority = root.get().program.by_priority;
        if (by_priority || self.heaped.load(Acquire) > 0)
            && let Some(item) = self.take_ranked(root, slots)
        {
            return Some(item);
        }
        if !by_priority && let Some(item) = self.take_sources(root, local, slots) {
            return Some(item);
        }
        let item = self.steal(local)?;
        if item.segment.get().program.by_priority {
            self.running.fetch_add(1, AcqRel);
        }
        Some(item)
    }

    /// A unit of a segment that is worked off by rank is no longer running.
    pub(super) fn ended(&self) {
        self.running.fetch_sub(1, AcqRel);
    }

    /// A body of it, or below it, has given its slot up. To be said before anybody is invited in its place.
    pub(super) fn goes_away(&self) {
        self.away.fetch_add(1, AcqRel);
    }

    /// It has a slot again.
    pub(super) fn is_back(&self) {
        self.away.fetch_sub(1, AcqRel);
    }

    /// All users of some nodes of the root have run.
    pub(super) fn died(&self, root: SegmentPtr, nodes: &[u32]) {
        lock(&self.ranking).ahead.died(&root.get().program, nodes);
    }

    /// A unit of a segment that is worked off by rank has finished: it was the last user of some nodes, and some
    /// units are ready now.
    pub(super) fn finished(&self, at: SegmentPtr, unit: usize, dead: &[u32], ready: &[Item]) {
        let segment = at.get();
        let mut ranking = lock(&self.ranking);
        if segment.counts_lives() {
            ranking.ahead.died(&segment.program, dead);
            ranking.ahead.finished(unit);
        }
        for &item in ready {
            ranking.heap.push(Ranked::of(item));
        }
        self.heaped.store(ranking.heap.len(), Release);
    }

    /// The first in rank, of the heap and the root's sources, if it may begin.
    fn take_ranked(&self, root: SegmentPtr, slots: usize) -> Option<Item> {
        let mut ranking = lock(&self.ranking);
        let ranking = &mut *ranking;
        ranking.gather(root);
        self.heaped.store(ranking.heap.len(), Release);
        if !self.allows(ranking, root, slots) {
            return None;
        }
        let Ranked(_, item) = ranking.heap.pop()?;
        self.heaped.store(ranking.heap.len(), Release);
        self.running.fetch_add(1, AcqRel);
        if item.segment == root && root.get().counts_lives() {
            ranking.ahead.begin(&root.get().program, item.unit as usize);
        }
        Some(item)
    }

    /// Whether the first in rank may begin.
    fn allows(&self, ranking: &mut Ranking, root: SegmentPtr, slots: usize) -> bool {
        let Some(Ranked(_, first)) = ranking.heap.peek() else {
            return false;
        };
        // What returned graphs hold is not counted: the unit they belong to has begun.
        first.segment != root
            || !root.get().counts_lives()
            || self.running.load(Acquire) <= self.away.load(Acquire)
            || (ranking.ahead).allows(&root.get().program, first.unit as usize, slots)
    }

    fn steal(&self, local: &Local) -> Option<Item> {
        let any = !unpoisoned(self.stealers.read()).is_empty();
        let own = any.then(|| self.deque(local));
        loop {
            let mut retry = false;
            match self.injector.get().map(|injector| injector.steal()) {
                Some(Steal::Success(item)) => return Some(item),
                Some(Steal::Retry) => retry = true,
                Some(Steal::Empty) | None => {}
            }
            if let Some(own) = own {
                for (_, stealer) in unpoisoned(self.stealers.read()).iter() {
                    match stealer.steal_batch_and_pop(own) {
                        Steal::Success(item) => return Some(item),
                        Steal::Retry => retry = true,
                        Steal::Empty => {}
                    }
                }
            }
            if !retry {
                return None;
            }
        }
    }

    /// Whether somebody who came now would find something. A guess, for deciding whom to invite.
    pub(super) fn has_work(&self, slots: usize) -> bool {
        if let Some(root) = self.root()
            && root.get().program.by_priority
        {
            let mut ranking = lock(&self.ranking);
            ranking.gather(root);
            self.heaped.store(ranking.heap.len(), Release);
            return self.allows(&mut ranking, root, slots) || self.has_unranked();
        }
        if self.heaped.load(Relaxed) > 0 {
            return true;
        }
        if self.fresh.get().is_some() && !self.is_taken.load(Acquire) {
            return true;
        }
        if let Some(root) = self.root() {
            let progress = root.get().progress();
            if progress.sources.load(Relaxed) < progress.consumers().sources.len() {
                return true;
            }
        }
        self.has_unranked()
    }

    fn has_unranked(&self) -> bool {
        let stealers = unpoisoned(self.stealers.read());
        let injected = self.injector.get().is_some_and(|i| !i.is_empty());
        injected || stealers.iter().any(|(_, s)| !s.is_empty())
    }

    /// Takes a few of the root's sources in the plan's order: one to run, the others for the deque.
    fn take_sources(&self, root: SegmentPtr, local: &Local, slots: usize) -> Option<Item> {
        let progress = root.get().progress();
        let sources = &progress.consumers().sources;
        let taken = progress.sources.load(Relaxed);
        if taken >= sources.len() {
            return None;
        }
        let chunk = ((sources.len() - taken) / (slots * 4)).clamp(1, CHUNK);
        let from = progress
            .sources
            .fetch_add(chunk, Relaxed)
            .min(sources.len());
        let units = &sources[from..(from + chunk).min(sources.len())];
        let item = |unit: u32| {
            let node = progress.nodes(unit as usize).start as u32;
            Item {
                segment: root,
                unit,
                node,
            }
        };
        let (first, rest) = units.split_first()?;
        if !rest.is_empty() {
            let deque = self.deque(local);
            rest.iter().rev().for_each(|unit| deque.push(item(*unit)));
        }
        Some(item(*first))
    }
}
