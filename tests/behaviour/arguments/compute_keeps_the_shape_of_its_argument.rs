//! Any nesting of tuples, lists, arrays, options and maps goes in; the same nesting of values comes out.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use common::{Log, everywhere};
use lazygraph::{Plan, compute_with, join, prelude::*};

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn text(x: i64) -> String {
    x.to_string()
}

#[delayed]
fn logged(log: &Log, x: i64) -> i64 {
    log.push("logged");
    x
}

#[test]
fn lists_arrays_and_options() {
    for (name, options) in everywhere() {
        let list = vec![inc(1), inc(2), inc(3)];
        assert_eq!(compute_with(&options, &list).unwrap(), [2, 3, 4], "{name}");
        assert_eq!(
            compute_with(&options, &list[1..]).unwrap(),
            [3, 4],
            "{name}"
        );
        assert_eq!(
            compute_with(&options, [inc(1), inc(2)]).unwrap(),
            [2, 3],
            "{name}"
        );
        assert_eq!(
            compute_with(&options, Some(inc(1))).unwrap(),
            Some(2),
            "{name}"
        );
        assert_eq!(
            compute_with(&options, None::<Delayed<i64>>).unwrap(),
            None,
            "{name}"
        );
    }
}

#[test]
fn maps() {
    for (name, options) in everywhere() {
        let map: HashMap<&str, Delayed<i64>> = [("a", inc(1)), ("b", inc(2))].into();
        let values = compute_with(&options, &map).unwrap();
        assert_eq!(
            (values["a"], values["b"], values.len()),
            (2, 3, 2),
            "{name}"
        );
        let map: BTreeMap<i64, Delayed<String>> = (0..3).map(|i| (i, text(i * i))).collect();
        let values = compute_with(&options, &map).unwrap();
        let expected: BTreeMap<i64, String> = (0..3).map(|i| (i, (i * i).to_string())).collect();
        assert_eq!(values, expected, "{name}");
    }
}

#[test]
fn tuples_of_any_types() {
    for (name, options) in everywhere() {
        let t = (inc(1), text(2), (inc(3),), [text(4)]);
        let expected = (2, "2".to_owned(), (4,), ["4".to_owned()]);
        assert_eq!(compute_with(&options, &t).unwrap(), expected, "{name}");
    }
    let twelve = (
        inc(0),
        inc(1),
        inc(2),
        inc(3),
        inc(4),
        inc(5),
        inc(6),
        inc(7),
        inc(8),
        inc(9),
        inc(10),
        text(11),
    );
    let values = compute(&twelve).unwrap();
    assert_eq!((values.0, values.10, values.11), (1, 11, "11".to_owned()));
}

#[test]
fn nested_four_deep() {
    for (name, options) in everywhere() {
        let mut map = BTreeMap::new();
        map.insert(
            "x",
            vec![(inc(1), Some([text(2), text(3)])), (inc(4), None)],
        );
        map.insert("y", vec![]);
        let values = compute_with(&options, (&map, inc(0))).unwrap();
        assert_eq!(values.1, 1, "{name}");
        let first = (2, Some(["2".to_owned(), "3".to_owned()]));
        assert_eq!(values.0["x"], [first, (5, None)], "{name}");
        assert_eq!(values.0["y"], [], "{name}");
    }
}

#[test]
fn join_makes_one_delayed_value_of_it() {
    for (name, options) in everywhere() {
        let joined = join((vec![inc(1), inc(2)], Some(text(3)), [(inc(4), text(5))]));
        let expected = (vec![2, 3], Some("3".to_owned()), [(5, "5".to_owned())]);
        assert_eq!(joined.compute_with(&options).unwrap(), expected, "{name}");
    }
}

#[test]
fn one_value_in_many_places_runs_once() {
    let log = Log::new();
    let x = logged(log.clone(), 3);
    let shape = (
        vec![x.clone(), x.clone()],
        Some((x.clone(), [x.clone()])),
        &x,
    );
    assert_eq!(compute(&shape).unwrap(), (vec![3, 3], Some((3, [3])), 3));
    assert_eq!(log.len(), 1);
}

#[test]
fn the_macro_borrows_its_arguments() {
    let (a, b) = (inc(1), vec![text(2)]);
    assert_eq!(compute!(a, b).unwrap(), (2, vec!["2".to_owned()]));
    assert_eq!(compute!(a).unwrap(), 2);
    assert_eq!(get!(a, b), (2, vec!["2".to_owned()]));
}

#[test]
fn iterators_collect_into_one_delayed_value() {
    let list: Delayed<Vec<i64>> = (0..4).map(inc).collect();
    let map: Delayed<BTreeMap<i64, i64>> = (0..3).map(|i| inc(i).map(move |x| (i, *x))).collect();
    let sum: Delayed<i64> = (0..4).map(inc).sum();
    let (list, map, sum) = compute!(list, map, sum).unwrap();
    assert_eq!((list, sum), (vec![1, 2, 3, 4], 10));
    assert_eq!(map, BTreeMap::from([(0, 1), (1, 2), (2, 3)]));
}

/// A key that never hashes alike. Where it stands in a map is of its own making; which result is whose is not.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Fickle(i64);

impl Hash for Fickle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        static ASKED: AtomicU64 = AtomicU64::new(0);
        ASKED.fetch_add(1, Ordering::Relaxed).hash(state);
    }
}

#[test]
fn keys_of_a_map_need_not_hash_alike() {
    type Entry<N, T> = (Option<N>, T);
    #[delayed]
    fn sum(map: HashMap<Fickle, Entry<i64, String>>) -> usize {
        map.values().map(|(_, text)| text.len()).sum()
    }
    #[track_caller]
    fn check(values: HashMap<Fickle, Entry<i64, String>>) {
        assert_eq!(values.len(), 8);
        for (Fickle(x), (number, text)) in values {
            let expected = (x % 2 == 0).then_some(x + 1);
            assert_eq!((number, text), (expected, x.to_string()));
        }
    }
    for (_, options) in everywhere() {
        let entry = |x| ((x % 2 == 0).then(|| inc(x)), text(x));
        let map: HashMap<Fickle, Entry<Delayed<i64>, Delayed<String>>> =
            (0..8).map(|x| (Fickle(x), entry(x))).collect();
        check(compute_with(&options, &map).unwrap());
        check(join(&map).compute_with(&options).unwrap());
        check(Plan::new(&map, &options).unwrap().run().unwrap());
        assert_eq!(sum(join(map)).compute_with(&options).unwrap(), 8);
    }
}
