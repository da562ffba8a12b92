//! Finds equal keys among many.

/// About this many keys are compared with each other at once: their table stays in the L1 cache.
const PART: usize = 512;

/// Calls `each` for every one of the keys selected by `which` that is equal to an earlier one: with its index and that of the
/// first equal key, in no particular order.
///
/// The keys are hashes, so some of their bits distribute them to parts of about [`PART`] keys, in a pass that writes memory in
/// order; each part is looked up in a small table. A single table would miss the caches with each key.
///
/// O(n) time and memory.
pub(super) fn equal(keys: &[u128], which: impl Fn(usize) -> bool, mut each: impl FnMut(u32, u32)) {
    let parts = (keys.len() / PART).next_power_of_two();
    let part_of = |key: u128| (key >> 96) as usize & (parts - 1);
    let mut ends = vec![0u32; parts];
    for (i, key) in keys.iter().enumerate() {
        ends[part_of(*key)] += u32::from(which(i));
    }
    let mut end = 0;
    for of_part in &mut ends {
        (*of_part, end) = (end, end + *of_part);
    }
    if end < 2 {
        return;
    }
    // The lower quarter of a key distinguishes it from nearly all others of its part.
    let mut parted = vec![(0u32, 0u32); end as usize];
    for (i, key) in keys.iter().enumerate() {
        if which(i) {
            let at = &mut ends[part_of(*key)];
            parted[*at as usize] = (*key as u32, i as u32);
            *at += 1;
        }
    }
    let mut table: Vec<u32> = Vec::new();
    let mut start = 0;
    for end in ends {
        let part = &parted[start as usize..end as usize];
        start = end;
        let size = (2 * part.len()).next_power_of_two();
        table.clear();
        table.resize(size, EMPTY);
        for (n, (quarter, i)) in part.iter().enumerate() {
            let mut at = *quarter as usize & (size - 1);
            loop {
                let Some((known, first)) = part.get(table[at] as usize) else {
                    table[at] = n as u32;
                    break;
                };
                if known == quarter && keys[*first as usize] == keys[*i as usize] {
                    each(*i, *first);
                    break;
                }
                at = (at + 1) & (size - 1);
            }
        }
    }
}

const EMPTY: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::token::{Hasher128, Token};
    use std::collections::HashMap;

    fn compare_with_a_map(keys: &[u128], which: impl Fn(usize) -> bool) {
        let mut found: Vec<(u32, u32)> = Vec::new();
        equal(keys, &which, |i, first| found.push((i, first)));
        found.sort_unstable();
        let mut first = HashMap::new();
        let mut expected = Vec::new();
        for (i, key) in keys.iter().enumerate().filter(|(i, _)| which(*i)) {
            let known = *first.entry(key).or_insert(i as u32);
            if known != i as u32 {
                expected.push((i as u32, known));
            }
        }
        assert_eq!(found, expected);
    }

    fn hash(x: usize) -> u128 {
        let mut hasher = Hasher128::new(0);
        x.token(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn it_finds_what_a_map_finds() {
        for (count, distinct) in [
            (0, 1),
            (1, 1),
            (2, 1),
            (700, 30),
            (5_000, 4_999),
            (20_000, 3_000),
        ] {
            let keys: Vec<u128> = (0..count).map(|i| hash(i * 7 % distinct)).collect();
            compare_with_a_map(&keys, |_| true);
            compare_with_a_map(&keys, |i| i % 3 != 1);
        }
    }

    #[test]
    fn keys_that_share_a_half_are_not_equal() {
        let keys: Vec<u128> = (0..2_000u128)
            .map(|i| ((i % 2) << 127) | ((i / 4) << 100) | 5)
            .collect();
        compare_with_a_map(&keys, |_| true);
    }
}
