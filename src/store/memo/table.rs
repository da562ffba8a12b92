//! The entries of a memo, and its bounds.

#[cfg(test)]
mod tests;

use super::MemoStats;
use super::eviction::{Candidate, Candidates, Score};
use crate::base::Shared;
use crate::base::error::{Error, drop_payload};
use crate::base::footprint::Size;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use crate::base::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use crate::base::sync::{Mutex, MutexGuard, lock};
use crate::task::{CallMatch, ContentKey, ExplicitKey};
use ahash::AHashMap;
use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// The number of bytes that an entry counts in addition to its value.
pub(super) const ENTRY_BYTES: usize = 192;

/// Called once, when a running entry has changed.
pub(crate) type Waker = Box<dyn FnOnce() + Send>;

struct MemoEntry {
    /// What was called: the key of the table is only a hash.
    identity: TypeId,
    explicit: Option<Arc<ExplicitKey>>,
    state: EntryState,
}

impl MemoEntry {
    fn running(call: &ContentKey) -> MemoEntry {
        MemoEntry {
            identity: call.identity,
            explicit: call.explicit.clone(),
            state: EntryState::Running(Vec::new()),
        }
    }
}

enum EntryState {
    /// The wakers of those that wait for it.
    Running(Vec<Waker>),
    Done(Stored),
}

/// A result in the table.
struct Stored {
    value: Shared,
    bytes: usize,
    score: Score,
}

/// The outcome of a lookup in the table.
pub(super) enum Found {
    Done(Shared),
    Running,
    /// There was no entry; the caller has claimed it.
    Claimed,
    /// There was no entry, and the caller did not claim it.
    Absent,
    /// There is an entry of another call, by chance of the same hash.
    Foreign,
    /// There is an entry of another call, which was given the same explicit key.
    Conflict(Error),
}

#[derive(Default)]
struct Shard {
    entries: AHashMap<u128, MemoEntry>,
    hits: u64,
    shared: u64,
    misses: u64,
    estimated: usize,
}

impl Shard {
    fn state_mut(&mut self, key: u128) -> Option<&mut EntryState> {
        Some(&mut self.entries.get_mut(&key)?.state)
    }
}

const SHARDS: usize = 16;

/// The entries of a memo, and its bounds.
///
/// `candidates` is locked before a shard. No value is dropped and no waker called under a lock.
pub(super) struct Table {
    /// Identifies the memo in the wait graph of the process.
    pub(super) id: u64,
    shards: [Mutex<Shard>; SHARDS],
    budget: usize,
    max_entries: AtomicUsize,
    /// The bytes of done entries; reserved before one is added, so never beyond the bounds.
    bytes: AtomicUsize,
    entries: AtomicUsize,
    stamps: AtomicU64,
    /// The bits of the age: an `f64`, written under the lock of the candidates.
    age: AtomicU64,
    /// There are candidates: a new result must be added to them.
    has_candidates: AtomicBool,
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
            has_candidates: AtomicBool::new(false),
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

    /// Looks up a call. If there is no entry, asks `claims` under the lock whether to claim it.
    pub(super) fn look_up(&self, call: &ContentKey, claims: impl FnOnce() -> bool) -> Found {
        use std::collections::hash_map::Entry::{Occupied, Vacant};
        let mut shard = self.shard(call.hash);
        let shard = &mut *shard;
        let mut entry = match shard.entries.entry(call.hash) {
            Vacant(_) if !claims() => return Found::Absent,
            Vacant(vacant) => {
                vacant.insert(MemoEntry::running(call));
                shard.misses += 1;
                return Found::Claimed;
            }
            Occupied(entry) => entry,
        };
        let entry = entry.get_mut();
        match call.compare(entry.identity, entry.explicit.as_deref()) {
            CallMatch::Other => Found::Foreign,
            CallMatch::Conflict(error) => Found::Conflict(error),
            CallMatch::Same => match &mut entry.state {
                EntryState::Running(_) => Found::Running,
                EntryState::Done(stored) => {
                    stored.score.count_use(self.age());
                    match &mut stored.score.awaited {
                        0 => shard.hits += 1,
                        awaited => {
                            *awaited -= 1;
                            shard.shared += 1;
                        }
                    }
                    Found::Done(stored.value.clone())
                }
            },
        }
    }

    /// Adds a waker to an entry; `false` if the entry is not running. Calls `check` before, under the lock.
    ///
    /// # Errors
    /// That of `check`.
    pub(super) fn add_waker<E>(
        &self,
        key: u128,
        waker: Waker,
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut shard = self.shard(key);
        let Some(EntryState::Running(wakers)) = shard.state_mut(key) else {
            return Ok(false);
        };
        check()?;
        wakers.push(waker);
        Ok(true)
    }

    /// Completes a running entry, and keeps the result if there is room. Returns the wakers of those that wait, and what was
    /// evicted to make room.
    #[must_use]
    pub(super) fn complete(
        &self,
        call: &ContentKey,
        value: Shared,
        size: Size,
        cost: Option<Duration>,
    ) -> (Vec<Waker>, Vec<Shared>) {
        let bytes = size.bytes.saturating_add(ENTRY_BYTES);
        let mut evicted = Vec::new();
        if !self.reserve(bytes) && !self.make_room(bytes, &mut evicted) {
            self.refused.fetch_add(1, Relaxed);
            return (self.abandon(call.hash), evicted);
        }
        let stamp = self.stamps.fetch_add(1, Relaxed);
        let mut score = Score::new(cost, bytes, self.age(), stamp);
        score.estimated = size.estimated;
        let mut shard = self.shard(call.hash);
        shard.estimated += usize::from(size.estimated);
        let entry = shard.entries.entry(call.hash);
        let entry = entry.or_insert_with(|| MemoEntry::running(call));
        let wakers = match &mut entry.state {
            EntryState::Running(wakers) => std::mem::take(wakers),
            EntryState::Done(_) => Vec::new(),
        };
        score.awaited = u8::try_from(wakers.len()).unwrap_or(u8::MAX);
        let candidate = score.candidate(call.hash);
        entry.state = EntryState::Done(Stored {
            value,
            bytes,
            score,
        });
        drop(shard);
        // A thread that gathers the candidates sets this before it looks into the shard.
        if self.has_candidates.load(SeqCst) {
            self.add_candidate(candidate);
        }
        (wakers, evicted)
    }

    /// Removes a running entry: the next lookup claims it. Returns the wakers of those that wait.
    #[must_use]
    pub(super) fn abandon(&self, key: u128) -> Vec<Waker> {
        let mut shard = self.shard(key);
        match shard.state_mut(key) {
            Some(EntryState::Running(wakers)) => {
                let wakers = std::mem::take(wakers);
                shard.entries.remove(&key);
                wakers
            }
            _ => Vec::new(),
        }
    }

    /// Removes a result.
    pub(super) fn remove(&self, key: u128) -> Option<Shared> {
        self.remove_if(key, |_| true)
    }

    fn remove_if(&self, key: u128, which: impl FnOnce(&Score) -> bool) -> Option<Shared> {
        let mut shard = self.shard(key);
        match shard.state_mut(key) {
            Some(EntryState::Done(stored)) if which(&stored.score) => {}
            _ => return None,
        }
        match shard.entries.remove(&key)?.state {
            EntryState::Done(stored) => Some(self.subtract(&mut shard, stored)),
            EntryState::Running(_) => None,
        }
    }

    /// Subtracts a removed result from the counts.
    fn subtract(&self, shard: &mut Shard, stored: Stored) -> Shared {
        shard.estimated -= usize::from(stored.score.estimated);
        self.bytes.fetch_sub(stored.bytes, AcqRel);
        self.entries.fetch_sub(1, AcqRel);
        stored.value
    }

    /// Removes all results.
    #[must_use]
    pub(super) fn clear(&self) -> Vec<Shared> {
        let mut values = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            for (key, entry) in std::mem::take(&mut shard.entries) {
                match entry.state {
                    EntryState::Done(stored) => values.push(self.subtract(&mut shard, stored)),
                    EntryState::Running(_) => _ = shard.entries.insert(key, entry),
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

    /// Whether it is a quarter full: from then on the costs of results matter.
    pub(super) fn wants_cost(&self) -> bool {
        self.bytes.load(Relaxed) >= self.budget / 4
            || self.entries.load(Relaxed) >= self.max_entries.load(Relaxed) / 4
    }

    /// Adds one entry of `bytes` bytes to the counts, if it is within the bounds.
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

    /// Evicts what is worth least until one more entry of `bytes` bytes can be added to the counts, and adds it.
    fn make_room(&self, bytes: usize, evicted: &mut Vec<Shared>) -> bool {
        if bytes > self.budget || self.max_entries.load(Relaxed) == 0 {
            return false;
        }
        let mut candidates = lock(&self.candidates);
        let candidates = candidates.get_or_insert_with(|| self.gather_candidates());
        while !self.reserve(bytes) {
            // What other threads have reserved and not added yet cannot be evicted.
            let Some(first) = candidates.pop() else {
                return false;
            };
            let mut now = None;
            let value = self.remove_if(first.key, |score| {
                if first.is(score) && first.is_outdated(score) {
                    now = Some(score.candidate(first.key));
                }
                first.is(score) && now.is_none()
            });
            if let Some(now) = now {
                candidates.push(now);
            }
            if let Some(value) = value {
                let age = self.age().max(first.priority());
                self.age.store(age.to_bits(), Relaxed);
                self.evicted.fetch_add(1, Relaxed);
                evicted.push(value);
            }
        }
        true
    }

    /// Gathers all results that may be evicted, when room is first needed.
    fn gather_candidates(&self) -> Candidates {
        self.has_candidates.store(true, SeqCst);
        let mut candidates = Candidates::default();
        for shard in &self.shards {
            for (key, entry) in &lock(shard).entries {
                if let EntryState::Done(stored) = &entry.state {
                    candidates.push(stored.score.candidate(*key));
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
                self.has_candidates.store(false, SeqCst);
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

/// Drops values, each on its own. Returns the payload of the first panic.
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
