//! What is known of calls that have begun and wait: for an equal call, for the graph that they have returned, for a future.

use super::SegmentPtr;
use crate::base::sync::{Mutex, lock};
use crate::exec::park::{WakeOnce, WakeOnceList};
use std::collections::BTreeMap;
use std::time::Instant;

type NodePlace = (SegmentPtr, usize);

/// The calls of a run that wait, by the place of their nodes. Only those with retries or within a time limit are here.
#[derive(Default)]
pub(in crate::exec) struct PendingCalls {
    /// How often each has been tried whose body returned a graph.
    attempts: Mutex<BTreeMap<NodePlace, u32>>,
    /// When each has waited long enough for an equal call; `None` for never.
    deadlines: Mutex<BTreeMap<NodePlace, Option<Instant>>>,
    /// What wakes those that are in graphs within a limit.
    parked: WakeOnceList,
}

impl PendingCalls {
    pub(in crate::exec) fn attempts(&self, of: NodePlace) -> u32 {
        lock(&self.attempts).get(&of).copied().unwrap_or(0)
    }

    /// `0`: it has come to its end.
    pub(in crate::exec) fn set_attempts(&self, of: NodePlace, attempts: u32) {
        let mut all = lock(&self.attempts);
        match attempts {
            0 => _ = all.remove(&of),
            _ => _ = all.insert(of, attempts),
        }
    }

    /// The deadline of a wait, which `first` tells when it begins.
    pub(in crate::exec) fn deadline(
        &self,
        of: NodePlace,
        first: impl FnOnce() -> Option<Instant>,
    ) -> Option<Instant> {
        *lock(&self.deadlines).entry(of).or_insert_with(first)
    }

    /// The wait is over.
    pub(in crate::exec) fn forget_deadline(&self, of: NodePlace) {
        lock(&self.deadlines).remove(&of);
    }

    /// Has a node woken when a limit passes.
    pub(in crate::exec) fn add_parked(&self, waker: &WakeOnce) {
        self.parked.add(waker);
    }

    /// A limit has passed: all look whether it is theirs.
    pub(in crate::exec) fn wake_parked(&self) {
        self.parked.wake_all();
    }
}
