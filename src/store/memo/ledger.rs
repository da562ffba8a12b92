//! Pure results that stay in the slots of a plan: a byte for each of its nodes, instead of an entry for each key.
//!
//! Most runs need the result of a node only in their own plan, where equal nodes are merged. So the nodes whose results can be
//! copied are only marked as they begin and finish. The first lookup from elsewhere (a nested run, a returned graph) makes an
//! index of their keys.
//!
//! ```text
//! NEW ──begin──> RUNNING ──finish──> DONE        its result is in its slot, and stays there
//!  │               │  └──look up──> WATCHED ──finish──> DONE, and the waiters are woken
//!  └───look up─────┴────fail─────────────────> ELSEWHERE    only the table, or the failures, can tell
//! ```
//!
//! The step from RUNNING to WATCHED is made under `gate`, together with a running entry of the table, which holds the wakers
//! of those that wait. Whoever finishes a WATCHED node removes that entry; the waiters look up again then. A lookup that comes
//! too late to watch removes its entry before it opens the gate, and no lookup of an ELSEWHERE node enters the table before
//! that.

use super::table::{Found, Table, Waker};
use crate::base::Shared;
use crate::base::sync::atomic::AtomicU8;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire};
use crate::base::sync::{Mutex, OnceLock, lock};
use crate::task::ContentKey;
use ahash::AHashMap;
use std::any::TypeId;

const NEW: u8 = 0;
const RUNNING: u8 = 1;
const WATCHED: u8 = 2;
const DONE: u8 = 3;
const ELSEWHERE: u8 = 4;

/// The nodes of a plan whose results stay in their slots until its run has ended.
pub(crate) trait RunSlots: Send + Sync {
    /// The nodes, with their keys.
    fn keys(&self) -> Vec<(u128, usize)>;
    /// What one of them calls.
    fn identity(&self, node: usize) -> TypeId;
    /// Copies the result out of the slot of one of them.
    fn copy(&self, node: usize) -> Option<Shared>;
}

/// The progress of the nodes of a plan whose results can be copied.
pub(crate) struct Ledger {
    states: Box<[AtomicU8]>,
    slots: Box<dyn RunSlots>,
    /// Made by the first lookup.
    index: OnceLock<AHashMap<u128, usize>>,
    gate: Mutex<()>,
}

/// The outcome of a lookup in a ledger.
pub(super) enum LedgerEntry {
    Done(Shared),
    /// It has a running entry in the table.
    Running,
    /// The table must be asked.
    Elsewhere,
    /// It is another call, by chance of the same hash.
    Foreign,
}

impl Ledger {
    /// A ledger for a plan of `nodes` nodes.
    pub(crate) fn new(nodes: usize, slots: impl RunSlots + 'static) -> Ledger {
        Ledger {
            states: (0..nodes).map(|_| AtomicU8::new(NEW)).collect(),
            slots: Box::new(slots),
            index: OnceLock::new(),
            gate: Mutex::new(()),
        }
    }

    /// A node is about to run; `false` if another run has claimed it.
    #[inline]
    pub(crate) fn begin_node(&self, node: usize) -> bool {
        let state = &self.states[node];
        let begun = state.compare_exchange(NEW, RUNNING, AcqRel, Acquire);
        begun.is_ok()
    }

    /// Whether a node that was begun here is running.
    pub(crate) fn is_running(&self, node: usize) -> bool {
        matches!(self.states[node].load(Acquire), RUNNING | WATCHED)
    }

    /// A node that was begun has its result in its slot; `true` if waiters must be woken.
    #[inline]
    pub(crate) fn finish_node(&self, node: usize) -> bool {
        self.states[node].swap(DONE, AcqRel) == WATCHED
    }

    /// A node that was begun has no result; `true` if waiters must be woken.
    pub(super) fn fail_node(&self, node: usize) -> bool {
        self.states[node].swap(ELSEWHERE, AcqRel) == WATCHED
    }

    /// Looks up a key. A node that has not begun is left to the caller.
    pub(super) fn look_up(&self, call: &ContentKey, table: &Table) -> LedgerEntry {
        let index = self
            .index
            .get_or_init(|| self.slots.keys().into_iter().collect());
        let Some(&node) = index.get(&call.hash) else {
            return LedgerEntry::Elsewhere;
        };
        if self.slots.identity(node) != call.identity {
            return LedgerEntry::Foreign;
        }
        let state = &self.states[node];
        loop {
            match state.load(Acquire) {
                NEW => _ = state.compare_exchange(NEW, ELSEWHERE, AcqRel, Acquire),
                RUNNING => {
                    let _gate = lock(&self.gate);
                    if state.load(Acquire) != RUNNING {
                        continue;
                    }
                    // First the entry: whoever finishes a watched node removes it.
                    let entry = table.look_up(call, || true);
                    debug_assert!(
                        matches!(entry, Found::Claimed),
                        "no other lookup enters the table"
                    );
                    let watched = state.compare_exchange(RUNNING, WATCHED, AcqRel, Acquire);
                    if watched.is_err() {
                        let wakers: Vec<Waker> = table.abandon(call.hash);
                        debug_assert!(wakers.is_empty(), "no one has been told to wait");
                    }
                }
                WATCHED => return LedgerEntry::Running,
                DONE => {
                    return match self.slots.copy(node) {
                        Some(value) => LedgerEntry::Done(value),
                        None => LedgerEntry::Elsewhere,
                    };
                }
                _ => {
                    // A lookup that came too late to watch it has removed its entry by now.
                    drop(lock(&self.gate));
                    return LedgerEntry::Elsewhere;
                }
            }
        }
    }
}
