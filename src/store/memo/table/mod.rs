//! The entries of a memo, and its bounds.

#[cfg(test)]
mod tests;

use super::aging::{Candidate, Candidates, Rank};
use super::{Memo, MemoStats};
use crate::base::Shared;
use crate::base::error::drop_payload;
use crate::base::footprint::Size;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use crate::base::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use crate::base::sync::{Mutex, MutexGuard, lock};
use ahash::AHashMap;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Called once, when an entry that was waited for has changed.
pub(crate) type Waker = Box<dyn FnOnce() + Send>;

pub(super) enum Entry {
    Running(Vec<Waker>),
    Done(Kept),
}

pub(super) struct Kept {
    value: Shared,
    bytes: usize,
    rank: Rank,
}

/// What asking for a key came to.
pub(super) enum Found {
    Done(Shared),
    Running,
    /// Nothing was there; the asker has taken it on.
    Taken,
    /// Nothing was there, and the asker does not want it.
    Nothing,
}

#[derive(Default)]
struct Shard {
    entries: AHashMap<u128, Entry>,
    hits: u64,
    shared: u64,
    misses: u64,
    estimated: usize,
}

const SHARDS: usize = 16;

/// The entries of a memo, and its bounds.
///
/// Locks are taken in the order `candidates`, a shard; no value is dropped and no waker called under one.
pub(super) struct Table {
    /// Tells memos apart among the waits of the process.
    pub(super) id: u64,
    shards: [Mutex<Shard>; SHARDS],
    budget: usize,
    max_entries: AtomicUsize,
    /// What the entries that are done count; reserved before one is put in, so never beyond the bounds.
    bytes: AtomicUsize,
    entries: AtomicUsize,
    stamps: AtomicU64,
    /// The bits of the age: an `f64`, written under the lock of the candidates.
    age: AtomicU64,
    /// There are candidates: whoever keeps a result adds it to them.
    pressed: AtomicBool,
    /// `None` until room is needed for the first time.
    candidates: Mutex<Option<Candidates>>,
    evicted: AtomicU64,
    refused: AtomicU64,
}

impl Table {
    pub(super) fn new(budget: usize, max_entries: usize) -> Table {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        Table {
            id: NEXT.fetch_add(1, Relaxed),
            shards: Default::default(),
            budget,
            max_entries: AtomicUsize::new(max_entries),
            bytes: AtomicUsize::new(0),
            entries: AtomicUsize::new(0),
            stamps: AtomicU64::new(0),
            age: AtomicU64::new(0f64.to_bits()),
            pressed: AtomicBool::new(false),
            candidates: Mutex::new(None),
            evicted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    fn shard(&self, key: u128) -> MutexGuard<'_, Shard> {
        lock(&self.shards[key as usize % SHARDS])
    }

    fn age(&self) -> f64 {
        f64::from_bits(self.age.load(Relaxed))
    }

    // ------------------------------------------------------------------ entries

    /// Asks for a key; `wanted` is asked, under the lock, whether to take it on if nothing is there.
    pub(super) fn ask(&self, key: u128, wanted: impl FnOnce() -> bool) -> Found {
        use std::collections::hash_map::Entry::{Occupied, Vacant};
        let mut shard = self.shard(key);
        let shard = &mut *shard;
        match shard.entries.entry(key) {
            Vacant(_) if !wanted() => Found::Nothing,
            Vacant(vacant) => {
                vacant.insert(Entry::Running(Vec::new()));
                shard.misses += 1;
                Found::Taken
            }
            Occupied(mut entry) => match entry.get_mut() {
                Entry::Running(_) => Found::Running,
                Entry::Done(kept) => {
                    kept.rank.used(self.age());
                    match &mut kept.rank.awaited {
                        0 => shard.hits += 1,
                        awaited => {
                            *awaited -= 1;
                            shard.shared += 1;
                        }
                    }
                    Found::Done(kept.value.clone())
                }
            },
        }
    }

    /// Leaves a waker with a running entry, if it is one and `agrees`, asked under the lock.
    pub(super) fn park<E>(
        &self,
        key: u128,
        waker: Waker,
        agrees: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut shard = self.shard(key);
        let Some(Entry::Running(wakers)) = shard.entries.get_mut(&key) else {
            return Ok(false);
        };
        agrees()?;
        wakers.push(waker);
        Ok(true)
    }

    /// A running entry has its result: keeps it if there is room, which what is handed back made.
    #[must_use]
    pub(super) fn complete(
        &self,
        key: u128,
        value: Shared,
        size: Size,
        cost: Option<Duration>,
    ) -> (Vec<Waker>, Vec<Shared>) {
        let bytes = size.bytes.saturating_add(Memo::ENTRY_BYTES);
        let mut evicted = Vec::new();
        if !self.reserve(bytes) && !self.make_room(bytes, &mut evicted) {
            self.refused.fetch_add(1, Relaxed);
            return (self.abandon(key), evicted);
        }
        let stamp = self.stamps.fetch_add(1, Relaxed);
        let mut rank = Rank::new(cost, bytes, self.age(), stamp);
        rank.estimated = size.estimated;
        let mut shard = self.shard(key);
        shard.estimated += usize::from(size.estimated);
        let entry = shard.entries.entry(key);
        let entry = entry.or_insert_with(|| Entry::Running(Vec::new()));
        let wakers = match entry {
            Entry::Running(wakers) => std::mem::take(wakers),
            Entry::Done(_) => Vec::new(),
        };
        rank.awaited = u8::try_from(wakers.len()).unwrap_or(u8::MAX);
        let candidate = rank.candidate(key);
        *entry = Entry::Done(Kept { value, bytes, rank });
        drop(shard);
        // Whoever gathers the candidates has set this before it looked into the shard.
        if self.pressed.load(SeqCst) {
            self.add_candidate(candidate);
        }
        (wakers, evicted)
    }

    /// Removes a running entry: the next asker takes it on.
    #[must_use]
    pub(super) fn abandon(&self, key: u128) -> Vec<Waker> {
        let mut shard = self.shard(key);
        match shard.entries.get_mut(&key) {
            Some(Entry::Running(wakers)) => {
                let wakers = std::mem::take(wakers);
                shard.entries.remove(&key);
                wakers
            }
            _ => Vec::new(),
        }
    }

    /// Takes out a result.
    pub(super) fn forget(&self, key: u128) -> Option<Shared> {
        self.take_if(key, |_| true)
    }

    fn take_if(&self, key: u128, which: impl FnOnce(&Rank) -> bool) -> Option<Shared> {
        let mut shard = self.shard(key);
        match shard.entries.get(&key) {
            Some(Entry::Done(kept)) if which(&kept.rank) => {}
            _ => return None,
        }
        match shard.entries.remove(&key) {
            Some(Entry::Done(kept)) => Some(self.taken(&mut shard, kept)),
            _ => None,
        }
    }

    fn taken(&self, shard: &mut Shard, kept: Kept) -> Shared {
        shard.estimated -= usize::from(kept.rank.estimated);
        self.bytes.fetch_sub(kept.bytes, AcqRel);
        self.entries.fetch_sub(1, AcqRel);
        kept.value
    }

    /// Takes out all results.
    #[must_use]
    pub(super) fn clear(&self) -> Vec<Shared> {
        let mut values = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            for (key, entry) in std::mem::take(&mut shard.entries) {
                match entry {
                    Entry::Done(kept) => values.push(self.taken(&mut shard, kept)),
                    running => _ = shard.entries.insert(key, running),
                }
            }
        }
        values
    }

    // ------------------------------------------------------------------ bounds

    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    pub(super) fn set_max_entries(&self, n: usize) {
        self.max_entries.store(n, Relaxed);
    }

    /// Whether it is a quarter full: from then on it matters what a result costs.
    pub(super) fn wants_cost(&self) -> bool {
        self.bytes.load(Relaxed) >= self.budget / 4
            || self.entries.load(Relaxed) >= self.max_entries.load(Relaxed) / 4
    }

    /// Counts one more entry of so many bytes, if it is within the bounds.
    fn reserve(&self, bytes: usize) -> bool {
        let max = self.max_entries.load(Relaxed);
        let one = |n: usize| (n < max).then_some(n + 1);
        if self.entries.fetch_update(AcqRel, Acquire, one).is_err() {
            return false;
        }
        let more = |n: usize| n.checked_add(bytes).filter(|n| *n <= self.budget);
        let fits = self.bytes.fetch_update(AcqRel, Acquire, more).is_ok();
        if !fits {
            self.entries.fetch_sub(1, AcqRel);
        }
        fits
    }

    /// Takes out what is worth least until one more entry of so many bytes can be counted, and counts it.
    fn make_room(&self, bytes: usize, evicted: &mut Vec<Shared>) -> bool {
        if bytes > self.budget || self.max_entries.load(Relaxed) == 0 {
            return false;
        }
        let mut candidates = lock(&self.candidates);
        let candidates = candidates.get_or_insert_with(|| self.gather());
        while !self.reserve(bytes) {
            // What others have reserved and not put in yet cannot be taken out.
            let Some(first) = candidates.pop() else {
                return false;
            };
            let mut now = None;
            let value = self.take_if(first.key, |rank| {
                if first.is(rank) && first.is_behind(rank) {
                    now = Some(rank.candidate(first.key));
                }
                first.is(rank) && now.is_none()
            });
            if let Some(now) = now {
                candidates.push(now);
            }
            if let Some(value) = value {
                let age = self.age().max(first.priority);
                self.age.store(age.to_bits(), Relaxed);
                self.evicted.fetch_add(1, Relaxed);
                evicted.push(value);
            }
        }
        true
    }

    /// All that may be dropped, now that room is needed.
    fn gather(&self) -> Candidates {
        self.pressed.store(true, SeqCst);
        let mut candidates = Candidates::default();
        for shard in &self.shards {
            for (key, entry) in &lock(shard).entries {
                if let Entry::Done(kept) = entry {
                    candidates.push(kept.rank.candidate(*key));
                }
            }
        }
        candidates
    }

    fn add_candidate(&self, candidate: Candidate) {
        let mut gathered = lock(&self.candidates);
        if let Some(candidates) = &mut *gathered {
            candidates.push(candidate);
            if candidates.is_stale(self.entries.load(Relaxed)) {
                self.pressed.store(false, SeqCst);
                *gathered = None;
            }
        }
    }

    pub(super) fn stats(&self) -> MemoStats {
        let mut stats = MemoStats {
            entries: self.entries.load(Acquire),
            bytes: self.bytes.load(Acquire),
            evicted: self.evicted.load(Relaxed),
            refused: self.refused.load(Relaxed),
            ..MemoStats::default()
        };
        for shard in &self.shards {
            let shard = lock(shard);
            stats.hits += shard.hits;
            stats.shared += shard.shared;
            stats.misses += shard.misses;
            stats.estimated += shard.estimated;
        }
        stats
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if let Some(payload) = drop_all(self.clear()) {
            drop_payload(payload);
        }
    }
}

/// Drops values, each on its own; the first panic of a `Drop` is handed back.
pub(super) fn drop_all(values: Vec<Shared>) -> Option<Box<dyn Any + Send>> {
    let mut panic = None;
    for value in values {
        match (catch_unwind(AssertUnwindSafe(|| drop(value))), &mut panic) {
            (Err(payload), None) => panic = Some(payload),
            (Err(payload), Some(_)) => drop_payload(payload),
            _ => {}
        }
    }
    panic
}
