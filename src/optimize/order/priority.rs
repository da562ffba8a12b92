//! Priorities given by the user.

use crate::graph::Graph;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Of the units that are ready, the one with the highest priority first; of equals the first in `order`.
pub(super) fn by_priority(graph: &Graph, order: Vec<u32>) -> Vec<u32> {
    // Units, as ranges of `order`; the nodes of a unit stand together there.
    let heads: Vec<usize> = (0..order.len())
        .filter(|&at| !graph.is_joined(order[at] as usize))
        .collect();
    let mut unit_of = vec![0usize; order.len()];
    let nodes =
        |unit: usize| &order[heads[unit]..heads.get(unit + 1).copied().unwrap_or(order.len())];
    let mut waits = vec![0usize; heads.len()];
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); heads.len()];
    let mut ready = BinaryHeap::new();
    let priority = |unit: usize| {
        let of = |&i: &u32| graph.settings.get(&i).map_or(0, |s| s.priority);
        nodes(unit).iter().map(of).max().unwrap_or(0)
    };
    for unit in 0..heads.len() {
        for &i in nodes(unit) {
            unit_of[i as usize] = unit;
        }
        for link in graph.inputs(order[heads[unit]] as usize) {
            waits[unit] += 1;
            waiting[unit_of[link.index()]].push(unit);
        }
        if waits[unit] == 0 {
            ready.push((priority(unit), Reverse(unit)));
        }
    }
    let mut ranked = Vec::with_capacity(order.len());
    while let Some((_, Reverse(unit))) = ready.pop() {
        ranked.extend_from_slice(nodes(unit));
        for &next in &waiting[unit] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push((priority(next), Reverse(next)));
            }
        }
    }
    ranked
}
