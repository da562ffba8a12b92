//! Breadth-first orders: from the inputs on, and from one unit to all its neighbours.

use super::units::{Units, Users};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// First in, first out: a unit is enqueued when its last input is there. O(V + E).
pub(super) fn fifo(units: &Units, users: &Users) -> Vec<u32> {
    let mut waits: Vec<u32> = (0..units.len())
        .map(|u| units.inputs(u).len() as u32)
        .collect();
    let mut order: Vec<u32> = (0..units.len() as u32)
        .filter(|&u| waits[u as usize] == 0)
        .collect();
    let mut at = 0;
    while at < order.len() {
        for &user in users.of_unit(order[at] as usize) {
            waits[user as usize] -= 1;
            if waits[user as usize] == 0 {
                order.push(user);
            }
        }
        at += 1;
    }
    order
}

/// The latest level of each unit, counted back from the last unit that needs it; the earliest is 0. O(V + E).
pub(super) fn latest_levels(units: &Units) -> Vec<u32> {
    let mut up = vec![0u32; units.len()];
    for u in (0..units.len()).rev() {
        for &k in units.inputs(u) {
            up[k as usize] = up[k as usize].max(up[u] + 1);
        }
    }
    let top = up.iter().copied().max().unwrap_or(0);
    up.iter_mut().for_each(|l| *l = top - *l);
    up
}

/// All units, breadth first from `start` along edges in both directions. O(V + E).
pub(super) fn neighbours(units: &Units, users: &Users, start: usize) -> Vec<u32> {
    let mut seen = vec![false; units.len()];
    let mut order: Vec<u32> = Vec::with_capacity(units.len());
    for first in (start..units.len()).chain(0..start) {
        if seen[first] {
            continue;
        }
        seen[first] = true;
        let mut at = order.len();
        order.push(first as u32);
        while at < order.len() {
            let u = order[at] as usize;
            at += 1;
            for &next in units.inputs(u).iter().chain(users.of_unit(u)) {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    order.push(next);
                }
            }
        }
    }
    order
}

/// Of the units that are ready, the one with the lowest rank first. O(E + V log V).
pub(super) fn by_lowest_rank(units: &Units, users: &Users, rank: &[u32]) -> Vec<u32> {
    let mut waits: Vec<u32> = (0..units.len())
        .map(|u| units.inputs(u).len() as u32)
        .collect();
    let sources = (0..units.len()).filter(|&u| waits[u] == 0);
    let mut ready: BinaryHeap<_> = sources.map(|u| Reverse((rank[u], u as u32))).collect();
    let mut order = Vec::with_capacity(units.len());
    while let Some(Reverse((_, u))) = ready.pop() {
        order.push(u);
        for &user in users.of_unit(u as usize) {
            waits[user as usize] -= 1;
            if waits[user as usize] == 0 {
                ready.push(Reverse((rank[user as usize], user)));
            }
        }
    }
    order
}
