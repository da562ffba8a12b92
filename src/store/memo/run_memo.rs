//! A memo as an outermost run uses it; and what only that run remembers: failures.

#[cfg(test)]
mod tests;

use super::Memo;
use super::ledger::{Ledger, LedgerEntry};
use super::table::{Found, Table, Waker};
use super::wait_graph::{IsOver, Lineage, Target, TargetId, Waits};
use crate::base::Shared;
use crate::base::error::{Error, ErrorKind};
use crate::base::footprint::Size;
use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::atomic::Ordering::{Acquire, Release};
use crate::base::sync::{Mutex, OnceLock, lock};
use crate::base::token::is_local;
use crate::task::ContentKey;
use ahash::AHashMap;
use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

/// The outcome of a lookup.
pub(crate) enum Lookup {
    /// It has been computed.
    Hit(Shared),
    /// It has failed in this run.
    Failed(Error),
    /// The caller has claimed it, and must compute it.
    Claimed(Ticket),
    /// It is being computed.
    Busy,
    /// There is an entry of another call: the caller computes it on its own.
    Foreign,
    /// The call cannot be what its explicit key says.
    Conflict(Error),
}

/// The outcome of an attempt to wait.
pub(crate) enum Wait {
    /// The waker will be called.
    Registered,
    /// The entry has changed meanwhile: look up again.
    Changed,
    /// The wait would close this cycle.
    Deadlock(String),
}

/// A memo, as an outermost run and those nested in it use it.
pub(crate) struct RunMemo {
    /// If `own`, no other memo's: then made by the first lookup. Most runs look up nothing.
    table: OnceLock<Arc<Table>>,
    own: bool,
    /// The results of the outermost run's own plan, if it is `own` and they stay in their slots.
    ledger: OnceLock<Arc<Ledger>>,
    any_failed: AtomicBool,
    failures: Mutex<AHashMap<u128, (TypeId, Error)>>,
    /// The keys that mean nothing to other runs, of results in a memo that is not `own`.
    local: Mutex<Vec<u128>>,
}

impl RunMemo {
    /// With a memo of its own.
    pub(crate) fn own() -> Arc<RunMemo> {
        RunMemo::with(OnceLock::new(), true)
    }

    /// With a memo that other runs may use as well.
    pub(crate) fn shared(memo: &Memo) -> Arc<RunMemo> {
        RunMemo::with(memo.0.clone().into(), false)
    }

    fn with(table: OnceLock<Arc<Table>>, own: bool) -> Arc<RunMemo> {
        Arc::new(RunMemo {
            table,
            own,
            ledger: OnceLock::new(),
            any_failed: AtomicBool::new(false),
            failures: Mutex::default(),
            local: Mutex::default(),
        })
    }

    /// Whether it is its run's own, and unused.
    pub(crate) fn is_untouched(&self) -> bool {
        self.own
            && self.table.get().is_none()
            && self.ledger.get().is_none()
            && !self.any_failed.load(Acquire)
    }

    /// Makes lookups ask a ledger first: that of the outermost run's own plan.
    pub(crate) fn use_ledger(&self, ledger: Arc<Ledger>) {
        let _ = self.ledger.set(ledger);
    }

    /// Records that a node of the ledger has failed. `key` is its key; without an error the next lookup claims it.
    pub(crate) fn record_failure(
        &self,
        ledger: &Ledger,
        node: usize,
        call: &ContentKey,
        error: Option<Error>,
    ) {
        if let Some(error) = error {
            self.store_failure(call, error);
        }
        if ledger.fail_node(node) {
            self.wake_watchers(call.hash);
        }
    }

    /// Wakes those that wait for a node of the ledger: they look up again.
    #[cold]
    pub(crate) fn wake_watchers(&self, key: u128) {
        self.wake(key, self.table().abandon(key));
    }

    /// Remembers a failure if it is the function's own: what a limit or the end of a run did to one call says nothing of the
    /// next.
    fn store_failure(&self, call: &ContentKey, error: Error) {
        if matches!(error.kind(), ErrorKind::Failed | ErrorKind::Panicked) {
            let replaced = lock(&self.failures).insert(call.hash, (call.identity, error));
            drop(replaced);
            self.any_failed.store(true, Release);
        }
    }

    /// Forgets all failures: a call is tried again, and so is all that it asks for.
    pub(crate) fn forget_failures(&self) {
        if self.any_failed.load(Acquire) {
            let forgotten = std::mem::take(&mut *lock(&self.failures));
            drop(forgotten);
        }
    }

    /// Whether it uses `memo`.
    pub(crate) fn uses(&self, memo: &Memo) -> bool {
        !self.own && Arc::ptr_eq(self.table(), &memo.0)
    }

    #[inline]
    fn table(&self) -> &Arc<Table> {
        self.table.get_or_init(|| Memo::new().0)
    }

    fn target_id(&self, key: u128) -> TargetId {
        let memo = self.table().id;
        TargetId::Entry { memo, key }
    }

    /// The lineage of an execution that holds the entry of `key` up, within that of `above`.
    pub(crate) fn lineage(&self, key: u128, above: Option<Arc<Lineage>>) -> Arc<Lineage> {
        Lineage::new(self.target_id(key), above)
    }

    /// Looks up a call, and claims it if it is not there. One that is `retried` does not take over a failure: it has attempts
    /// of its own.
    pub(crate) fn look_up(self: &Arc<Self>, call: ContentKey, retried: bool) -> Lookup {
        if let Some(ledger) = self.ledger.get() {
            match ledger.look_up(&call, self.table()) {
                LedgerEntry::Done(value) => return Lookup::Hit(value),
                LedgerEntry::Running => return Lookup::Busy,
                LedgerEntry::Foreign => return Lookup::Foreign,
                LedgerEntry::Elsewhere => {}
            }
        }
        // A failure is stored before its entry is removed, so a lookup that finds no entry sees it.
        let mut failed = None;
        let found = self.table().look_up(&call, || {
            if !retried && self.any_failed.load(Acquire) {
                let failures = lock(&self.failures);
                let known = failures.get(&call.hash);
                failed = known.and_then(|(of, e)| (*of == call.identity).then(|| e.clone()));
            }
            failed.is_none()
        });
        match (found, failed) {
            (Found::Done(value), _) => Lookup::Hit(value),
            (Found::Absent, Some(error)) => Lookup::Failed(error),
            (Found::Foreign, _) => Lookup::Foreign,
            (Found::Conflict(error), _) => Lookup::Conflict(error),
            (Found::Claimed, _) => Lookup::Claimed(Ticket {
                memo: self.clone(),
                call,
                open: true,
            }),
            _ => Lookup::Busy,
        }
    }

    /// Begins to wait for a running entry, on behalf of an execution that holds `lineage` up. `call` is the text of the call.
    pub(crate) fn register_wait(
        &self,
        key: u128,
        call: &str,
        lineage: Option<&Arc<Lineage>>,
        waker: Waker,
        is_over: IsOver,
    ) -> Wait {
        let (id, call) = (self.target_id(key), call.to_owned());
        let target = vec![Target::Entry { id, call }];
        let mut waits = Waits::lock();
        let mut over = Vec::new();
        let parked = self.table().add_waker(key, waker, || {
            let (cycle, removed) = waits.find_cycle(&target, lineage);
            over = removed;
            cycle.map_or(Ok(()), Err)
        });
        let outcome = match parked {
            Ok(true) => {
                waits.add(target, lineage, is_over);
                Ok(Wait::Registered)
            }
            Ok(false) => Ok(Wait::Changed),
            Err(cycle) => Err(cycle),
        };
        drop(waits);
        drop(over);
        outcome.unwrap_or_else(|cycle| Wait::Deadlock(cycle.describe()))
    }

    /// Wakes those that wait for an entry: it has changed, and they look up again.
    fn wake(&self, key: u128, wakers: Vec<Waker>) {
        if wakers.is_empty() {
            return;
        }
        Waits::lock().remove_waits_for(self.target_id(key));
        for waker in wakers {
            waker();
        }
    }

    /// Ends the outermost run: passes what only it may remember to `drop_one`.
    pub(crate) fn end_run(&self, mut drop_one: impl FnMut(Shared)) {
        let Some(table) = self.table.get() else {
            return;
        };
        let local = std::mem::take(&mut *lock(&self.local));
        match self.own {
            true => table.clear().into_iter().for_each(&mut drop_one),
            false => local
                .into_iter()
                .filter_map(|key| table.remove(key))
                .for_each(&mut drop_one),
        }
        let failures = std::mem::take(&mut *lock(&self.failures));
        (failures.into_values()).for_each(|(_, e)| drop_one(Arc::new(e)));
    }
}

/// The claim on a running entry: its owner must complete or fail it.
pub(crate) struct Ticket {
    memo: Arc<RunMemo>,
    call: ContentKey,
    open: bool,
}

impl Ticket {
    /// Whether `complete` needs to know what the result cost.
    #[inline]
    pub(crate) fn wants_cost(&self) -> bool {
        self.memo.table().wants_cost()
    }

    /// Adds the result to the memo, and returns what was evicted to make room for it.
    #[must_use]
    pub(crate) fn complete(
        mut self,
        value: Shared,
        size: Size,
        cost: Option<Duration>,
    ) -> Vec<Shared> {
        self.open = false;
        if !self.memo.own && is_local(self.call.hash) {
            lock(&self.memo.local).push(self.call.hash);
        }
        let (wakers, evicted) = self.memo.table().complete(&self.call, value, size, cost);
        self.memo.wake(self.call.hash, wakers);
        evicted
    }

    /// Stores a failure for this run only: the next lookup of another run claims the entry.
    pub(crate) fn fail(self, error: Error) {
        self.memo.store_failure(&self.call, error);
    }
}

impl Drop for Ticket {
    /// The entry was not completed: the next lookup claims it.
    fn drop(&mut self) {
        if self.open {
            let wakers = self.memo.table().abandon(self.call.hash);
            self.memo.wake(self.call.hash, wakers);
        }
    }
}
