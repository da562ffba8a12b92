//! Breadth first.

use super::units::{Units, Users};

/// First in, first out: a unit waits in line from the moment its last input is there. O(V + E).
pub(super) fn in_line(units: &Units, users: &Users) -> Vec<u32> {
    let mut waits: Vec<u32> = (0..units.len())
        .map(|u| units.inputs(u).len() as u32)
        .collect();
    let mut order: Vec<u32> = (0..units.len() as u32)
        .filter(|&u| waits[u as usize] == 0)
        .collect();
    let mut at = 0;
    while at < order.len() {
        for &user in users.of(order[at] as usize) {
            waits[user as usize] -= 1;
            if waits[user as usize] == 0 {
                order.push(user);
            }
        }
        at += 1;
    }
    order
}

/// How far each unit is from the last one that needs it, counted so that the farthest is at zero. O(V + E).
pub(super) fn late(units: &Units) -> Vec<u32> {
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
