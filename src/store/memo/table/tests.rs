//! Which entries survive, at given costs.

use super::*;

fn call(hash: u128) -> ContentKey {
    ContentKey {
        hash,
        identity: TypeId::of::<()>(),
        explicit: None,
    }
}
use std::sync::Arc;
use std::sync::atomic::Ordering::Release;

/// Looks a result up; computes it, at `cost` microseconds and `bytes` bytes in all, if it is not there.
fn get(table: &Table, key: u128, cost: u64, bytes: usize) -> bool {
    match table.look_up(&call(key), || true) {
        Found::Done(_) => true,
        Found::Claimed => {
            let size = Size {
                bytes: bytes - ENTRY_BYTES,
                estimated: false,
            };
            let cost = Some(Duration::from_micros(cost));
            let (wakers, evicted) = table.complete(&call(key), Arc::new(key), size, cost);
            assert!(wakers.is_empty());
            drop(evicted);
            false
        }
        _ => panic!("one thread alone"),
    }
}

fn has(table: &Table, keys: &[u128]) -> Vec<u128> {
    let there = |key: &&u128| !matches!(table.look_up(&call(**key), || false), Found::Absent);
    keys.iter().filter(there).copied().collect()
}

#[test]
fn an_entry_and_its_key_fill_96_bytes() {
    assert_eq!(size_of::<(u128, MemoEntry)>(), 96);
}

#[test]
fn what_is_dear_and_small_stays() {
    let table = Table::new(4000, 100);
    get(&table, 1, 100, 1000); // cheap
    get(&table, 2, 900, 1000); // dear
    get(&table, 3, 900, 2000); // dear, but large
    get(&table, 4, 500, 1000);
    assert_eq!(has(&table, &[1, 2, 3, 4]), [2, 3, 4]);
    get(&table, 5, 1000, 1000);
    assert_eq!(has(&table, &[2, 3, 4, 5]), [2, 4, 5]);
    assert_eq!(table.stats().bytes, 3000);
    assert_eq!(table.stats().evicted, 2);
}

#[test]
fn what_is_asked_for_stays() {
    let table = Table::new(3000, 100);
    (1..=3).for_each(|key| assert!(!get(&table, key, 10, 1000)));
    assert!(get(&table, 1, 10, 1000) && get(&table, 3, 10, 1000));
    get(&table, 4, 10, 1000);
    assert_eq!(has(&table, &[1, 2, 3, 4]), [1, 3, 4]);
}

#[test]
fn among_equals_the_older_goes() {
    let table = Table::new(1 << 20, 3);
    (1..=5).for_each(|key| assert!(!get(&table, key, 10, 1000)));
    assert_eq!(has(&table, &[1, 2, 3, 4, 5]), [3, 4, 5]);
}

#[test]
fn what_was_dear_long_ago_is_overtaken() {
    let table = Table::new(2000, 100);
    get(&table, 0, 50, 1000);
    for key in 1..=10 {
        get(&table, key, 10, 1000);
        get(&table, key, 10, 1000);
    }
    assert_eq!(has(&table, &[0]), [] as [u128; 0]);
}

#[test]
fn what_is_larger_than_the_budget_is_not_kept_and_ousts_nothing() {
    let table = Table::new(2000, 100);
    get(&table, 1, 1, 1000);
    get(&table, 2, 1_000_000, 2001);
    assert_eq!(has(&table, &[1, 2]), [1]);
    assert_eq!(table.stats().refused, 1);
    let nothing = Table::new(1 << 20, 0);
    get(&nothing, 1, 10, 1000);
    assert_eq!((nothing.stats().entries, nothing.stats().refused), (0, 1));
}

#[test]
fn what_is_in_flight_is_never_dropped() {
    let table = Table::new(2000, 100);
    assert!(matches!(table.look_up(&call(1), || true), Found::Claimed));
    (2..=20).for_each(|key| assert!(!get(&table, key, 10, 1000)));
    assert_eq!(table.clear().len(), 2);
    assert!(matches!(table.look_up(&call(1), || true), Found::Running));
}

#[test]
fn a_cleared_table_fills_up_again() {
    let table = Table::new(3000, 100);
    for round in 0..5 {
        (1..=2000).for_each(|key| assert!(!get(&table, key + round * 10_000, 10, 1000)));
        assert_eq!(table.stats().bytes, 3000);
        assert_eq!(table.clear().len(), 3);
        assert_eq!((table.stats().bytes, table.stats().entries), (0, 0));
    }
    // Results that were removed otherwise do not stay among the candidates.
    for key in 0..10_000 {
        get(&table, key, 10, 1000);
        table.remove(key);
    }
    let candidates = lock(&table.candidates);
    assert!(candidates.as_ref().is_none_or(|c| !c.is_stale(0)));
}

#[test]
fn the_bounds_hold_at_all_times() {
    let (table, ended) = (Table::new(10_000, 8), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Acquire) {
                let stats = table.stats();
                assert!(stats.bytes <= 10_000 && stats.entries <= 8, "{stats:?}");
            }
        });
        let work = |from: u128| {
            for i in 0..20_000 {
                get(&table, from + i % 50, i as u64 % 7, 500 + i as usize % 2000);
            }
        };
        let workers = [1, 1000, 2000].map(|from| scope.spawn(move || work(from)));
        let ends = workers.map(|worker| worker.join().is_ok());
        ended.store(true, Release);
        assert_eq!(ends, [true; 3]);
    });
    let entries = table.stats().entries;
    assert_eq!(table.clear().len(), entries);
    assert_eq!((table.stats().bytes, table.stats().estimated), (0, 0));
}
