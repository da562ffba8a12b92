//! P3: the memo has a bound and drops by cost; dropping never changes a result.

use common::pure::fib;
use common::tracked::{Meter, Tracked};
use common::{Log, quiet, schedulers};
use lazygraph::{Footprint, Hasher128, Memo, Options, Token, compute_with, prelude::*};
use std::sync::Arc;

fn at_most(entries: usize) -> Memo {
    let memo = Memo::new();
    memo.set_max_entries(entries);
    memo
}

#[test]
fn the_value_is_right_however_little_is_kept() {
    for (name, options) in schedulers() {
        for entries in [16, 90] {
            let (log, memo) = (Log::new(), at_most(entries));
            let options = options.clone().memo(&memo);
            let n = fib(log.clone(), 90).compute_with(&options).unwrap();
            assert_eq!(n, 2_880_067_194_370_816_120, "{name}, {entries} entries");
            let stats = memo.stats();
            assert!(stats.entries <= entries, "{name}: {stats:?}");
            assert_eq!(stats.misses, log.len() as u64, "{name}");
            let left = stats.misses - stats.evicted;
            assert_eq!(left, stats.entries as u64, "{name}: {stats:?}");
        }
        // Where not even the last few fit, bodies run again and again.
        for memo in [at_most(2), Memo::with_budget(0)] {
            let options = options.clone().memo(&memo);
            let n = fib(Log::new(), 12).compute_with(&options).unwrap();
            assert_eq!(n, 144, "{name}");
            assert!(memo.stats().entries <= 2, "{name}");
        }
    }
}

#[delayed(pure)]
fn make(#[key(skip)] meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[delayed]
fn read(x: &Tracked) -> i64 {
    x.value()
}

#[test]
fn what_is_dropped_is_gone() {
    for (name, options) in schedulers() {
        let (meter, memo) = (Meter::new(), at_most(10));
        let options = options.memo(&memo);
        for round in 0..3 {
            let many: Vec<_> = (0..100).map(|x| read(make(meter.clone(), x))).collect();
            let values = compute_with(&options, &many).unwrap();
            assert_eq!(values, (0..100).collect::<Vec<_>>(), "{name}");
            let stats = memo.stats();
            assert_eq!(
                (stats.entries, stats.estimated),
                (10, 10),
                "{name}, {round}"
            );
            assert_eq!(meter.live(), 10, "{name}, {round}");
        }
        memo.clear();
        assert_eq!(meter.live(), 0, "{name}");
    }
}

#[test]
fn the_last_handle_lets_all_go() {
    let (meter, memo) = (Meter::new(), Memo::new());
    let options = Options::new().threads(1).memo(&memo);
    make(meter.clone(), 1).compute_with(&options).unwrap();
    assert_eq!(meter.live(), 1);
    drop((options, memo));
    assert_eq!(meter.live(), 0);
}

#[derive(Footprint)]
struct Blob {
    bytes: Vec<u8>,
    #[footprint(skip)]
    _tag: Option<Arc<str>>,
}

type Alias = Blob;

#[delayed(pure)]
fn blob(n: usize) -> Alias {
    let bytes = vec![0; n];
    Blob { bytes, _tag: None }
}

#[delayed]
fn length(blob: &Blob) -> usize {
    blob.bytes.len()
}

#[delayed(pure)]
fn generic<T: Value + Clone + Token>(x: T) -> Vec<T> {
    vec![x]
}

#[delayed]
fn many<T: Value>(xs: &[T]) -> usize {
    xs.len()
}

#[derive(Clone, Token)]
struct Maker(usize);

#[delayed]
impl Maker {
    #[delayed(pure)]
    fn make(&self) -> Result<Vec<u8>, String> {
        Ok(vec![0; self.0])
    }
    #[delayed(pure)]
    fn graph(&self) -> Delayed<Blob> {
        blob(self.0)
    }
}

#[test]
fn results_count_with_what_they_own() {
    let memo = Memo::new();
    let options = Options::new().memo(&memo);
    let added = |bytes, estimated, run: &dyn Fn()| {
        let before = memo.stats();
        run();
        let now = memo.stats();
        let (b, e) = (now.bytes - before.bytes, now.estimated - before.estimated);
        assert_eq!((b, e), (bytes + Memo::ENTRY_BYTES, estimated));
    };
    let list = size_of::<Vec<u8>>();
    added(size_of::<Blob>() + 1000, 0, &|| {
        assert_eq!(length(blob(1000)).compute_with(&options).unwrap(), 1000);
    });
    added(list + 77, 0, &|| {
        let made = value(Maker(77)).make();
        assert_eq!(many(made).compute_with(&options).unwrap(), 77);
    });
    // What is not known where the function is written is estimated, unless it owns nothing.
    added(list, 1, &|| {
        assert_eq!(
            many(generic("x".to_owned()))
                .compute_with(&options)
                .unwrap(),
            1
        );
    });
    // A returned graph: its own result and that of what returned it, which is the same one.
    let before = memo.stats();
    let graph = length(value(Maker(500)).graph());
    assert_eq!(graph.compute_with(&options).unwrap(), 500);
    let now = memo.stats();
    assert_eq!(
        (
            now.entries - before.entries,
            now.estimated - before.estimated
        ),
        (2, 0)
    );
}

#[test]
fn the_budget_holds_and_what_is_too_large_is_not_kept() {
    for (name, options) in schedulers() {
        let memo = Memo::with_budget(20_000);
        let options = options.memo(&memo);
        let sizes: Vec<usize> = (0..50).map(|i| 100 * i).chain([19_999, 30_000]).collect();
        let all: Vec<_> = sizes.iter().map(|n| length(blob(*n))).collect();
        assert_eq!(compute_with(&options, &all).unwrap(), sizes, "{name}");
        let stats = memo.stats();
        assert!(stats.bytes <= 20_000, "{name}: {stats:?}");
        assert_eq!(stats.refused, 2, "{name}: {stats:?}");
        assert!(stats.evicted > 0 && stats.entries > 0, "{name}: {stats:?}");
    }
}

/// Panics when it is dropped, and looks at the memo before: no lock is held.
struct Bomb(Memo);

impl Drop for Bomb {
    fn drop(&mut self) {
        let stats = self.0.stats();
        assert!(stats.entries > 100, "planned panic in drop");
    }
}

impl Token for Bomb {
    fn token(&self, _: &mut Hasher128) {}
}

#[delayed(pure)]
fn bomb(#[key(skip)] memo: &Memo, x: i64) -> Bomb {
    let _ = x;
    Bomb(memo.clone())
}

#[delayed]
fn look(bomb: &Bomb) -> bool {
    bomb.0.stats().misses > 0
}

#[test]
fn a_panic_in_the_drop_of_what_is_dropped_is_an_error() {
    quiet();
    for (name, options) in schedulers() {
        let memo = at_most(1);
        let options = options.memo(&memo);
        let call = |x| look(bomb(memo.clone(), x)).compute_with(&options);
        assert!(call(1).unwrap(), "{name}: nothing had to go");
        let error = call(2).unwrap_err();
        assert!(error.is_panic(), "{name}: {error:?}");
        assert!(
            format!("{error}").contains("planned panic in drop"),
            "{name}: {error}"
        );
        assert!(call(2).unwrap(), "{name}: it had been kept");
        let cleared = std::panic::catch_unwind(|| memo.clear());
        assert!(cleared.is_err(), "{name}");
        assert_eq!(memo.stats().entries, 0, "{name}");
    }
}

struct Unmeasurable;

impl Footprint for Unmeasurable {
    fn footprint(&self) -> usize {
        panic!("planned panic in footprint")
    }
}

impl Drop for Unmeasurable {
    fn drop(&mut self) {}
}

#[delayed(pure)]
fn unmeasurable() -> Unmeasurable {
    Unmeasurable
}

#[delayed]
fn takes(_x: &Unmeasurable) -> i64 {
    1
}

#[test]
fn a_panic_in_a_footprint_is_an_error() {
    quiet();
    for (name, options) in schedulers() {
        let memo = Memo::new();
        let options = options.memo(&memo);
        let error = takes(unmeasurable()).compute_with(&options).unwrap_err();
        assert!(error.is_panic(), "{name}: {error:?}");
        assert_eq!(memo.stats().entries, 0, "{name}");
    }
}
