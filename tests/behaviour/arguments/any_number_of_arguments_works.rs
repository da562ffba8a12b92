//! Nodes of no argument, of twelve, of a list of ten thousand; unit results are results.

use common::{Log, everywhere};
use lazygraph::{compute_with, prelude::*};

#[delayed]
fn none() -> i64 {
    7
}

#[delayed]
#[allow(clippy::too_many_arguments, reason = "that is what the test is about")]
fn twelve(
    a: i64,
    b: &str,
    c: f64,
    d: Vec<i64>,
    e: &[f64],
    f: Option<u8>,
    g: (i64, i64),
    h: bool,
    i: &[&i64],
    j: char,
    k: [u8; 3],
    l: Box<i64>,
) -> String {
    let i: i64 = i.iter().copied().sum();
    format!("{a} {b} {c} {d:?} {e:?} {f:?} {g:?} {h} {i} {j} {k:?} {l}")
}

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn contiguous(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

#[delayed]
fn each(xs: &[&i64]) -> i64 {
    xs.iter().copied().sum()
}

#[delayed]
fn owned(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[delayed]
fn effect(log: &Log) {
    log.push("effect");
}

#[delayed]
fn may_fail(log: &Log) -> Result<(), String> {
    log.push("may fail");
    Ok(())
}

#[delayed]
fn units(parts: &[()]) -> usize {
    parts.len()
}

#[test]
fn no_argument() {
    for (name, options) in everywhere() {
        assert_eq!(
            compute_with(&options, (none(), none() + 1)).unwrap(),
            (7, 8),
            "{name}"
        );
    }
}

#[test]
fn twelve_arguments_plain_and_delayed() {
    let expected = "2 b 0.5 [1, 2] [1.5] Some(3) (4, 5) true 9 j [1, 2, 3] 12";
    for (name, options) in everywhere() {
        let plain = twelve(
            2,
            "b",
            0.5,
            [1, 2],
            [1.5],
            3,
            (4, 5),
            true,
            vec![value(4), value(5)],
            'j',
            [1, 2, 3],
            Box::new(12),
        );
        assert_eq!(plain.compute_with(&options).unwrap(), expected, "{name}");
        let delayed = twelve(
            inc(1),
            value("b".to_owned()),
            value(0.5),
            vec![inc(0), inc(1)],
            value(vec![1.5]),
            value(3u8),
            (inc(3), inc(4)),
            value(true),
            vec![inc(3), inc(4)],
            value('j'),
            value([1, 2, 3]),
            value(Box::new(12)),
        );
        assert_eq!(delayed.compute_with(&options).unwrap(), expected, "{name}");
    }
}

#[test]
fn a_list_of_ten_thousand() {
    let n = 10_000;
    for (name, options) in everywhere() {
        let list: Vec<_> = (0..n).map(inc).collect();
        let sums = (contiguous(&list), each(&list[..]), owned(list));
        let expected = n * (n + 1) / 2;
        let all = compute_with(&options, &sums).unwrap();
        assert_eq!(all, (expected, expected, expected), "{name}");
    }
}

#[test]
fn an_empty_list() {
    for (name, options) in everywhere() {
        let list = Vec::<Delayed<i64>>::new();
        let sums = (contiguous(&list), each(&list[..]), owned(list));
        assert_eq!(compute_with(&options, &sums).unwrap(), (0, 0, 0), "{name}");
    }
}

#[test]
fn unit_results() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let () = effect(log.clone()).compute_with(&options).unwrap();
        let both = (effect(log.clone()), may_fail(log.clone()));
        assert_eq!(compute_with(&options, &both).unwrap(), ((), ()), "{name}");
        let many: Vec<_> = (0..5).map(|_| effect(log.clone())).collect();
        assert_eq!(units(many).compute_with(&options).unwrap(), 5, "{name}");
        assert_eq!(
            (log.count("effect"), log.count("may fail")),
            (7, 1),
            "{name}"
        );
    }
}

#[test]
fn order_without_data() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let first = effect(log.clone());
        let second = may_fail(log.clone()).after(&first);
        let third = effect(log.clone()).after(&second).after(&first);
        let () = third.compute_with(&options).unwrap();
        assert_eq!(log.take(), ["effect", "may fail", "effect"], "{name}");
    }
}
