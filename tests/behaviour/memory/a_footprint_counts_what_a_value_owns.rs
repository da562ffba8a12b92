//! What a value counts in a memo: the memory that it owns.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};

use lazygraph::Footprint;

fn all_flat<T: Footprint>(_: &T) -> bool {
    T::FLAT
}

#[test]
fn what_owns_nothing_is_flat() {
    assert!(all_flat(&[(1u8, 2.0f64); 3]));
    assert!(all_flat(&Some(Ok::<char, ()>('a'))));
    assert!(!all_flat(&Some(String::new())));
    assert!(!all_flat(&(1, Vec::<u8>::new())));
}

#[test]
fn capacity_counts_and_length_does_not() {
    let mut v: Vec<u16> = Vec::with_capacity(100);
    v.push(1);
    assert_eq!(v.footprint(), 200);
    assert_eq!(String::from("abc").footprint(), 3);
    assert_eq!(Some(PathBuf::from("ab")).footprint(), 2);
}

#[test]
fn owners_inside_owners_count_both() {
    let names = vec!["ab".to_owned(), "c".to_owned()];
    assert_eq!(names.footprint(), 2 * size_of::<String>() + 3);
    assert_eq!(Box::new(names.clone()).footprint(), 3 * 24 + 3);
    assert_eq!([names.clone(), names].footprint(), 2 * (48 + 3));
}

#[test]
fn shared_values_count_in_full_and_borrows_not_at_all() {
    let shared: Arc<[u64]> = Arc::from(vec![1; 4]);
    assert_eq!(shared.footprint(), 16 + 32);
    assert_eq!((shared.clone(), Arc::downgrade(&shared)).footprint(), 48);
    assert_eq!((&"text").footprint(), 0);
    assert_eq!(Cow::Borrowed("text").footprint(), 0);
    assert_eq!(Cow::<str>::Owned("text".to_owned()).footprint(), 4);
}

#[test]
fn maps_are_reckoned_near_what_they_take() {
    let map: HashMap<u64, u64> = (0..1000).map(|i| (i, i)).collect();
    assert!((16_000..=64_000).contains(&map.footprint()));
    let map: BTreeMap<u64, String> = (0..1000).map(|i| (i, "x".to_owned())).collect();
    assert!((33_000..=66_000).contains(&map.footprint()));
    assert_eq!(HashMap::<u8, u8>::new().footprint(), 0);
}
