//! What a run notes of its results: a node that ends while others ask for it.

use crate::base::Shared;
use crate::base::sync::lock;
use crate::memo::ledger::{Ledger, RunSlots};
use crate::memo::{fail_node, look_up};
use crate::probe::Probe;
use crate::task::ContentKey;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use std::any::TypeId;
use table::{Found, Table};

/// The table of a memo, as far as a ledger uses it.
pub(crate) mod table {
    use crate::base::Shared;
    use crate::base::sync::{Mutex, lock};
    use crate::task::ContentKey;
    use std::collections::HashMap;

    pub(crate) type Waker = Box<dyn FnOnce() + Send>;

    pub(crate) enum Found {
        Running,
        Claimed,
        Done(Shared),
    }

    pub(crate) struct Table(pub(crate) Mutex<HashMap<u128, Vec<Waker>>>);

    impl Table {
        pub(crate) fn look_up(&self, call: &ContentKey, _: impl FnOnce() -> bool) -> Found {
            let mut entries = lock(&self.0);
            if entries.contains_key(&call.hash) {
                return Found::Running;
            }
            entries.insert(call.hash, Vec::new());
            Found::Claimed
        }

        pub(crate) fn abandon(&self, key: u128) -> Vec<Waker> {
            lock(&self.0).remove(&key).unwrap_or_default()
        }

        /// `false`: there is no entry any more.
        pub(crate) fn add_waker(&self, key: u128, waker: Waker) -> bool {
            let mut entries = lock(&self.0);
            let entry = entries.get_mut(&key);
            entry.map(|wakers| wakers.push(waker)).is_some()
        }
    }
}

/// One node, and its result.
struct Slots(std::sync::Arc<Probe>);

impl RunSlots for Slots {
    fn keys(&self) -> Vec<(u128, usize)> {
        vec![(5, 0)]
    }
    fn identity(&self, _: usize) -> TypeId {
        TypeId::of::<()>()
    }
    fn copy(&self, _: usize) -> Option<Shared> {
        assert_eq!(self.0.read(), 7, "a result that is not there");
        Some(std::sync::Arc::new(()))
    }
}

struct Run {
    ledger: Ledger,
    table: Table,
    slot: std::sync::Arc<Probe>,
}

impl Run {
    /// As `RunMemo::wake_watchers`.
    fn wake_watchers(&self) {
        for waker in self.table.abandon(5) {
            waker();
        }
    }

    /// Executes the node, unless somebody who asked for it does.
    fn execute(&self, is_well: bool) {
        // Else loom tries no execution in which another thread begins before this one does anything.
        thread::yield_now();
        if !self.ledger.begin_node(0) {
            return;
        }
        let is_watched = match is_well {
            true => {
                self.slot.write(7);
                self.ledger.finish_node(0)
            }
            false => fail_node(&self.ledger, 0),
        };
        if is_watched {
            self.wake_watchers();
        }
    }

    /// As who is to ask the table, and has no use for what it has claimed.
    fn claim(&self, call: &ContentKey) -> bool {
        let found = self.table.look_up(call, || true);
        let has_claimed = matches!(found, Found::Claimed);
        if has_claimed {
            self.wake_watchers();
        }
        has_claimed
    }

    /// Asks for the node until it is known; `true` if it has a result. A wake-up that is lost is a deadlock.
    fn ask(&self) -> bool {
        let call = ContentKey {
            hash: 5,
            identity: TypeId::of::<()>(),
        };
        loop {
            match look_up(&self.ledger, &call, &self.table) {
                Some(true) => return true,
                Some(false) if self.claim(&call) => return false,
                _ => {}
            }
            let woken = Arc::new((Mutex::new(false), Condvar::new()));
            let waker = woken.clone();
            let waker = move || {
                *lock(&waker.0) = true;
                waker.1.notify_one();
            };
            if self.table.add_waker(5, Box::new(waker)) {
                let mut is_woken = lock(&woken.0);
                while !*is_woken {
                    is_woken = woken.1.wait(is_woken).unwrap();
                }
            }
        }
    }
}

fn check(askers: usize, is_well: bool) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let slot = std::sync::Arc::new(Probe::new(0, &std::sync::Arc::default()));
        let run = Arc::new(Run {
            ledger: Ledger::new(1, Slots(slot.clone())),
            table: Table(Mutex::default()),
            slot,
        });
        let threads: Vec<_> = (0..askers)
            .map(|_| {
                let run = run.clone();
                thread::spawn(move || run.ask())
            })
            .collect();
        run.execute(is_well);
        for thread in threads {
            let found = thread.join().unwrap();
            assert!(is_well || !found);
        }
        assert!(lock(&run.table.0).is_empty(), "an entry that stays");
    });
}

#[test]
fn one_asks() {
    check(1, true);
    check(1, false);
}

#[test]
fn two_ask() {
    check(2, true);
    check(2, false);
}
