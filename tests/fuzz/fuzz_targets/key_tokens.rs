//! Values of many types, in pairs: equal ones have equal keys, different ones different keys, whichever way the key is
//! made. Where equality of the type is not content (`0.0 == -0.0`), it is content that counts.
#![no_main]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::time::Duration;

use arbitrary::Arbitrary;
use lazygraph::{Hasher128, Token, prelude::*};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;

/// A value of any depth; floats by their bits.
#[derive(Arbitrary, Clone, PartialEq, Eq, Hash, Debug, Token, Serialize)]
enum Tree {
    Nothing,
    Bool(bool),
    Small(u8),
    Wide(i64),
    Letter(char),
    Text(String),
    Maybe(Option<Box<Tree>>),
    Either(Result<u8, String>),
    List(Vec<Tree>),
    Pair(Box<(Tree, Tree)>),
    Map(BTreeMap<String, Tree>),
    Named { left: String, right: String },
    Swapped { right: String, left: String },
}

#[derive(Arbitrary, Clone, PartialEq, Eq, Hash, Debug, Token, Serialize)]
struct Flat {
    a: u16,
    b: Option<Option<u8>>,
    c: (String, String),
    d: [u32; 2],
    e: Vec<Vec<u8>>,
    f: Box<[bool]>,
    g: Generic<Option<i8>>,
}

#[derive(Arbitrary, Clone, PartialEq, Eq, Hash, Debug, Token, Serialize)]
struct Generic<T>(T, Vec<T>);

/// What is compared: two values of one type.
#[derive(Arbitrary, Debug)]
enum Pairs {
    Trees(Tree, Tree),
    Flats(Flat, Flat),
    Texts(Vec<String>, Vec<String>),
    Tuples((String, Vec<u8>, String), (String, Vec<u8>, String)),
    Options(Vec<Option<Vec<u8>>>, Vec<Option<Vec<u8>>>),
    Results(Vec<Result<u8, ()>>, Vec<Result<u8, ()>>),
    Units(Vec<()>, Vec<()>),
    Sets(BTreeSet<String>, BTreeSet<String>),
    Times(Vec<Duration>, Vec<Duration>),
    Floats(Vec<f64>, Vec<f64>),
    /// The same text, cut up differently.
    Cuts(String, Vec<u8>, Vec<u8>),
    /// The same entries, put in in another order.
    Unordered(Vec<(String, u16)>, usize),
    Strings(Vec<(Vec<String>, String)>, Vec<(Vec<String>, String)>),
}

fn key<T: Token + ?Sized>(x: &T) -> u128 {
    let mut hasher = Hasher128::new(0);
    x.token(&mut hasher);
    assert_eq!(hasher.failure(), None);
    hasher.finish()
}

fn compare<T: Token + PartialEq + Clone + std::fmt::Debug>(a: &T, b: &T) {
    assert_eq!(key(a), key(&a.clone()), "two keys of {a:?}");
    assert_eq!(a == b, key(a) == key(b), "{a:?} and {b:?}");
}

#[delayed(pure)]
fn by_hash(#[key(hash)] tree: Tree) -> bool {
    matches!(tree, Tree::Nothing)
}

#[delayed(pure)]
fn by_serde(#[key(serde)] tree: Tree) -> bool {
    matches!(tree, Tree::Nothing)
}

#[delayed(pure)]
fn by_token(tree: Tree) -> bool {
    matches!(tree, Tree::Nothing)
}

/// A key of a whole call.
fn call_key(call: &Delayed<bool>) -> u128 {
    call.content_key().expect("a pure call has a key")
}

fn compare_calls(a: &Tree, b: &Tree) {
    for call in [by_token, by_hash, by_serde] as [fn(Tree) -> Delayed<bool>; 3] {
        let (left, right) = (call(a.clone()), call(b.clone()));
        assert_eq!(
            a == b,
            call_key(&left) == call_key(&right),
            "calls with {a:?} and {b:?}"
        );
    }
}

/// `text` in pieces that end at these places.
fn cut(text: &str, at: &[u8]) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut ends: Vec<usize> = at.iter().map(|i| usize::from(*i)).collect();
    ends.sort_unstable();
    for (i, letter) in text.chars().enumerate() {
        while ends.first().is_some_and(|end| *end <= i) {
            ends.remove(0);
            pieces.push(String::new());
        }
        pieces.last_mut().expect("never empty").push(letter);
    }
    pieces
}

fuzz_target!(|pairs: Pairs| match &pairs {
    Pairs::Trees(a, b) => {
        compare(a, b);
        compare_calls(a, b);
    }
    Pairs::Flats(a, b) => compare(a, b),
    Pairs::Texts(a, b) => {
        compare(a, b);
        let (linked, deque): (LinkedList<_>, VecDeque<_>) =
            (a.iter().cloned().collect(), a.iter().cloned().collect());
        assert_eq!(key(a), key(&linked));
        assert_eq!(key(a), key(&deque));
        assert_eq!(key(a), key(a.as_slice()));
    }
    Pairs::Tuples(a, b) => compare(a, b),
    Pairs::Options(a, b) => compare(a, b),
    Pairs::Results(a, b) => compare(a, b),
    Pairs::Units(a, b) => compare(a, b),
    Pairs::Sets(a, b) => compare(a, b),
    Pairs::Times(a, b) => compare(a, b),
    Pairs::Floats(a, b) => {
        let bits = |all: &[f64]| all.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(a) == bits(b), key(a) == key(b), "{a:?} and {b:?}");
    }
    Pairs::Cuts(text, a, b) => compare(&cut(text, a), &cut(text, b)),
    Pairs::Unordered(entries, turn) => {
        let map: BTreeMap<String, u16> = entries.iter().cloned().collect();
        let mut other: Vec<_> = map.clone().into_iter().collect();
        if !other.is_empty() {
            let by = turn % other.len();
            other.rotate_left(by);
        }
        let one: HashMap<String, u16> = map.clone().into_iter().collect();
        let two: HashMap<String, u16> = other.iter().cloned().collect();
        assert_eq!(key(&one), key(&two));
        let keys = |all: &mut dyn Iterator<Item = &(String, u16)>| {
            all.map(|e| e.0.clone()).collect::<HashSet<String>>()
        };
        assert_eq!(
            key(&keys(&mut other.iter())),
            key(&keys(&mut other.iter().rev()))
        );
        if let Some((first, _)) = other.first() {
            let mut changed = one.clone();
            *changed.get_mut(first).expect("an entry") ^= 1;
            assert_ne!(key(&one), key(&changed));
            changed.remove(first);
            assert_ne!(key(&one), key(&changed));
        }
    }
    Pairs::Strings(a, b) => compare(a, b),
});
