//! What an outermost run asks a memo, and what it alone remembers: failures.

use super::Memo;
use super::ledger::{Ledger, Standing};
use super::table::{Found, Table, Waker};
use super::waits::{IsOver, Lineage, Place, Target, Waits};
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

/// What asking for a key came to.
pub(crate) enum Begin {
    /// It has been computed.
    Hit(Shared),
    /// It has failed in this run.
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

/// A memo, as an outermost run and those nested in it use it.
pub(crate) struct RunMemo {
    /// Nobody else's, if `own`: then made when the first key is asked for. Most runs ask for none.
    table: OnceLock<Arc<Table>>,
    own: bool,
    /// The results of the outermost run's own plan, if it is `own` and they are kept there.
    ledger: OnceLock<Arc<Ledger>>,
    any_failed: AtomicBool,
    failures: Mutex<AHashMap<u128, Error>>,
    /// What was kept and means nothing to other runs.
    local: Mutex<Vec<u128>>,
}

impl RunMemo {
    /// With a memo of its own.
    pub(crate) fn own() -> Arc<RunMemo> {
        RunMemo::with(OnceLock::new(), true)
    }

    /// With a memo that other runs may use, too.
    pub(crate) fn of(memo: &Memo) -> Arc<RunMemo> {
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

    /// Whether it is its run's own, and was asked for nothing.
    pub(crate) fn is_untouched(&self) -> bool {
        self.own
            && self.table.get().is_none()
            && self.ledger.get().is_none()
            && !self.any_failed.load(Acquire)
    }

    /// The results of the outermost run's own plan are asked for there.
    pub(crate) fn rely_on(&self, ledger: Arc<Ledger>) {
        let _ = self.ledger.set(ledger);
    }

    /// A node of the ledger, whose key is `key`, has failed. Without an error the next asker computes it.
    pub(crate) fn failed(&self, ledger: &Ledger, node: usize, key: u128, error: Option<Error>) {
        if let Some(error) = error {
            self.put_down(key, error);
        }
        if ledger.fail(node) {
            self.wake_watchers(key);
        }
    }

    /// Those who wait for a node of the ledger ask again.
    #[cold]
    pub(crate) fn wake_watchers(&self, key: u128) {
        self.wake(key, self.table().abandon(key));
    }

    fn put_down(&self, key: u128, error: Error) {
        lock(&self.failures).insert(key, error);
        self.any_failed.store(true, Release);
    }

    pub(crate) fn uses(&self, memo: &Memo) -> bool {
        !self.own && Arc::ptr_eq(self.table(), &memo.0)
    }

    #[inline]
    fn table(&self) -> &Arc<Table> {
        self.table.get_or_init(|| Memo::new().0)
    }

    fn place(&self, key: u128) -> Place {
        let memo = self.table().id;
        Place::Entry { memo, key }
    }

    /// What is held up by the entry of `key`, and by what is above.
    pub(crate) fn lineage(&self, key: u128, above: Option<Arc<Lineage>>) -> Arc<Lineage> {
        Lineage::new(self.place(key), above)
    }

    /// Asks for a key.
    pub(crate) fn begin(self: &Arc<Self>, key: u128) -> Begin {
        if let Some(ledger) = self.ledger.get() {
            match ledger.ask(key, self.table()) {
                Standing::Done(value) => return Begin::Hit(value),
                Standing::Running => return Begin::Busy,
                Standing::Elsewhere => {}
            }
        }
        // A failure is put down before its entry is removed, so whoever finds no entry sees it.
        let mut failed = None;
        let found = self.table().ask(key, || {
            if self.any_failed.load(Acquire) {
                failed = lock(&self.failures).get(&key).cloned();
            }
            failed.is_none()
        });
        match (found, failed) {
            (Found::Done(value), _) => Begin::Hit(value),
            (Found::Nothing, Some(error)) => Begin::Failed(error),
            (Found::Taken, _) => Begin::Mine(Ticket {
                memo: self.clone(),
                key,
                open: true,
            }),
            _ => Begin::Busy,
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
        let (place, call) = (self.place(key), call.to_owned());
        let target = vec![Target::Entry { place, call }];
        let mut waits = Waits::lock();
        let mut over = Vec::new();
        let parked = self.table().park(key, waker, || {
            let (circle, gone) = waits.circle(&target, lineage);
            over = gone;
            circle.map_or(Ok(()), Err)
        });
        let answer = match parked {
            Ok(true) => {
                waits.add(target, lineage, is_over);
                Wait::Registered
            }
            Ok(false) => Wait::Changed,
            Err(circle) => Wait::Deadlock(circle),
        };
        drop(waits);
        drop(over);
        answer
    }

    /// An entry has changed: those who wait for it ask again.
    fn wake(&self, key: u128, wakers: Vec<Waker>) {
        if wakers.is_empty() {
            return;
        }
        Waits::lock().end(self.place(key));
        for waker in wakers {
            waker();
        }
    }

    /// The outermost run has come to rest: what only it may remember is handed to `drop_one`.
    pub(crate) fn end(&self, mut drop_one: impl FnMut(Shared)) {
        let Some(table) = self.table.get() else {
            return;
        };
        let local = std::mem::take(&mut *lock(&self.local));
        match self.own {
            true => table.clear().into_iter().for_each(&mut drop_one),
            false => local
                .into_iter()
                .filter_map(|key| table.forget(key))
                .for_each(&mut drop_one),
        }
        let failures = std::mem::take(&mut *lock(&self.failures));
        failures.into_values().for_each(|e| drop_one(Arc::new(e)));
    }
}

/// The right, and the duty, to settle a running entry.
pub(crate) struct Ticket {
    memo: Arc<RunMemo>,
    key: u128,
    open: bool,
}

impl Ticket {
    /// Whether `complete` wants to know what the result cost.
    #[inline]
    pub(crate) fn wants_cost(&self) -> bool {
        self.memo.table().wants_cost()
    }

    /// Keeps the result, and hands back what was dropped to make room for it.
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

    /// Puts down a failure, for this run alone: the next asker of another one computes it.
    pub(crate) fn fail(self, error: Error) {
        self.memo.put_down(self.key, error);
    }
}

impl Drop for Ticket {
    /// Neither completed nor, to others, failed: the next asker computes it.
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
        assert!(ticket.complete(Arc::new(1i64), SMALL, None).is_empty());
        rx.recv().unwrap();
        assert!(matches!(memo.begin(7), Begin::Hit(_)));
        assert!(!Waits::lock().is_waited_for(memo.place(7)));
    }

    #[test]
    fn an_abandoned_entry_is_taken_on_by_the_next() {
        let memo = RunMemo::own();
        let Begin::Mine(ticket) = memo.begin(7) else {
            panic!("first")
        };
        drop(ticket);
        assert!(matches!(memo.begin(7), Begin::Mine(_)));
    }

    #[test]
    fn a_wait_for_oneself_is_a_deadlock() {
        let memo = RunMemo::own();
        let _ticket = memo.begin(1);
        let wait = memo.wait(
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
        let _tickets = [memo.begin(1), memo.begin(2), memo.begin(3)];
        // Below 1, somebody waits for 2; below 2, somebody waits for 3.
        assert!(matches!(
            memo.wait(
                2,
                "b",
                lineage(&memo, &[1]).as_ref(),
                Box::new(|| {}),
                never()
            ),
            Wait::Registered
        ));
        assert!(matches!(
            memo.wait(
                3,
                "c",
                lineage(&memo, &[2]).as_ref(),
                Box::new(|| {}),
                never()
            ),
            Wait::Registered
        ));
        // Below 3, somebody asks for 1: 1 waits for 2 waits for 3 waits for 1.
        let wait = memo.wait(
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
        matches!(memo.begin(key), Begin::Mine(_))
    }

    fn fill(memo: &Arc<RunMemo>, key: u128) {
        let Begin::Mine(ticket) = memo.begin(key) else {
            panic!("first")
        };
        assert!(ticket.complete(Arc::new(key), SMALL, None).is_empty());
    }

    #[test]
    fn a_failure_is_known_to_the_run_that_saw_it_and_ends_with_it() {
        let session = Memo::new();
        let [one, other] = [RunMemo::of(&session), RunMemo::of(&session)];
        let Begin::Mine(ticket) = one.begin(7) else {
            panic!("first")
        };
        ticket.fail(Error::run(ErrorKind::Failed, "no"));
        assert!(matches!(one.begin(7), Begin::Failed(_)));
        assert!(is_mine(&other, 7));
        assert!(matches!(one.begin(7), Begin::Failed(_)));
        let mut dropped = 0;
        one.end(|_| dropped += 1);
        assert_eq!(dropped, 1);
        assert!(is_mine(&RunMemo::of(&session), 7));
    }

    #[test]
    fn what_is_local_ends_with_its_run_and_the_rest_stays() {
        let session = Memo::new();
        let run = RunMemo::of(&session);
        let local = crate::base::token::with_locality(8, true);
        fill(&run, 7);
        fill(&run, local);
        assert!(matches!(run.begin(local), Begin::Hit(_)));
        run.end(drop);
        assert_eq!(session.stats().entries, 1);
        let next = RunMemo::of(&session);
        assert!(matches!(next.begin(7), Begin::Hit(_)));
        assert!(is_mine(&next, local));
    }

    #[test]
    fn a_memo_of_its_own_ends_with_the_run() {
        let run = RunMemo::own();
        fill(&run, 7);
        let mut dropped = 0;
        run.end(|_| dropped += 1);
        assert_eq!((dropped, run.table().stats().entries), (1, 0));
    }

    #[test]
    fn a_memo_of_its_own_is_made_when_the_first_key_is_asked_for() {
        let run = RunMemo::own();
        assert!(!run.uses(&Memo::new()));
        run.end(drop);
        assert!(run.table.get().is_none());
        fill(&run, 7);
        assert!(run.table.get().is_some());
    }

    #[test]
    fn who_waited_is_counted_as_sharing() {
        let session = Memo::new();
        let [one, other] = [RunMemo::of(&session), RunMemo::of(&session)];
        let Begin::Mine(ticket) = one.begin(7) else {
            panic!("first")
        };
        let woken = Arc::new(AtomicBool::new(false));
        let bell = woken.clone();
        let waker = Box::new(move || bell.store(true, Release));
        assert!(matches!(
            other.wait(7, "f", None, waker, never()),
            Wait::Registered
        ));
        assert!(ticket.complete(Arc::new(1), SMALL, None).is_empty());
        assert!(woken.load(Acquire));
        assert!(matches!(other.begin(7), Begin::Hit(_)));
        assert!(matches!(other.begin(7), Begin::Hit(_)));
        let stats = session.stats();
        assert_eq!((stats.shared, stats.hits, stats.misses), (1, 1, 1));
    }

    #[test]
    fn a_circle_over_two_memos_is_a_deadlock() {
        let memos = [RunMemo::own(), RunMemo::own()];
        let _tickets = [memos[0].begin(1), memos[1].begin(1)];
        let [below_a, below_b] = [&memos[0], &memos[1]].map(|m| m.lineage(1, None));
        assert!(matches!(
            memos[1].wait(1, "b", Some(&below_a), Box::new(|| {}), never()),
            Wait::Registered
        ));
        let wait = memos[0].wait(1, "a", Some(&below_b), Box::new(|| {}), never());
        assert!(
            matches!(wait, Wait::Deadlock(text) if text == "deadlock: `a` waits for `b` waits for `a`")
        );
    }

    #[test]
    fn a_wait_that_is_over_closes_no_circle() {
        let memo = RunMemo::own();
        let _tickets = [memo.begin(1), memo.begin(2)];
        // Below 1, somebody waited for 2 until its run was stopped.
        let below = lineage(&memo, &[1]);
        let over = memo.wait(2, "b", below.as_ref(), Box::new(|| {}), Box::new(|| true));
        assert!(matches!(over, Wait::Registered));
        let below = lineage(&memo, &[2]);
        let wait = memo.wait(1, "a", below.as_ref(), Box::new(|| {}), never());
        assert!(matches!(wait, Wait::Registered));
    }
}
