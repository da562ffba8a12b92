//! P3: the rules on [`Token`], and the keys themselves: a changed key here is a changed key in every cache.

use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque},
    net::Ipv4Addr,
    num::{NonZero, Wrapping},
    path::Path,
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use lazygraph::__private::{Probe, function_id};
use lazygraph::{Hasher128, Token};

fn key<T: Token + ?Sized>(x: &T) -> u128 {
    let mut h = Hasher128::new(7);
    x.token(&mut h);
    assert_eq!(h.failure(), None);
    h.finish()
}

/// The key of bytes written by hand.
fn layout(parts: &[&[u8]]) -> u128 {
    let mut h = Hasher128::new(7);
    parts.iter().copied().flatten().for_each(|byte| h.u8(*byte));
    h.finish()
}

fn all_differ(keys: &[u128]) {
    let distinct: HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "{keys:032x?}");
}

#[test]
fn the_keys_are_these() {
    let golden = |x: u128, hex: &str| assert_eq!(format!("{x:032x}"), hex);
    golden(key(&()), "0ab34a2c5f4265696a13a265f6ff14ad");
    golden(key(&1u64), "2687a86d3148dcfe430c9f707e764a9b");
    golden(key(&-1i32), "e6b5ee05954869bbf1c662e6673babad");
    golden(key(&1.5f64), "aa010abeba4450c26673bcc4fa87f952");
    golden(key("text"), "854eef24e0fdb4f5298eff35791f04f3");
    golden(
        key(&(1u8, "a", Some(2.0f32))),
        "33dcabf14b21b94cb0e2a41739dec1e3",
    );
    golden(key(&vec![1.0f64; 1000]), "f90964b2d8d5c809a2c6024f515b707f");
    golden(
        key(&HashMap::from([("a", 1u32), ("b", 2)])),
        "67236e0b437347940aa177ec76e9a498",
    );
    golden(
        function_id("krate::module::function", "2", 42),
        "3fbe8a5be8b9e43debf94658d782df29",
    );
}

#[test]
fn a_function_id_is_a_constant_and_depends_on_all_three_parts() {
    const ID: u128 = function_id("a::f", "", 1);
    all_differ(&[
        ID,
        function_id("a::g", "", 1),
        function_id("a::f", "1", 1),
        function_id("a::f", "", 2),
        function_id("a::", "f", 1),
    ]);
}

#[test]
fn the_layout_is_the_documented_one() {
    assert_eq!(key(&0x0102u16), layout(&[&[2, 1]]));
    assert_eq!(key(&-2i32), layout(&[&(-2i32).to_le_bytes()]));
    assert_eq!(key(&-1isize), layout(&[&[255; 8]]));
    assert_eq!(key(&7usize), layout(&[&7u64.to_le_bytes()]));
    assert_eq!(key(&true), layout(&[&[1]]));
    assert_eq!(key(&'ß'), layout(&[&[0xdf, 0, 0, 0]]));
    assert_eq!(key("ab"), layout(&[&2u64.to_le_bytes(), b"ab"]));
    assert_eq!(key(&[1u8, 2]), layout(&[&[1, 2]]));
    assert_eq!(
        key(&vec![1u16, 2]),
        layout(&[&2u64.to_le_bytes(), &[1, 0, 2, 0]])
    );
    assert_eq!(key(&Some(9u8)), layout(&[&[1, 9]]));
    assert_eq!(key(&None::<u8>), layout(&[&[0]]));
    assert_eq!(key(&Ok::<u8, u8>(9)), layout(&[&[0, 9]]));
    assert_eq!(key(&Err::<u8, u8>(9)), layout(&[&[1, 9]]));
    assert_eq!(key(&(1u8, (), 2u8)), layout(&[&[1, 2]]));
    assert_eq!(key(&Ordering::Less), layout(&[&[255]]));
}

/// Bulk writing is an optimisation: it must write what the elements would.
#[test]
fn slices_of_numbers_write_their_elements_whatever_the_length() {
    fn check<T: Token + Clone>(x: T, n: usize) {
        let items = vec![x; n];
        let mut one_by_one = Hasher128::new(7);
        one_by_one.u64(n as u64);
        items.iter().for_each(|x| x.token(&mut one_by_one));
        assert_eq!(key(&items), one_by_one.finish(), "{n} items");
    }
    for n in [
        0, 1, 27, 28, 29, 30, 31, 200, 239, 240, 241, 511, 512, 513, 1025, 5000,
    ] {
        check(1.25f64, n);
        check(0x0102_0304u32, n);
        check(7u8, n);
        check(usize::MAX, n);
        check(-3isize, n);
        check(true, n);
        check('x', n);
        check(-1i128, n);
        check([1.0f32, 2.0, 3.0], n);
        check((1u8, 2u16), n);
        check(String::from("text"), n);
    }
}

#[test]
fn a_hasher_can_be_asked_twice_and_used_again() {
    let long = vec![1.0f64; 100];
    let mut h = Hasher128::new(7);
    long.token(&mut h);
    assert_eq!(h.finish(), h.finish());
    1u8.token(&mut h);
    assert_eq!(h.finish(), key(&(&long, 1u8)));
    h.reset(7);
    "short".token(&mut h);
    assert_eq!(h.finish(), key("short"));
    long.token(&mut h);
    assert_eq!(h.finish(), key(&("short", &long)));
    assert_ne!(Hasher128::new(1).finish(), Hasher128::new(2).finish());
}

#[test]
fn equal_content_has_one_key_whatever_holds_it() {
    let text = key("abc");
    assert_eq!(key(&String::from("abc")), text);
    assert_eq!(key(&Cow::Borrowed("abc")), text);
    assert_eq!(key(&Arc::<str>::from("abc")), text);
    assert_eq!(key(&Rc::new(Box::new("abc"))), text);
    assert_eq!(key(Path::new("abc")), text);
    let list = key(&[1i64, 2, 3][..]);
    assert_eq!(key(&vec![1i64, 2, 3]), list);
    assert_eq!(key(&LinkedList::from([1i64, 2, 3])), list);
    assert_eq!(key(&BTreeSet::from([3i64, 2, 1])), list);
    let mut ring = VecDeque::from([2i64, 3]);
    ring.push_front(1);
    assert_eq!(key(&ring), list);
    assert_eq!(key(&Wrapping(3u8)), key(&3u8));
    assert_eq!(key(&Reverse(3u8)), key(&3u8));
    assert_eq!(key(&NonZero::new(3u8).unwrap()), key(&3u8));
}

#[test]
fn floats_count_by_their_bits() {
    let nan = f64::NAN;
    let other_nan = f64::from_bits(nan.to_bits() + 1);
    all_differ(&[
        key(&0.0),
        key(&-0.0),
        key(&nan),
        key(&other_nan),
        key(&-nan),
    ]);
    assert_eq!(key(&nan), key(&f64::from_bits(nan.to_bits())));
}

#[test]
fn order_matters_for_lists_and_not_for_hash_maps() {
    let numbers = 0..200u32;
    let up: HashMap<String, u32> = numbers.clone().map(|i| (i.to_string(), i)).collect();
    let mut down = HashMap::with_capacity(4096);
    down.extend(numbers.clone().rev().map(|i| (i.to_string(), i)));
    assert_eq!(key(&up), key(&down));
    let up: HashSet<u32> = numbers.clone().collect();
    let down: HashSet<u32> = numbers.rev().collect();
    assert_eq!(key(&up), key(&down));
    assert_ne!(key(&vec![1, 2]), key(&vec![2, 1]));
    assert_ne!(
        key(&HashMap::from([(1, 2), (2, 1)])),
        key(&HashMap::from([(1, 1), (2, 2)]))
    );
    all_differ(&[
        key(&HashMap::<u32, u32>::new()),
        key(&HashMap::from([(0, 0)])),
        key(&HashMap::from([(0, 0), (1, 0)])),
    ]);
    // maps in maps
    let nested = |order: [u8; 2]| HashMap::from(order.map(|i| (i, HashMap::from([(i, "x")]))));
    assert_eq!(key(&nested([1, 2])), key(&nested([2, 1])));
}

#[test]
fn neighbours_do_not_run_into_each_other() {
    all_differ(&[key(&("a", "bc")), key(&("ab", "c")), key(&("abc", ""))]);
    all_differ(&[
        key(&vec![vec![1u8], vec![2, 3]]),
        key(&vec![vec![1u8, 2], vec![3]]),
        key(&vec![vec![1u8, 2, 3], vec![]]),
        key(&vec![vec![1u8, 2, 3]]),
    ]);
    all_differ(&[
        key(&(Some(0u8), None::<u8>)),
        key(&(None::<u8>, Some(0u8))),
        key(&(Some(0u8), Some(0u8))),
    ]);
    all_differ(&[key(&vec![(); 2]), key(&vec![(); 3])]);
    all_differ(&[key(&Some(None::<u8>)), key(&None::<Option<u8>>)]);
    all_differ(&[
        key(&BTreeMap::from([("a", "bc")])),
        key(&BTreeMap::from([("ab", "c")])),
    ]);
}

#[test]
fn ranges_times_and_addresses_have_keys() {
    let mut used = 0..=3;
    used.by_ref().for_each(drop);
    all_differ(&[key(&(0..=3)), key(&used), key(&(3..=3))]);
    all_differ(&[key(&(0..3)), key(&(0..4)), key(&(1..3))]);
    all_differ(&[
        key(&Duration::from_nanos(1)),
        key(&Duration::from_secs(1)),
        key(&Duration::new(1, 1)),
    ]);
    let day = Duration::from_secs(86_400);
    all_differ(&[
        key(&SystemTime::UNIX_EPOCH),
        key(&(SystemTime::UNIX_EPOCH + day)),
        key(&(SystemTime::UNIX_EPOCH - day)),
    ]);
    assert_eq!(key(&Ipv4Addr::new(1, 2, 3, 4)), key(&[1u8, 2, 3, 4]));
}

struct Unkeyable;

impl Token for Unkeyable {
    fn token(&self, h: &mut Hasher128) {
        h.poison("an open socket");
    }
}

#[test]
fn a_poisoned_hasher_says_why_until_it_is_reset() {
    let mut h = Hasher128::new(0);
    (1u8, Unkeyable, 2u8).token(&mut h);
    h.poison("something later");
    assert_eq!(h.failure(), Some("an open socket"));
    assert_eq!(format!("{h:?}"), "Hasher128(no key: an open socket)");
    h.reset(0);
    assert_eq!(h.failure(), None);
    // from within a map, and not only from its last entry
    HashMap::from([(1, Some(Unkeyable)), (2, None), (3, None)]).token(&mut h);
    assert_eq!(h.failure(), Some("an open socket"));
}

#[test]
fn hash_only_types_have_keys() {
    #[derive(Hash)]
    enum Shape {
        Dot,
        Line(i32),
        Named(&'static str, &'static str),
    }
    fn key(x: &Shape) -> u128 {
        let mut h = Hasher128::new(0);
        Probe::<Shape>::HASH.unwrap()(x, &mut h);
        h.finish()
    }
    assert_eq!(key(&Shape::Line(1)), key(&Shape::Line(1)));
    all_differ(&[
        key(&Shape::Dot),
        key(&Shape::Line(1)),
        key(&Shape::Line(-1)),
        key(&Shape::Named("a", "bc")),
        key(&Shape::Named("ab", "c")),
    ]);
}
