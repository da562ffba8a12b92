//! The memo of a run on its own: lookups, waits, failures, deadlocks.

use super::*;

fn call(hash: u128) -> ContentKey {
    ContentKey {
        hash,
        identity: TypeId::of::<()>(),
        explicit: None,
    }
}

/// Another function, by chance or by a wrong `Token` of the same hash.
fn other(hash: u128) -> ContentKey {
    ContentKey {
        identity: TypeId::of::<u8>(),
        ..call(hash)
    }
}

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
fn what_another_function_comes_to_is_told_of_by_no_hash() {
    let memo = RunMemo::own();
    let claim = |memo: &Arc<RunMemo>| match memo.look_up(call(7), false) {
        Lookup::Claimed(ticket) => ticket,
        _ => panic!("nobody has claimed it"),
    };
    claim(&memo).fail(Error::run(ErrorKind::Failed, "no"));
    assert!(matches!(memo.look_up(call(7), false), Lookup::Failed(_)));
    assert!(matches!(memo.look_up(other(7), false), Lookup::Claimed(_)));
    let memo = RunMemo::own();
    let ticket = claim(&memo);
    assert!(matches!(memo.look_up(other(7), false), Lookup::Foreign));
    assert!(ticket.complete(Arc::new(1i64), SMALL, None).is_empty());
    assert!(matches!(memo.look_up(other(7), false), Lookup::Foreign));
    assert!(matches!(memo.look_up(call(7), false), Lookup::Hit(_)));
}

#[test]
fn the_second_asker_is_told_when_the_first_is_done() {
    let memo = RunMemo::own();
    let Lookup::Claimed(ticket) = memo.look_up(call(7), false) else {
        panic!("first")
    };
    assert!(matches!(memo.look_up(call(7), false), Lookup::Busy));
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
    assert!(matches!(memo.look_up(call(7), false), Lookup::Hit(_)));
    assert!(!Waits::lock().is_waited_for(memo.target_id(7)));
}

#[test]
fn an_abandoned_entry_is_taken_on_by_the_next() {
    let memo = RunMemo::own();
    let Lookup::Claimed(ticket) = memo.look_up(call(7), false) else {
        panic!("first")
    };
    drop(ticket);
    assert!(matches!(memo.look_up(call(7), false), Lookup::Claimed(_)));
}

#[test]
fn a_wait_for_oneself_is_a_deadlock() {
    let memo = RunMemo::own();
    let _ticket = memo.look_up(call(1), false);
    let wait = memo.register_wait(
        1,
        "f(1)",
        lineage(&memo, &[1, 2]).as_ref(),
        Box::new(|| {}),
        never(),
    );
    assert!(matches!(wait, Wait::Deadlock(text) if text == "deadlock: `f(1)` waits for itself"));
}

#[test]
fn a_circle_over_two_waits_is_a_deadlock_and_a_chain_is_not() {
    let memo = RunMemo::own();
    let _tickets = [
        memo.look_up(call(1), false),
        memo.look_up(call(2), false),
        memo.look_up(call(3), false),
    ];
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
    matches!(memo.look_up(call(key), false), Lookup::Claimed(_))
}

fn fill(memo: &Arc<RunMemo>, key: u128) {
    let Lookup::Claimed(ticket) = memo.look_up(call(key), false) else {
        panic!("first")
    };
    assert!(ticket.complete(Arc::new(key), SMALL, None).is_empty());
}

#[test]
fn a_failure_is_known_to_the_run_that_saw_it_and_ends_with_it() {
    let session = Memo::new();
    let [one, other] = [RunMemo::shared(&session), RunMemo::shared(&session)];
    let Lookup::Claimed(ticket) = one.look_up(call(7), false) else {
        panic!("first")
    };
    ticket.fail(Error::run(ErrorKind::Failed, "no"));
    assert!(matches!(one.look_up(call(7), false), Lookup::Failed(_)));
    assert!(is_mine(&other, 7));
    assert!(matches!(one.look_up(call(7), false), Lookup::Failed(_)));
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
    assert!(matches!(run.look_up(call(local), false), Lookup::Hit(_)));
    run.end_run(drop);
    assert_eq!(session.stats().entries, 1);
    let next = RunMemo::shared(&session);
    assert!(matches!(next.look_up(call(7), false), Lookup::Hit(_)));
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
    let Lookup::Claimed(ticket) = one.look_up(call(7), false) else {
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
    assert!(matches!(other.look_up(call(7), false), Lookup::Hit(_)));
    assert!(matches!(other.look_up(call(7), false), Lookup::Hit(_)));
    let stats = session.stats();
    assert_eq!((stats.shared, stats.hits, stats.misses), (1, 1, 1));
}

#[test]
fn a_circle_over_two_memos_is_a_deadlock() {
    let memos = [RunMemo::own(), RunMemo::own()];
    let _tickets = [
        memos[0].look_up(call(1), false),
        memos[1].look_up(call(1), false),
    ];
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
    let _tickets = [memo.look_up(call(1), false), memo.look_up(call(2), false)];
    // An execution below 1 waited for 2 until its run was stopped.
    let below = lineage(&memo, &[1]);
    let over = memo.register_wait(2, "b", below.as_ref(), Box::new(|| {}), Box::new(|| true));
    assert!(matches!(over, Wait::Registered));
    let below = lineage(&memo, &[2]);
    let wait = memo.register_wait(1, "a", below.as_ref(), Box::new(|| {}), never());
    assert!(matches!(wait, Wait::Registered));
}
