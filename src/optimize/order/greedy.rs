//! List scheduling: the unit after which the fewest results are alive goes first.

use super::units::{Units, Users};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Of the units that are ready, takes the one that most lowers the number of live results: those it frees against the one it
/// adds. Of equals one that makes another ready, then the one that stands first in `rank`.
///
/// Returns `None` as soon as `limit` results are alive. A unit only becomes a better choice while it waits, so each
/// improvement is one more entry in the heap: O((V + E) log V).
pub(super) fn forward(
    units: &Units,
    users: &Users,
    rank: &[u32],
    limit: usize,
) -> Option<Vec<u32>> {
    const COMPLETES: u8 = 0;
    const DOES_NOT: u8 = 1;
    let n = units.len();
    let mut waits: Vec<u32> = (0..n).map(|u| units.inputs(u).len() as u32).collect();
    let mut readers = units.readers();
    // The exclusive or of the numbers of the inputs that a unit waits for, and of the units that wait for an input: the last
    // one's number when only one is left.
    let mut missing: Vec<u32> = vec![0; n];
    let mut reading: Vec<u32> = vec![0; n];
    for (u, missing) in missing.iter_mut().enumerate() {
        for &k in units.inputs(u) {
            *missing ^= k;
            reading[k as usize] ^= u as u32;
        }
    }
    let mut frees = vec![0u32; n];
    let mut completes = vec![false; n];
    for u in 0..n {
        for &k in units.inputs(u) {
            frees[u] += u32::from(readers[k as usize] == 1 && units.adds[k as usize]);
        }
        if waits[u] == 1 {
            completes[missing[u] as usize] = true;
        }
    }
    let mut done = vec![false; n];
    let mut ready = BinaryHeap::new();
    let entry = |u: usize, frees: &[u32], completes: &[bool]| {
        let change = i32::from(units.adds[u]) - frees[u] as i32;
        let completes = if completes[u] { COMPLETES } else { DOES_NOT };
        Reverse((change, completes, rank[u], u as u32))
    };
    for u in (0..n).filter(|&u| waits[u] == 0) {
        ready.push(entry(u, &frees, &completes));
    }
    let mut order = Vec::with_capacity(n);
    let mut live = 0usize;
    while let Some(Reverse((.., u))) = ready.pop() {
        let u = u as usize;
        if std::mem::replace(&mut done[u], true) {
            continue;
        }
        live -= frees[u] as usize;
        if live + usize::from(units.rises[u]) >= limit {
            return None;
        }
        live += usize::from(units.adds[u]);
        order.push(u as u32);
        for &k in units.inputs(u) {
            let k = k as usize;
            readers[k] -= 1;
            reading[k] ^= u as u32;
            if readers[k] == 1 && units.adds[k] {
                let last = reading[k] as usize;
                frees[last] += 1;
                if waits[last] == 0 {
                    ready.push(entry(last, &frees, &completes));
                }
            }
        }
        for &user in users.of_unit(u) {
            let user = user as usize;
            waits[user] -= 1;
            missing[user] ^= u as u32;
            if waits[user] == 0 {
                ready.push(entry(user, &frees, &completes));
            } else if waits[user] == 1 {
                let last = missing[user] as usize;
                if !std::mem::replace(&mut completes[last], true) && waits[last] == 0 {
                    ready.push(entry(last, &frees, &completes));
                }
            }
        }
    }
    Some(order)
}

/// The same in reverse: chooses the last unit first, among those whose users are all chosen. Seen from the end, a unit frees
/// its own result, and adds each input that no later unit reads.
///
/// Of equals takes the one that stands last in `rank`. O((V + E) log V).
pub(super) fn backward(
    units: &Units,
    users: &Users,
    rank: &[u32],
    limit: usize,
) -> Option<Vec<u32>> {
    let n = units.len();
    let mut waits: Vec<u32> = (0..n).map(|u| users.of_unit(u).len() as u32).collect();
    // The numbers of inputs that are not alive yet.
    let mut begins: Vec<u32> = (0..n)
        .map(|u| {
            let inputs = units.inputs(u).iter();
            inputs.filter(|&&k| units.adds[k as usize]).count() as u32
        })
        .collect();
    let mut alive = vec![false; n];
    let mut done = vec![false; n];
    let mut ready = BinaryHeap::new();
    let entry = |u: usize, begins: &[u32]| {
        let change = begins[u] as i32 - i32::from(units.adds[u]);
        (Reverse(change), rank[u], u as u32)
    };
    for u in (0..n).filter(|&u| waits[u] == 0) {
        ready.push(entry(u, &begins));
    }
    let mut order = Vec::with_capacity(n);
    let mut live = 0usize;
    while let Some((.., u)) = ready.pop() {
        let u = u as usize;
        if std::mem::replace(&mut done[u], true) {
            continue;
        }
        // Seen from the end, a result without users was never alive.
        live -= usize::from(alive[u]);
        if live + usize::from(units.rises[u]) >= limit {
            return None;
        }
        order.push(u as u32);
        for &k in units.inputs(u) {
            let k = k as usize;
            waits[k] -= 1;
            if units.adds[k] && !std::mem::replace(&mut alive[k], true) {
                live += 1;
                for &user in users.of_unit(k) {
                    let user = user as usize;
                    begins[user] -= 1;
                    if waits[user] == 0 && !done[user] {
                        ready.push(entry(user, &begins));
                    }
                }
            }
            if waits[k] == 0 {
                ready.push(entry(k, &begins));
            }
        }
        if live >= limit {
            return None;
        }
    }
    order.reverse();
    Some(order)
}
