//! Pure results that stay where a plan puts them: a byte for each of its nodes, instead of an entry for each key.
//!
//! Most runs never ask for the result of a node anywhere but in their own plan, where equal nodes are one. So the nodes
//! whose results can be copied are only marked as they begin and end. The first asker from somewhere else (a nested
//! run, a returned graph) makes an index of their keys.
//!
//! ```text
//! NEW ──begin──> RUNNING ──end──> DONE        its result is in its slot, and stays there
//!  │               │  └──ask──> WATCHED ──end──> DONE, and those who wait are woken
//!  └─────ask───────┴────fail───────────────> ELSEWHERE    only the table, or the failures, can tell
//! ```
//!
//! Under `gate`: from RUNNING to WATCHED, together with a running entry of the table, which those who wait are listed in.
//! That entry is removed by whoever ends what is WATCHED; they ask again then. Who comes too late to watch removes it
//! before it opens the gate, and nobody looks into the table for what is ELSEWHERE before that.

use super::table::{Found, Table, Waker};
use crate::base::Shared;
use crate::base::sync::atomic::AtomicU8;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire};
use crate::base::sync::{Mutex, OnceLock, lock};
use ahash::AHashMap;

const NEW: u8 = 0;
const RUNNING: u8 = 1;
const WATCHED: u8 = 2;
const DONE: u8 = 3;
const ELSEWHERE: u8 = 4;

/// The nodes of a plan whose results stay in their slots until its run has ended.
pub(crate) trait Slots: Send + Sync {
    /// The nodes, with their keys.
    fn keys(&self) -> Vec<(u128, usize)>;
    /// A copy of what has been put into the slot of one of them.
    fn copy(&self, node: usize) -> Option<Shared>;
}

/// How far the nodes of a plan are whose results can be copied.
pub(crate) struct Ledger {
    states: Box<[AtomicU8]>,
    slots: Box<dyn Slots>,
    /// Made when somebody asks.
    index: OnceLock<AHashMap<u128, usize>>,
    gate: Mutex<()>,
}

/// What asking for a key came to.
pub(super) enum Standing {
    Done(Shared),
    /// It has a running entry in the table.
    Running,
    /// Ask the table.
    Elsewhere,
}

impl Ledger {
    /// For a plan of so many nodes.
    pub(crate) fn new(nodes: usize, slots: impl Slots + 'static) -> Ledger {
        Ledger {
            states: (0..nodes).map(|_| AtomicU8::new(NEW)).collect(),
            slots: Box::new(slots),
            index: OnceLock::new(),
            gate: Mutex::new(()),
        }
    }

    /// A node is about to run; `false`: somebody else has taken it on.
    #[inline]
    pub(crate) fn begin(&self, node: usize) -> bool {
        let state = &self.states[node];
        let begun = state.compare_exchange(NEW, RUNNING, AcqRel, Acquire);
        begun.is_ok()
    }

    /// Whether a node that was begun here is running.
    pub(crate) fn is_running(&self, node: usize) -> bool {
        matches!(self.states[node].load(Acquire), RUNNING | WATCHED)
    }

    /// A node that was begun has its result in its slot. `true`: somebody waits for it, and is to be woken.
    #[inline]
    pub(crate) fn end(&self, node: usize) -> bool {
        self.states[node].swap(DONE, AcqRel) == WATCHED
    }

    /// A node that was begun has no result. `true`: somebody waits for it, and is to be woken.
    pub(super) fn fail(&self, node: usize) -> bool {
        self.states[node].swap(ELSEWHERE, AcqRel) == WATCHED
    }

    /// What is known of a key. Of a node that is not running the asker takes care.
    pub(super) fn ask(&self, key: u128, table: &Table) -> Standing {
        let index = self
            .index
            .get_or_init(|| self.slots.keys().into_iter().collect());
        let Some(&node) = index.get(&key) else {
            return Standing::Elsewhere;
        };
        let state = &self.states[node];
        loop {
            match state.load(Acquire) {
                NEW => _ = state.compare_exchange(NEW, ELSEWHERE, AcqRel, Acquire),
                RUNNING => {
                    let _gate = lock(&self.gate);
                    if state.load(Acquire) != RUNNING {
                        continue;
                    }
                    // First the entry: whoever ends what is watched removes it.
                    let entry = table.ask(key, || true);
                    debug_assert!(matches!(entry, Found::Taken), "nobody else asks the table");
                    let watched = state.compare_exchange(RUNNING, WATCHED, AcqRel, Acquire);
                    if watched.is_err() {
                        let wakers: Vec<Waker> = table.abandon(key);
                        debug_assert!(wakers.is_empty(), "nobody has been told to wait");
                    }
                }
                WATCHED => return Standing::Running,
                DONE => {
                    return match self.slots.copy(node) {
                        Some(value) => Standing::Done(value),
                        None => Standing::Elsewhere,
                    };
                }
                _ => {
                    // Whoever wanted to watch it has taken its entry back, if it came too late.
                    drop(lock(&self.gate));
                    return Standing::Elsewhere;
                }
            }
        }
    }
}
