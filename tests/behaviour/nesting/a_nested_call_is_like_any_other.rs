//! A nested compute of a few fresh calls makes no plan, and nobody can tell.

use common::tracked::{Meter, Tracked};
use common::{Log, PLANNED, Tally, quiet};
use lazygraph::{Join, Options, compute_with, prelude::*};

/// Runs `body` in a node that nobody could help with; it tells what it came to.
fn in_a_node<T: Value>(body: impl Fn() -> T + Clone + Value) -> T
where
    T: Clone,
{
    quiet();
    let node = call(body, ());
    node.compute_with(&Options::new().threads(1)).unwrap()
}

/// Computes at once, and by way of a plan, which options ask for that say anything.
fn both<J: Join>(make: impl Fn() -> J) -> [Result<J::Out, Error>; 2] {
    let options = Options::new().fuse(true);
    [compute(make()), compute_with(&options, make())]
}

fn same<J: Join>(make: impl Fn() -> J)
where
    J::Out: PartialEq + std::fmt::Debug,
{
    let [direct, planned] = both(make);
    assert_eq!(direct.unwrap(), planned.unwrap());
}

#[delayed]
fn inc(log: &Log, x: i64) -> i64 {
    log.push(format!("inc {x}"));
    x + 1
}

#[test]
fn in_any_shape() {
    in_a_node(|| {
        let log = Log::new();
        let inc = |x| inc(log.clone(), x);
        same(|| inc(1));
        same(|| (inc(1),));
        same(|| (inc(1), inc(2), inc(3), inc(4)));
        same(|| (inc(1), (inc(2), [inc(3)]), Some(inc(4))));
        same(|| [inc(1), inc(2), inc(3)]);
        same(|| vec![inc(1), inc(2)]);
        same(|| (vec![Some(inc(1)), None], None::<Delayed<i64>>));
        same(|| [[inc(1), inc(2)], [inc(3), inc(4)]]);
        same(|| std::collections::BTreeMap::from([(2, inc(1)), (1, inc(2))]));
        log.take();
        same(|| vec![inc(1), inc(2), inc(3), inc(4), inc(5)]);
        let once = ["inc 1", "inc 2", "inc 3", "inc 4", "inc 5"];
        assert_eq!(
            log.take(),
            [once, once].concat(),
            "in this order, once each"
        );
        let x = inc(7);
        assert_eq!(compute!(x, x, x).unwrap(), (8, 8, 8));
        assert_eq!(log.take(), ["inc 7"]);
    });
}

#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(align(64))]
struct Aligned(u8);

#[delayed]
fn aligned(x: u8) -> Aligned {
    Aligned(x)
}

#[delayed]
fn large(x: u64) -> [u64; 100] {
    [x; 100]
}

#[delayed]
fn nothing() {}

#[delayed]
fn words(by: &str, text: &str, lists: &[&String], numbers: &[u64], last: String) -> Vec<String> {
    let list = lists.iter().map(|x| x.to_string());
    let text = text.split(by).map(str::to_owned);
    let numbers = numbers.iter().map(u64::to_string);
    text.chain(list).chain(numbers).chain([last]).collect()
}

#[test]
fn with_arguments_and_results_of_any_kind() {
    in_a_node(|| {
        same(|| (aligned(3), large(7), nothing(), aligned(4)));
        let lists = || vec!["x".to_owned(), "y".to_owned()];
        same(|| words(",", "a,b".to_owned(), lists(), vec![1, 2], "z".to_owned()));
    });
}

#[delayed]
fn fails(log: &Log, x: i64) -> Result<i64, String> {
    log.push("fails");
    Err(format!("no {x}"))
}

#[delayed]
fn panics(log: &Log, x: i64) -> i64 {
    log.push("panics");
    panic!("{PLANNED} {x}")
}

#[delayed]
fn tracked(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

#[test]
fn its_failure_is_told_as_that_of_any_node() {
    in_a_node(|| {
        let (log, meter) = (Log::new(), Meter::new());
        let told = |results: [Result<(Tracked, i64, i64), Error>; 2]| {
            results.map(|result| {
                let e = result.err().expect("it fails");
                (e.kind(), e.task().to_owned(), format!("{e:#}"))
            })
        };
        let [direct, planned] = told(both(|| {
            (
                tracked(meter.clone(), 1),
                fails(log.clone(), 2),
                inc(log.clone(), 3),
            )
        }));
        assert_eq!(direct, planned);
        let [direct, planned] = told(both(|| {
            (
                tracked(meter.clone(), 1),
                panics(log.clone(), 2),
                inc(log.clone(), 3),
            )
        }));
        assert_eq!(direct, planned);
        assert_eq!(log.take(), ["fails", "fails", "panics", "panics"]);
        assert_eq!(meter.live(), 0, "what was made before is dropped");
    });
}

#[derive(Clone)]
struct Bomb(Tally);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.add();
        panic!("{PLANNED} in a drop")
    }
}

#[delayed]
fn bomb(drops: &Tally) -> Bomb {
    Bomb(drops.clone())
}

#[test]
fn results_that_nobody_wants_may_panic_when_they_are_dropped() {
    in_a_node(|| {
        let (log, drops) = (Log::new(), Tally::new());
        let bomb = || bomb(drops.clone());
        let e = compute!(bomb(), bomb(), fails(log.clone(), 1))
            .err()
            .unwrap();
        assert_eq!((e.task(), drops.get()), ("fails", 2));
        let e = compute!(bomb(), [bomb(), bomb()], panics(log.clone(), 1))
            .err()
            .unwrap();
        assert_eq!((e.task(), drops.get()), ("panics", 5));
        let e = compute((vec![bomb(), bomb()], [fails(log.clone(), 1)]))
            .err()
            .unwrap();
        assert_eq!((e.task(), drops.get()), ("fails", 7));
        assert_eq!(compute!(inc(log.clone(), 1), inc(log, 2)).unwrap(), (2, 3));
    });
}

#[test]
fn what_is_said_of_a_call_holds() {
    in_a_node(|| {
        let log = Log::new();
        let e = compute!(
            inc(log.clone(), 1),
            fails(log.clone(), 2).named("mine").retries(2)
        );
        assert_eq!(e.unwrap_err().task(), "mine");
        assert_eq!(log.take(), ["inc 1", "fails", "fails", "fails"]);
        let sum = (
            inc(log.clone(), 1),
            inc(log.clone(), 1).pure(),
            inc(log.clone(), 1).pure(),
        );
        assert_eq!(compute(sum).unwrap(), (2, 2, 2));
        assert_eq!(log.len(), 2, "pure ones are merged");
        let again = inc(log.clone(), 5);
        assert_eq!(compute!(again, again.recompute()).unwrap(), (6, 6));
        assert_eq!(log.count("inc 5"), 2);
    });
}
