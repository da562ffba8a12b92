//! P3: the keys of types that are only `Serialize`.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    net::Ipv4Addr,
};

use serde::{Serialize, Serializer, ser::SerializeMap};

use lazygraph::{__private::Probe, Hasher128};

fn key<T: Serialize + ?Sized>(x: &T) -> u128 {
    let mut h = Hasher128::new(7);
    Probe::<T>::SER.unwrap()(x, &mut h);
    assert_eq!(h.failure(), None);
    h.finish()
}

fn failure<T: Serialize + ?Sized>(x: &T) -> String {
    let mut h = Hasher128::new(7);
    Probe::<T>::SER.unwrap()(x, &mut h);
    h.failure().expect("no key").to_owned()
}

fn all_differ(keys: &[u128]) {
    let distinct: HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "{keys:032x?}");
}

#[derive(Serialize)]
struct A {
    x: u8,
    more: Option<Vec<f64>>,
}

#[derive(Serialize)]
struct B {
    x: u8,
    more: Option<Vec<f64>>,
}

#[derive(Serialize)]
struct OtherField {
    y: u8,
}

#[derive(Serialize)]
enum Mode {
    Fast,
    Exact { digits: u8 },
    Both(u8, u8),
    One(u8),
}

#[test]
fn the_keys_are_these() {
    let golden = |x: u128, hex: &str| assert_eq!(format!("{x:032x}"), hex);
    let a = A {
        x: 1,
        more: Some(vec![1.0, 2.0]),
    };
    golden(key(&a), "cf942e5d42769eb286f3d4ac4ae39c56");
    golden(
        key(&Mode::Exact { digits: 3 }),
        "c60eb54834d7edb111dd92afc51eea1a",
    );
    golden(
        key(&HashMap::from([("a", 1u32), ("b", 2)])),
        "7b00fcc61e4eb1f81a09132aa88c4ded",
    );
}

#[test]
fn kinds_and_names_are_part_of_the_key() {
    all_differ(&[
        key(&1u8),
        key(&1u16),
        key(&1i8),
        key(&1i128),
        key(&1u128),
        key(&1.0f32),
        key(&1.0f64),
        key(&true),
        key(&'\u{1}'),
        key("1"),
        key(&Some(1u8)),
        key(&None::<u8>),
        key(&()),
        key(&(1u8,)),
        key(&[1u8][..]),
        key(&A { x: 1, more: None }),
        key(&B { x: 1, more: None }),
        key(&OtherField { y: 1 }),
        key(&Mode::Fast),
        key(&Mode::Exact { digits: 1 }),
        key(&Mode::One(1)),
        key(&Mode::Both(1, 1)),
    ]);
    all_differ(&[key(&("a", "bc")), key(&("ab", "c"))]);
    all_differ(&[
        key(&vec![vec![1u8], vec![2]]),
        key(&vec![vec![1u8, 2]]),
        key(&vec![vec![1u8, 2], vec![]]),
    ]);
}

#[test]
fn maps_have_no_order() {
    let up: HashMap<u32, String> = (0..100).map(|i| (i, i.to_string())).collect();
    let down: HashMap<u32, String> = (0..100).rev().map(|i| (i, i.to_string())).collect();
    let sorted: BTreeMap<u32, String> = up.clone().into_iter().collect();
    assert_eq!(key(&up), key(&down));
    assert_eq!(key(&up), key(&sorted));
    assert_ne!(
        key(&HashMap::from([(1, 2), (2, 1)])),
        key(&HashMap::from([(1, 1), (2, 2)]))
    );
}

#[test]
fn a_sequence_of_unknown_length_has_the_key_of_a_known_one() {
    struct Evens(RefCell<Vec<u32>>);
    impl Serialize for Evens {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let numbers = self.0.borrow();
            let evens = numbers.iter().filter(|n| *n % 2 == 0);
            s.collect_seq(evens)
        }
    }
    let evens = Evens(RefCell::new((0..9).collect()));
    assert_eq!(key(&evens), key(&vec![0u32, 2, 4, 6, 8]));
}

#[test]
fn skipped_fields_are_not_seen() {
    #[derive(Serialize)]
    struct Cached {
        x: u8,
        #[serde(skip)]
        #[expect(dead_code)]
        sum: u8,
    }
    assert_eq!(key(&Cached { x: 1, sum: 2 }), key(&Cached { x: 1, sum: 3 }));
}

#[test]
fn failures_of_serialize_are_kept() {
    struct Locked;
    impl Serialize for Locked {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("the lock is taken"))
        }
    }
    assert_eq!(failure(&Locked), "the lock is taken");
    assert_eq!(failure(&vec![Some(Locked)]), "the lock is taken");
    assert_eq!(failure(&HashMap::from([(1, Locked)])), "the lock is taken");

    struct HalfMap;
    impl Serialize for HalfMap {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let mut map = s.serialize_map(None)?;
            map.serialize_key("lonely")?;
            map.end()
        }
    }
    assert_eq!(failure(&HalfMap), "a map has a key without a value");

    struct Mute;
    impl fmt::Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl Serialize for Mute {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            s.collect_str(self)
        }
    }
    assert!(!failure(&Mute).is_empty());
}

#[test]
fn it_is_a_binary_format() {
    assert_eq!(key(&Ipv4Addr::new(1, 2, 3, 4)), key(&[1u8, 2, 3, 4]));
}
