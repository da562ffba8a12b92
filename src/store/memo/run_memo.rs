//! A memo as an outermost run uses it; and what only that run remembers: failures.

use super::Memo;
use super::ledger::{Ledger, LedgerEntry};
use super::table::{Found, Table, Waker};
use super::wait_graph::{IsOver, Lineage, Target, TargetId, Waits};
use crate::base::Shared;
use crate::base::error::Error;
use crate::base::footprint::Size;
use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::atomic::Ordering::{Acquire, Release};
use crate::base::sync::{Mutex, OnceLock, lock};
use crate::base::token::is_local;
use ahash::AHashMap;
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
    failures: Mutex<AHashMap<u128, Error>>,
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
        key: u128,
        error: Option<Error>,
    ) {
        if let Some(error) = error {
            self.store_failure(key, error);
        }
        if ledger.fail_node(node) {
            self.wake_watchers(key);
        }
    }

    /// Wakes those that wait for a node of the ledger: they look up again.
    #[cold]
    pub(crate) fn wake_watchers(&self, key: u128) {
        self.wake(key, self.table().abandon(key));
    }

    fn store_failure(&self, key: u128, error: Error) {
        let former = lock(&self.failures).insert(key, error);
        // Under no lock: it may hold what is the user's.
        drop(former);
        self.any_failed.store(true, Release);
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

    /// Looks up a key, and claims it if it is not there.
    pub(crate) fn look_up(self: &Arc<Self>, key: u128) -> Lookup {
        if let Some(ledger) = self.ledger.get() {
            match ledger.look_up(key, self.table()) {
                LedgerEntry::Done(value) => return Lookup::Hit(value),
                LedgerEntry::Running => return Lookup::Busy,
                LedgerEntry::Elsewhere => {}
            }
        }
        // A failure is stored before its entry is removed, so a lookup that finds no entry sees it.
        let mut failed = None;
        let found = self.table().look_up(key, || {
            if self.any_failed.load(Acquire) {
                failed = lock(&self.failures).get(&key).cloned();
            }
            failed.is_none()
        });
        match (found, failed) {
            (Found::Done(value), _) => Lookup::Hit(value),
            (Found::Absent, Some(error)) => Lookup::Failed(error),
            (Found::Claimed, _) => Lookup::Claimed(Ticket {
                memo: self.clone(),
                key,
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
        failures.into_values().for_each(|e| drop_one(Arc::new(e)));
    }
}

/// The claim on a running entry: its owner must complete or fail it.
pub(crate) struct Ticket {
    memo: Arc<RunMemo>,
    key: u128,
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
        if !self.memo.own && is_local(self.key) {
            lock(&self.memo.local).push(self.key);
        }
        let (wakers, evicted) = self.memo.table().complete(self.key, value, size, cost);
        self.memo.wake(self.key, wakers);
        evicted
    }

    /// Stores a failure for this run only: the next lookup of another run claims the entry.
    pub(crate) fn fail(self, error: Error) {
        self.memo.store_failure(self.key, error);
    }
}

impl Drop for Ticket {
    /// The entry was not completed: the next lookup claims it.
    fn drop(&mut self) {
        if self.open {
            let wakers = self.memo.table().abandon(self.key);
            self.memo.wake(self.key, wakers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;

    fn lineage(memo: &RunMemo, keys: &[u128]) -> Option<Arc<Lineage>> {
        let below = |above, key: &u128| Some(memo.lineage(*key, above));
        keys.iter().fold(None, below)
    }

    fn never() -> IsOver {
        Box::new(|| false)
    }

    const SMALL: Size = Size {
        bytes: 8,
        estimated: false,
    };

    #[test]
    fn the_second_asker_is_told_when_the_first_is_done() {
        let memo = RunMemo::own();
        let Lookup::Claimed(ticket) = memo.look_up(7) else {
            panic!("first")
        };
        assert!(matches!(memo.look_up(7), Lookup::Busy));
        let (tx, rx) = std::sync::mpsc::channel();
        assert!(matches!(
            memo.register_wait(
                7,
                "f",
                None,
                Box::new(move || tx.send(()).unwrap()),
                never()
            ),
            Wait::Registered
        ));
        assert!(ticket.complete(Arc::new(1i64), SMALL, None).is_empty());
        rx.recv().unwrap();
        assert!(matches!(memo.look_up(7), Lookup::Hit(_)));
        assert!(!Waits::lock().is_waited_for(memo.target_id(7)));
    }

    #[test]
    fn an_abandoned_entry_is_taken_on_by_the_next() {
        let memo = RunMemo::own();
        let Lookup::Claimed(ticket) = memo.look_up(7) else {
            panic!("first")
        };
        drop(ticket);
        assert!(matches!(memo.look_up(7), Lookup::Claimed(_)));
    }

    #[test]
    fn a_wait_for_oneself_is_a_deadlock() {
        let memo = RunMemo::own();
        let _ticket = memo.look_up(1);
        let wait = memo.register_wait(
            1,
            "f(1)",
            lineage(&memo, &[1, 2]).as_ref(),
            Box::new(|| {}),
            never(),
        );
        assert!(
            matches!(wait, Wait::Deadlock(text) if text == "deadlock: `f(1)` waits for itself")
        );
    }

    #[test]
    fn a_circle_over_two_waits_is_a_deadlock_and_a_chain_is_not() {
        let memo = RunMemo::own();
        let _tickets = [memo.look_up(1), memo.look_up(2), memo.look_up(3)];
        // An execution below 1 waits for 2; one below 2 waits for 3.
        assert!(matches!(
            memo.register_wait(
                2,
                "b",
                lineage(&memo, &[1]).as_ref(),
                Box::new(|| {}),
                never()
            ),
            Wait::Registered
        ));
        assert!(matches!(
            memo.register_wait(
                3,
                "c",
                lineage(&memo, &[2]).as_ref(),
                Box::new(|| {}),
                never()
            ),
            Wait::Registered
        ));
        // One below 3 asks for 1: 1 waits for 2 waits for 3 waits for 1.
        let wait = memo.register_wait(
            1,
            "a",
            lineage(&memo, &[3]).as_ref(),
            Box::new(|| {}),
            never(),
        );
        assert!(
            matches!(wait, Wait::Deadlock(text) if text == "deadlock: `a` waits for `b` waits for `c` waits for `a`")
        );
    }

    fn is_mine(memo: &Arc<RunMemo>, key: u128) -> bool {
        matches!(memo.look_up(key), Lookup::Claimed(_))
    }

    fn fill(memo: &Arc<RunMemo>, key: u128) {
        let Lookup::Claimed(ticket) = memo.look_up(key) else {
            panic!("first")
        };
        assert!(ticket.complete(Arc::new(key), SMALL, None).is_empty());
    }

    #[test]
    fn a_failure_is_known_to_the_run_that_saw_it_and_ends_with_it() {
        let session = Memo::new();
        let [one, other] = [RunMemo::shared(&session), RunMemo::shared(&session)];
        let Lookup::Claimed(ticket) = one.look_up(7) else {
            panic!("first")
        };
        ticket.fail(Error::run(ErrorKind::Failed, "no"));
        assert!(matches!(one.look_up(7), Lookup::Failed(_)));
        assert!(is_mine(&other, 7));
        assert!(matches!(one.look_up(7), Lookup::Failed(_)));
        let mut dropped = 0;
        one.end_run(|_| dropped += 1);
        assert_eq!(dropped, 1);
        assert!(is_mine(&RunMemo::shared(&session), 7));
    }

    #[test]
    fn what_is_local_ends_with_its_run_and_the_rest_stays() {
        let session = Memo::new();
        let run = RunMemo::shared(&session);
        let local = crate::base::token::with_locality(8, true);
        fill(&run, 7);
        fill(&run, local);
        assert!(matches!(run.look_up(local), Lookup::Hit(_)));
        run.end_run(drop);
        assert_eq!(session.stats().entries, 1);
        let next = RunMemo::shared(&session);
        assert!(matches!(next.look_up(7), Lookup::Hit(_)));
        assert!(is_mine(&next, local));
    }

    #[test]
    fn a_memo_of_its_own_ends_with_the_run() {
        let run = RunMemo::own();
        fill(&run, 7);
        let mut dropped = 0;
        run.end_run(|_| dropped += 1);
        assert_eq!((dropped, run.table().stats().entries), (1, 0));
    }

    #[test]
    fn a_memo_of_its_own_is_made_when_the_first_key_is_asked_for() {
        let run = RunMemo::own();
        assert!(!run.uses(&Memo::new()));
        run.end_run(drop);
        assert!(run.table.get().is_none());
        fill(&run, 7);
        assert!(run.table.get().is_some());
    }

    #[test]
    fn who_waited_is_counted_as_sharing() {
        let session = Memo::new();
        let [one, other] = [RunMemo::shared(&session), RunMemo::shared(&session)];
        let Lookup::Claimed(ticket) = one.look_up(7) else {
            panic!("first")
        };
        let woken = Arc::new(AtomicBool::new(false));
        let bell = woken.clone();
        let waker = Box::new(move || bell.store(true, Release));
        assert!(matches!(
            other.register_wait(7, "f", None, waker, never()),
            Wait::Registered
        ));
        assert!(ticket.complete(Arc::new(1), SMALL, None).is_empty());
        assert!(woken.load(Acquire));
        assert!(matches!(other.look_up(7), Lookup::Hit(_)));
        assert!(matches!(other.look_up(7), Lookup::Hit(_)));
        let stats = session.stats();
        assert_eq!((stats.shared, stats.hits, stats.misses), (1, 1, 1));
    }

    #[test]
    fn a_circle_over_two_memos_is_a_deadlock() {
        let memos = [RunMemo::own(), RunMemo::own()];
        let _tickets = [memos[0].look_up(1), memos[1].look_up(1)];
        let [below_a, below_b] = [&memos[0], &memos[1]].map(|m| m.lineage(1, None));
        assert!(matches!(
            memos[1].register_wait(1, "b", Some(&below_a), Box::new(|| {}), never()),
            Wait::Registered
        ));
        let wait = memos[0].register_wait(1, "a", Some(&below_b), Box::new(|| {}), never());
        assert!(
            matches!(wait, Wait::Deadlock(text) if text == "deadlock: `a` waits for `b` waits for `a`")
        );
    }

    #[test]
    fn a_wait_that_is_over_closes_no_circle() {
        let memo = RunMemo::own();
        let _tickets = [memo.look_up(1), memo.look_up(2)];
        // An execution below 1 waited for 2 until its run was stopped.
        let below = lineage(&memo, &[1]);
        let over = memo.register_wait(2, "b", below.as_ref(), Box::new(|| {}), Box::new(|| true));
        assert!(matches!(over, Wait::Registered));
        let below = lineage(&memo, &[2]);
        let wait = memo.register_wait(1, "a", below.as_ref(), Box::new(|| {}), never());
        assert!(matches!(wait, Wait::Registered));
    }
}
