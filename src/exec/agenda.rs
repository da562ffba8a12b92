//! The tasks of a client: those that have work, by rank, and all that have not ended.

use super::job::Job;
use super::press::Progress;
use super::run::Run;
use crate::base::sync::atomic::AtomicI32;
use crate::base::sync::atomic::AtomicU64;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::base::sync::{Condvar, Mutex, lock, unpoisoned};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// Who goes first: the higher priority, then the deeper, then the earlier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Rank {
    priority: Reverse<i32>,
    depth: Reverse<u32>,
    number: u64,
}

/// The tasks of a client.
#[derive(Default)]
pub(crate) struct Agenda {
    /// Runs that have work, or somebody who works on them. One that waits comes back when it is woken.
    open: Mutex<BTreeMap<Rank, Arc<Run>>>,
    /// The highest priority of a run that nobody has begun: those of a lower one let it go first.
    urgent: AtomicI32,
    numbers: AtomicU64,
    jobs: Mutex<BTreeMap<u64, Weak<Job>>>,
    none_left: Condvar,
    /// All futures that there were.
    expected: AtomicUsize,
    pub(super) progress: Progress,
}

impl Agenda {
    pub(super) fn rank(&self, priority: i32, depth: u32) -> Rank {
        Rank {
            priority: Reverse(priority),
            depth: Reverse(depth),
            number: self.numbers.fetch_add(1, Relaxed),
        }
    }

    /// A run has work.
    pub(super) fn add(&self, rank: Rank, run: &Arc<Run>) {
        let mut open = lock(&self.open);
        open.insert(rank, run.clone());
        if !run.has_begun() {
            self.urgent.fetch_max(rank.priority.0, AcqRel);
        }
    }

    /// Whether a run of a higher priority is to go first.
    #[inline]
    pub(super) fn is_urgent(&self, rank: Rank) -> bool {
        self.urgent.load(Relaxed) > rank.priority.0
    }

    /// The first run that somebody who came now could work on.
    pub(super) fn next(&self) -> Option<Arc<Run>> {
        let mut visited = Vec::new();
        let mut found = None;
        let mut open = lock(&self.open);
        let mut gone = Vec::new();
        for (rank, run) in open.iter() {
            if !run.join() {
                gone.push(*rank);
                continue;
            }
            visited.push(run.clone());
            if run.wants_visit() {
                found = Some(run.clone());
                break;
            }
            if run.is_idle() {
                gone.push(*rank);
            }
        }
        for rank in gone {
            open.remove(&rank);
        }
        let unbegun = open.iter().filter(|(_, run)| {
            !run.has_begun() && found.as_ref().is_none_or(|f| !Arc::ptr_eq(f, run))
        });
        // They stand by priority: the first is the highest.
        let urgent = unbegun.map(|(rank, _)| rank.priority.0).next();
        self.urgent.store(urgent.unwrap_or(i32::MIN), Release);
        drop(open);
        // Not under the lock: who leaves last concludes.
        visited.iter().for_each(|run| run.leave());
        found
    }

    // -------------------------------------------------------------- all of them

    /// So many futures are pending, from here on.
    pub(super) fn expect(&self, futures: usize) {
        self.expected.fetch_add(futures, AcqRel);
    }

    pub(super) fn register(&self, job: &Arc<Job>) {
        lock(&self.jobs).insert(job.number(), Arc::downgrade(job));
    }

    fn live(&self) -> usize {
        let ended = self.progress.ended();
        self.expected.load(Acquire).wrapping_sub(ended)
    }

    /// A body begins.
    pub(super) fn gets_on(&self) {
        self.progress.step();
    }

    #[inline]
    pub(super) fn has_ended(&self) {
        if self.progress.end() == self.expected.load(Acquire) {
            drop(lock(&self.jobs));
            self.none_left.notify_all();
        }
    }

    /// A job has come to rest.
    pub(super) fn conclude(&self, number: u64, rank: Rank) {
        lock(&self.open).remove(&rank);
        let mut jobs = lock(&self.jobs);
        jobs.remove(&number);
        if jobs.is_empty() {
            self.none_left.notify_all();
        }
    }

    /// The jobs that have not come to rest.
    pub(crate) fn jobs(&self) -> Vec<Arc<Job>> {
        let jobs = lock(&self.jobs);
        jobs.values().filter_map(Weak::upgrade).collect()
    }

    /// Waits until all have come to rest, and all futures ended.
    pub(crate) fn wait_for_all(&self) {
        let mut jobs = lock(&self.jobs);
        while !jobs.is_empty() || self.live() > 0 {
            jobs = unpoisoned(self.none_left.wait(jobs));
        }
    }

    /// How many futures are live, have not begun, run, and wait in their bodies. Looks at every future of every job that has
    /// not come to rest.
    pub(super) fn counts(&self) -> [usize; 4] {
        let jobs = self.jobs();
        let add = |[a, b, c]: [usize; 3], [x, y, z]: [usize; 3]| [a + x, b + y, c + z];
        let [queued, running, suspended] = jobs.iter().map(|job| job.counts()).fold([0; 3], add);
        // What was cancelled has ended, but its bodies may not have returned.
        let live = match self.live() {
            0 => lock(&self.jobs).len(),
            live => live,
        };
        [live, queued, running, suspended]
    }
}
