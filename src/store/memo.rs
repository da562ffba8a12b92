//! The memo of an outermost run: pure results by content key, shared with the nested runs below it.
//!
//! An entry is `Running` from the moment somebody takes it on until its owner completes, fails or abandons
//! it. Whoever asks meanwhile leaves a waker. Before a wait is entered it is checked for a circle: a wait
//! knows which running entries it holds up (its lineage), so if the entry waited for is held up, through
//! other waits, by one of them, then no one can ever go on.

use crate::base::error::Error;
use crate::base::sync::{Mutex, MutexGuard};
use ahash::AHashMap;
use std::any::Any;
use std::sync::{Arc, PoisonError};

/// A result that may be shared.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

/// Called once, when an entry that was waited for has changed.
pub(crate) type Waker = Box<dyn FnOnce() + Send>;

/// Whether a wait is over, though what was waited for has not changed.
pub(crate) type IsOver = Box<dyn Fn() -> bool + Send>;

/// The running entries that a node's execution holds up, innermost first.
pub(crate) struct Lineage {
    pub(crate) key: u128,
    pub(crate) above: Option<Arc<Lineage>>,
}

impl Drop for Lineage {
    /// Without recursion: nesting may be thousands of levels deep.
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some(mut lineage) = above.and_then(Arc::into_inner) {
            above = lineage.above.take();
        }
    }
}

fn holds(lineage: Option<&Arc<Lineage>>, key: u128) -> bool {
    std::iter::successors(lineage, |l| l.above.as_ref()).any(|l| l.key == key)
}

/// What asking for a key came to.
pub(crate) enum Begin {
    /// It has been computed.
    Hit(Shared),
    /// It has failed.
    Failed(Error),
    /// The asker computes it.
    Mine(Ticket),
    /// Somebody is computing it.
    Busy,
}

/// What waiting for a key came to.
pub(crate) enum Wait {
    /// The waker will be called.
    Registered,
    /// It has changed meanwhile: ask again.
    Changed,
    /// The wait would close this circle.
    Deadlock(String),
}

enum Entry {
    Running(Vec<Waker>),
    Done(Shared),
    Failed(Error),
}

struct Waiting {
    target: u128,
    target_call: String,
    lineage: Option<Arc<Lineage>>,
    /// Whether nobody waits any more: the run was stopped.
    is_over: IsOver,
}

const SHARDS: usize = 16;

/// Pure results by content key.
#[derive(Default)]
pub(crate) struct Memo {
    shards: [Mutex<AHashMap<u128, Entry>>; SHARDS],
    /// The waits for running entries; few, and only touched by those who wait and those who wake them.
    waits: Mutex<Vec<Waiting>>,
}

impl Memo {
    fn shard(&self, key: u128) -> MutexGuard<'_, AHashMap<u128, Entry>> {
        self.shards[key as usize % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a key.
    pub(crate) fn begin(self: &Arc<Self>, key: u128) -> Begin {
        use std::collections::hash_map::Entry::{Occupied, Vacant};
        match self.shard(key).entry(key) {
            Vacant(vacant) => {
                vacant.insert(Entry::Running(Vec::new()));
                Begin::Mine(Ticket {
                    memo: self.clone(),
                    key,
                    open: true,
                })
            }
            Occupied(entry) => match entry.get() {
                Entry::Running(_) => Begin::Busy,
                Entry::Done(value) => Begin::Hit(value.clone()),
                Entry::Failed(error) => Begin::Failed(error.clone()),
            },
        }
    }

    /// Forgets everything: the outermost run has come to rest. The values are handed to `drop_one`.
    pub(crate) fn clear(&self, mut drop_one: impl FnMut(Shared)) {
        for shard in &self.shards {
            let entries =
                std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            for entry in entries.into_values() {
                if let Entry::Done(value) = entry {
                    drop_one(value);
                }
            }
        }
    }

    /// Waits for a running entry, on behalf of an execution that holds up `lineage`.
    pub(crate) fn wait(
        &self,
        key: u128,
        call: &str,
        lineage: Option<&Arc<Lineage>>,
        waker: Waker,
        is_over: IsOver,
    ) -> Wait {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shard = self.shard(key);
        let Some(Entry::Running(wakers)) = shard.get_mut(&key) else {
            return Wait::Changed;
        };
        waits.retain(|wait| !(wait.is_over)());
        if let Some(circle) = circle(&waits, key, call, lineage) {
            return Wait::Deadlock(circle);
        }
        wakers.push(waker);
        drop(shard);
        waits.push(Waiting {
            target: key,
            target_call: call.to_owned(),
            lineage: lineage.cloned(),
            is_over,
        });
        Wait::Registered
    }

    /// Replaces a running entry (`None`: removes it) and wakes those who wait for it.
    fn settle(&self, key: u128, entry: Option<Entry>) {
        let before = match entry {
            Some(entry) => self.shard(key).insert(key, entry),
            None => self.shard(key).remove(&key),
        };
        let Some(Entry::Running(wakers)) = before else {
            return;
        };
        if wakers.is_empty() {
            return;
        }
        self.waits
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|w| w.target != key);
        for waker in wakers {
            waker();
        }
    }
}

/// The circle that a wait of `lineage` for `key` would close, in words.
fn circle(
    waits: &[Waiting],
    key: u128,
    call: &str,
    lineage: Option<&Arc<Lineage>>,
) -> Option<String> {
    // From the entry waited for, along the waits that it holds up, to one that the waiter holds up.
    let mut path = vec![(key, call.to_owned(), None::<usize>)];
    let mut at = 0;
    while at < path.len() {
        let (key, ..) = path[at];
        if holds(lineage, key) {
            let mut calls = Vec::new();
            let mut step = Some(at);
            while let Some(i) = step {
                calls.push(format!("`{}`", path[i].1));
                step = path[i].2;
            }
            calls.reverse();
            let first = calls[0].clone();
            return Some(match calls.len() {
                1 => format!("deadlock: {first} waits for itself"),
                _ => format!("deadlock: {} waits for {first}", calls.join(" waits for ")),
            });
        }
        for wait in waits.iter().filter(|w| holds(w.lineage.as_ref(), key)) {
            if path.iter().all(|(seen, ..)| *seen != wait.target) {
                path.push((wait.target, wait.target_call.clone(), Some(at)));
            }
        }
        at += 1;
    }
    None
}

/// The right, and the duty, to settle a running entry.
pub(crate) struct Ticket {
    memo: Arc<Memo>,
    key: u128,
    open: bool,
}

impl Ticket {
    pub(crate) fn complete(mut self, value: Shared) {
        self.open = false;
        self.memo.settle(self.key, Some(Entry::Done(value)));
    }

    pub(crate) fn fail(mut self, error: Error) {
        self.open = false;
        self.memo.settle(self.key, Some(Entry::Failed(error)));
    }
}

impl Drop for Ticket {
    /// Neither completed nor failed (the run was stopped): the next asker computes it.
    fn drop(&mut self) {
        if self.open {
            self.memo.settle(self.key, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(keys: &[u128]) -> Option<Arc<Lineage>> {
        keys.iter()
            .fold(None, |above, &key| Some(Arc::new(Lineage { key, above })))
    }

    fn never() -> IsOver {
        Box::new(|| false)
    }

    #[test]
    fn the_second_asker_is_told_when_the_first_is_done() {
        let memo = Arc::new(Memo::default());
        let Begin::Mine(ticket) = memo.begin(7) else {
            panic!("first")
        };
        assert!(matches!(memo.begin(7), Begin::Busy));
        let (tx, rx) = std::sync::mpsc::channel();
        assert!(matches!(
            memo.wait(
                7,
                "f",
                None,
                Box::new(move || tx.send(()).unwrap()),
                never()
            ),
            Wait::Registered
        ));
        ticket.complete(Arc::new(1i64));
        rx.recv().unwrap();
        assert!(matches!(memo.begin(7), Begin::Hit(_)));
        assert!(memo.waits.lock().unwrap().is_empty());
    }

    #[test]
    fn an_abandoned_entry_is_taken_on_by_the_next() {
        let memo = Arc::new(Memo::default());
        let Begin::Mine(ticket) = memo.begin(7) else {
            panic!("first")
        };
        drop(ticket);
        assert!(matches!(memo.begin(7), Begin::Mine(_)));
    }

    #[test]
    fn a_wait_for_oneself_is_a_deadlock() {
        let memo = Arc::new(Memo::default());
        let _ticket = memo.begin(1);
        let wait = memo.wait(
            1,
            "f(1)",
            lineage(&[1, 2]).as_ref(),
            Box::new(|| {}),
            never(),
        );
        assert!(
            matches!(wait, Wait::Deadlock(text) if text == "deadlock: `f(1)` waits for itself")
        );
    }

    #[test]
    fn a_circle_over_two_waits_is_a_deadlock_and_a_chain_is_not() {
        let memo = Arc::new(Memo::default());
        let _tickets = [memo.begin(1), memo.begin(2), memo.begin(3)];
        // Below 1, somebody waits for 2; below 2, somebody waits for 3.
        assert!(matches!(
            memo.wait(2, "b", lineage(&[1]).as_ref(), Box::new(|| {}), never()),
            Wait::Registered
        ));
        assert!(matches!(
            memo.wait(3, "c", lineage(&[2]).as_ref(), Box::new(|| {}), never()),
            Wait::Registered
        ));
        // Below 3, somebody asks for 1: 1 waits for 2 waits for 3 waits for 1.
        let wait = memo.wait(1, "a", lineage(&[3]).as_ref(), Box::new(|| {}), never());
        assert!(
            matches!(wait, Wait::Deadlock(text) if text == "deadlock: `a` waits for `b` waits for `c` waits for `a`")
        );
    }

    #[test]
    fn a_wait_that_is_over_closes_no_circle() {
        let memo = Arc::new(Memo::default());
        let _tickets = [memo.begin(1), memo.begin(2)];
        // Below 1, somebody waited for 2 until its run was stopped.
        let over = memo.wait(
            2,
            "b",
            lineage(&[1]).as_ref(),
            Box::new(|| {}),
            Box::new(|| true),
        );
        assert!(matches!(over, Wait::Registered));
        let wait = memo.wait(1, "a", lineage(&[2]).as_ref(), Box::new(|| {}), never());
        assert!(matches!(wait, Wait::Registered));
    }
}
