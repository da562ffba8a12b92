//! P3: what is part of a key, and what is not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use lazygraph::{ErrorKind, Token, prelude::*};

#[delayed(pure)]
fn f<T: Token + Clone>(x: T) -> u8 {
    let _ = x;
    0
}

#[delayed(pure)]
fn pair<A: Token + Clone, B: Token + Clone>(a: A, b: B) -> u8 {
    let _ = (a, b);
    0
}

#[delayed(pure)]
fn lent(x: &[f64]) -> usize {
    x.len()
}

#[delayed]
fn impure(x: i64) -> i64 {
    x
}

#[delayed(pure)]
fn of(x: i64) -> i64 {
    x
}

mod left {
    use lazygraph::prelude::*;
    #[delayed(pure)]
    pub(crate) fn same(x: i64) -> i64 {
        x
    }
}

mod right {
    use lazygraph::prelude::*;
    #[delayed(pure)]
    pub(crate) fn same(x: i64) -> i64 {
        x
    }
}

fn key<T: ?Sized>(d: &Delayed<T>) -> u128 {
    d.content_key().expect("a pure node has a key")
}

/// Fails unless all keys differ.
fn all_differ(keys: &[(&str, u128)]) {
    for (i, (a, x)) in keys.iter().enumerate() {
        for (b, y) in &keys[i + 1..] {
            assert_ne!(x, y, "{a} and {b} have one key");
        }
    }
}

#[test]
fn types_are_part_of_the_key() {
    all_differ(&[
        ("1", key(&f(1))),
        ("1.0", key(&f(1.0))),
        ("true", key(&f(true))),
        ("1u8", key(&f(1u8))),
        ("1u16", key(&f(1u16))),
        ("1i64", key(&f(1i64))),
        ("1u64", key(&f(1u64))),
        ("1f32", key(&f(1.0f32))),
        ("'1'", key(&f('1'))),
        ("\"1\"", key(&f("1".to_owned()))),
        ("Some(1)", key(&f(Some(1)))),
        ("[1]", key(&f([1]))),
        ("vec![1]", key(&f(vec![1]))),
        ("(1,)", key(&f((1,)))),
        ("()", key(&f(()))),
    ]);
}

#[test]
fn equal_values_have_equal_keys() {
    assert_eq!(key(&f(1)), key(&f(1)));
    assert_eq!(
        key(&f("a".to_owned())),
        key(&f(String::from_utf8(vec![b'a']).unwrap()))
    );
    assert_eq!(key(&f(vec![1.5, 2.5])), key(&f(vec![1.5, 2.5])));
    assert_eq!(
        key(&lent([1.0, 2.0])),
        key(&lent(vec![1.0, 2.0])),
        "one slice, however it is owned"
    );
}

#[test]
fn floats_count_by_their_bits() {
    assert_ne!(key(&f(0.0)), key(&f(-0.0)), "their reciprocals differ");
    assert_eq!(
        key(&f(f64::NAN)),
        key(&f(f64::NAN)),
        "one NaN is equal to itself"
    );
    assert_ne!(key(&f(f64::NAN)), key(&f(-f64::NAN)));
    assert_ne!(key(&f(vec![0.0])), key(&f(vec![-0.0])), "in a list as well");
    assert_ne!(key(&f(f64::INFINITY)), key(&f(f64::MAX)));
}

#[test]
fn values_that_flatten_alike_differ() {
    let text = |s: &str| s.to_owned();
    all_differ(&[
        ("ab, c", key(&pair(text("ab"), text("c")))),
        ("a, bc", key(&pair(text("a"), text("bc")))),
        ("abc, -", key(&pair(text("abc"), text("")))),
    ]);
    all_differ(&[
        ("[[1, 2], [3]]", key(&f(vec![vec![1, 2], vec![3]]))),
        ("[[1], [2, 3]]", key(&f(vec![vec![1], vec![2, 3]]))),
        ("[[], [1, 2, 3]]", key(&f(vec![vec![], vec![1, 2, 3]]))),
        ("[[1, 2, 3]]", key(&f(vec![vec![1, 2, 3]]))),
    ]);
    all_differ(&[
        ("None", key(&f(None::<i64>))),
        ("Some(0)", key(&f(Some(0i64)))),
        ("Some(1)", key(&f(Some(1i64)))),
    ]);
    all_differ(&[
        ("a then b", key(&pair(1, 2))),
        ("b then a", key(&pair(2, 1))),
    ]);
}

/// Two values that print alike.
#[derive(Clone, Token)]
struct Opaque(u64);

impl std::fmt::Debug for Opaque {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opaque")
    }
}

#[derive(Clone, Token)]
struct Celsius {
    degrees: f64,
}

#[derive(Clone, Token)]
struct Fahrenheit {
    degrees: f64,
}

#[derive(Clone, Token)]
enum Mode {
    Fast,
    Slow,
    Exact { digits: u8 },
}

#[test]
fn what_prints_alike_may_differ() {
    assert_eq!(format!("{:?}", Opaque(1)), format!("{:?}", Opaque(2)));
    assert_ne!(key(&f(Opaque(1))), key(&f(Opaque(2))));
    assert_eq!(key(&f(Opaque(1))), key(&f(Opaque(1))));
}

#[test]
fn the_names_of_types_and_variants_count() {
    all_differ(&[
        ("Celsius", key(&f(Celsius { degrees: 1.0 }))),
        ("Fahrenheit", key(&f(Fahrenheit { degrees: 1.0 }))),
    ]);
    all_differ(&[
        ("Fast", key(&f(Mode::Fast))),
        ("Slow", key(&f(Mode::Slow))),
        ("Exact 1", key(&f(Mode::Exact { digits: 1 }))),
        ("Exact 2", key(&f(Mode::Exact { digits: 2 }))),
    ]);
}

#[test]
fn a_map_has_one_key_in_any_order_of_insertion() {
    let forth: HashMap<String, i64> = (0..100).map(|i| (i.to_string(), i)).collect();
    let back: HashMap<String, i64> = (0..100).rev().map(|i| (i.to_string(), i)).collect();
    assert_eq!(key(&f(forth.clone())), key(&f(back)));

    let swapped: HashMap<String, i64> = [("0".to_owned(), 1), ("1".to_owned(), 0)]
        .into_iter()
        .collect();
    let straight: HashMap<String, i64> = [("0".to_owned(), 0), ("1".to_owned(), 1)]
        .into_iter()
        .collect();
    assert_ne!(
        key(&f(swapped)),
        key(&f(straight)),
        "values stay with their keys"
    );

    let forth: HashSet<i64> = (0..100).collect();
    let back: HashSet<i64> = (0..100).rev().collect();
    assert_eq!(key(&f(forth)), key(&f(back)));

    let forth: BTreeMap<i64, i64> = (0..10).map(|i| (i, i)).collect();
    let back: BTreeMap<i64, i64> = (0..10).rev().map(|i| (i, i)).collect();
    assert_eq!(key(&f(forth)), key(&f(back)));
    let set: BTreeSet<i64> = (0..10).collect();
    assert_ne!(key(&f(set)), key(&f((0..10).collect::<Vec<i64>>())));
}

#[test]
fn functions_of_one_name_differ() {
    assert_ne!(key(&left::same(1)), key(&right::same(1)));
}

#[test]
fn the_input_is_part_of_the_key() {
    all_differ(&[
        ("of(1)", key(&of(1))),
        ("of(of(1))", key(&of(of(1)))),
        ("of(left)", key(&of(left::same(1)))),
        ("of(right)", key(&of(right::same(1)))),
        ("of(2)", key(&of(2))),
    ]);
    assert_eq!(key(&of(of(1))), key(&of(of(1))));
}

#[test]
fn an_impure_input_counts_by_its_identity() {
    let drawn = impure(1);
    assert_eq!(drawn.content_key(), None);
    assert_eq!(key(&of(&drawn)), key(&of(drawn.clone())));
    assert_ne!(key(&of(&drawn)), key(&of(impure(1))));
}

#[derive(Clone)]
struct NoToken(f64);

#[delayed(pure)]
fn open(x: &NoToken) -> f64 {
    x.0
}

#[test]
fn a_value_without_a_token_counts_by_its_identity() {
    let x = value(NoToken(1.0));
    assert_eq!(key(&open(&x)), key(&open(&x)));
    assert_ne!(key(&open(&x)), key(&open(value(NoToken(1.0)))));
}

#[delayed(pure)]
fn apply(g: impl Fn(i64) -> i64, x: i64) -> i64 {
    g(x)
}

/// Two calls of one place in the program, which differ in what a closure has captured: never merged, refused at worst.
fn merged(call: impl Fn(i64) -> Delayed<i64>) -> bool {
    let (a, b) = (call(10), call(20));
    match compute!(a, b) {
        Ok(values) => values != (20, 40),
        Err(e) => e.kind() != ErrorKind::Invalid,
    }
}

#[test]
fn captures_tell_closures_apart() {
    common::quiet();
    let xy = || (of(2), of(1));
    let cases = [
        ("map", merged(|k| of(2).map(move |x| x * k))),
        ("map, pure", merged(|k| of(2).map(move |x| x * k).pure())),
        ("map_owned", merged(|k| of(2).map_owned(move |x| x * k))),
        (
            "map_owned, pure",
            merged(|k| of(2).map_owned(move |x| x * k).pure()),
        ),
        (
            "and_then",
            merged(|k| of(2).and_then(move |x| value(x * k))),
        ),
        (
            "and_then, pure",
            merged(|k| of(2).and_then(move |x| value(x * k)).pure()),
        ),
        ("delayed", merged(|k| delayed(move |x: i64| x * k)(of(2)))),
        (
            "delayed, pure",
            merged(|k| delayed(move |x: i64| x * k)(of(2)).pure()),
        ),
        ("call", merged(|k| call(move |x: i64| x * k, (of(2),)))),
        (
            "call, pure",
            merged(|k| call(move |x: i64| x * k, (of(2),)).pure()),
        ),
        ("apply", merged(|k| xy().apply(move |x, y| x * y * k))),
        (
            "apply, pure",
            merged(|k| xy().apply(move |x, y| x * y * k).pure()),
        ),
        ("a parameter", merged(|k| apply(move |x| x * k, 2))),
    ];
    let merged: Vec<&str> = cases.iter().filter(|c| c.1).map(|c| c.0).collect();
    assert_eq!(merged, [""; 0], "one execution for different captures");
}

/// The two functions of one path below differ in one thing.
mod twins {
    use lazygraph::prelude::*;

    pub(crate) fn version_one() -> Delayed<i64> {
        #[delayed(pure, version = "1")]
        fn twin(x: i64) -> i64 {
            x
        }
        twin(1)
    }

    pub(crate) fn version_two() -> Delayed<i64> {
        #[delayed(pure, version = "2")]
        fn twin(x: i64) -> i64 {
            x
        }
        twin(1)
    }

    pub(crate) fn other_body() -> Delayed<i64> {
        #[delayed(pure, version = "1")]
        fn twin(x: i64) -> i64 {
            x + 1
        }
        twin(1)
    }

    pub(crate) fn other_type() -> Delayed<i32> {
        #[delayed(pure, version = "1")]
        fn twin(x: i32) -> i32 {
            x
        }
        twin(1)
    }
}

#[test]
fn version_body_and_signature_are_part_of_the_key() {
    all_differ(&[
        ("version 1", key(&twins::version_one())),
        ("version 2", key(&twins::version_two())),
        ("another body", key(&twins::other_body())),
        ("another type", key(&twins::other_type())),
    ]);
}

#[delayed(pure)]
fn quietly(x: i64, #[key(skip)] verbose: bool) -> i64 {
    let _ = verbose;
    x
}

#[derive(Clone, Hash)]
struct Id(u32);

#[derive(Clone, serde::Serialize)]
struct Point {
    x: f64,
    y: f64,
}

#[delayed(pure)]
fn hashed(#[key(hash)] id: Id) -> u32 {
    id.0
}

#[delayed(pure)]
fn serialized(#[key(serde)] p: Point) -> f64 {
    p.x + p.y
}

#[test]
fn a_parameter_may_say_how_it_is_keyed() {
    assert_eq!(key(&quietly(1, true)), key(&quietly(1, false)));
    assert_ne!(key(&quietly(1, true)), key(&quietly(2, true)));
    assert_eq!(key(&hashed(Id(1))), key(&hashed(Id(1))));
    assert_ne!(key(&hashed(Id(1))), key(&hashed(Id(2))));
    let p = |x, y| serialized(Point { x, y });
    assert_eq!(key(&p(1.0, 2.0)), key(&p(1.0, 2.0)));
    assert_ne!(key(&p(1.0, 2.0)), key(&p(2.0, 1.0)));
}
