//! [`Order`] puts the units into the order in which one worker runs them.

use super::{Changed, Pass, Passes};
use crate::base::error::Error;
use crate::graph::peak::peak;
use crate::graph::{Graph, Traits};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Orders the units so that few results are alive at once.
///
/// Every candidate is a depth-first walk from the outputs, which keeps the nodes of a unit together; they
/// differ in which input is walked first: as the operands stand, the deepest, or the one that needs most
/// (after Sethi & Ullman, "The Generation of Optimal Code for Arithmetic Expressions", 1970). The one
/// whose simulated peak of live heap-owning results is lowest is kept, the first of equals. A graph whose
/// results own no heap memory keeps the order of the walk that built it. Where users gave priorities, these
/// go over the order: of the units that are ready, the one of the highest priority runs first.
///
/// Ids, hashes and addresses play no part: the same graph gets the same order in every process.
///
/// # Complexity
/// O(V + E log d) for nodes of up to d inputs.
pub(crate) struct Order;

impl Pass for Order {
    fn name(&self) -> &'static str {
        "order"
    }

    fn wanted(&self, _: Passes) -> bool {
        // Always: fused units must stand together.
        true
    }

    fn run(&self, graph: Graph, passes: Passes) -> Result<(Graph, Changed), Error> {
        let order = leanest(&graph, passes);
        let order = match graph.settings.values().any(|s| s.priority != 0) {
            true => Some(by_priority(
                &graph,
                order.unwrap_or_else(|| (0..graph.len() as u32).collect()),
            )),
            false => order,
        };
        match order {
            Some(order) if order.iter().enumerate().any(|(at, &i)| at != i as usize) => {
                Ok((adopt(graph, &order), Changed::Yes))
            }
            _ => Ok((graph, Changed::No)),
        }
    }
}

/// The candidate with the lowest peak; `None`: as it stands.
fn leanest(graph: &Graph, passes: Passes) -> Option<Vec<u32>> {
    let counts = graph.any.has(Traits::OWNING) && graph.traits.iter().any(|t| t.counts());
    if !(counts && passes.order) {
        return (!graph.depth_first).then(|| walk(graph, &First::Operand));
    }
    let firsts = [
        First::Operand,
        First::deepest(graph),
        First::neediest(graph),
    ];
    let orders = firsts.iter().map(|first| walk(graph, first));
    // `min_by_key` keeps the first of equals.
    orders.min_by_key(|order| peak(graph, order.iter().map(|&i| i as usize)))
}

/// Of the units that are ready, always the one of the highest priority, and the first in `order` of equals.
fn by_priority(graph: &Graph, order: Vec<u32>) -> Vec<u32> {
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

fn adopt(graph: Graph, order: &[u32]) -> Graph {
    Graph {
        depth_first: false,
        culled: true,
        ..graph.permuted(order)
    }
}

/// Which input of a node is walked first.
enum First {
    /// As the operands stand.
    Operand,
    /// The one with the highest rank.
    Highest(Vec<u32>),
}

impl First {
    /// Rank: the longest way down to a node without inputs.
    fn deepest(graph: &Graph) -> First {
        let mut rank = vec![0u32; graph.len()];
        for i in 0..graph.len() {
            rank[i] = graph
                .inputs(i)
                .iter()
                .map(|l| rank[l.index()] + 1)
                .max()
                .unwrap_or(0);
        }
        First::Highest(rank)
    }

    /// Rank: how many results must be held at once to compute it, were it the root of a tree.
    fn neediest(graph: &Graph) -> First {
        let mut need = vec![0u32; graph.len()];
        let mut inputs = Vec::new();
        for i in 0..graph.len() {
            inputs.clear();
            inputs.extend(graph.inputs(i).iter().map(|l| l.index()));
            inputs.sort_unstable();
            inputs.dedup();
            inputs.sort_unstable_by_key(|&k| std::cmp::Reverse(need[k]));
            let held = |k: usize| u32::from(graph.traits[k].counts());
            let mut before = 0;
            let mut most = held(i);
            for &k in &inputs {
                most = most.max(need[k].saturating_add(before));
                before += held(k);
            }
            need[i] = most;
        }
        First::Highest(need)
    }
}

/// A depth-first walk from the outputs: each node after its inputs.
fn walk(graph: &Graph, first: &First) -> Vec<u32> {
    struct Open {
        node: u32,
        /// Where its inputs begin in `pending`; they end where `pending` ends when it is on top.
        start: usize,
    }
    let mut order = Vec::with_capacity(graph.len());
    let mut seen = vec![false; graph.len()];
    let mut pending: Vec<u32> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    // `pending` is taken from its end, so the first to be walked stands last.
    let push = |pending: &mut Vec<u32>, inputs: &[crate::graph::Link], rank: &First| {
        let start = pending.len();
        pending.extend(inputs.iter().rev().map(|l| l.index() as u32));
        if let First::Highest(rank) = rank {
            pending[start..].sort_by_key(|&i| rank[i as usize]);
        }
    };
    push(&mut pending, &graph.outputs, &First::Operand);
    loop {
        let start = open.last().map_or(0, |o| o.start);
        if pending.len() > start {
            let Some(i) = pending.pop() else { break };
            if !std::mem::replace(&mut seen[i as usize], true) {
                open.push(Open {
                    node: i,
                    start: pending.len(),
                });
                push(&mut pending, graph.inputs(i as usize), first);
            }
        } else {
            match open.pop() {
                Some(done) => order.push(done.node),
                None => break,
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::super::testing::{graph, join2, run, text, vec1};
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_deepest_input_goes_first_where_that_holds_less() {
        // `join2(leaf, deep)`: operand by operand, the leaf would wait for the deep side.
        let mut deep = vec1(0);
        for i in 1..4 {
            deep = join2(vec1(i), deep);
        }
        let before = graph(&[deep]);
        assert_eq!(peak(&before, 0..before.len()), 4);
        let (after, changed) = run(&Order, before);
        assert_eq!((changed, peak(&after, 0..after.len())), (Changed::Yes, 2));
        expect![[r#"
            0 vec1
            1 vec1
            2 join2 0 1
            3 vec1
            4 join2 3 2
            5 vec1
            6 join2 5 4
            outputs 6
        "#]]
        .assert_eq(&text(&after));
    }

    #[test]
    fn values_without_heap_memory_keep_the_order_of_the_walk() {
        use super::super::testing::{add, inc};
        let (_, changed) = run(&Order, graph(&[add(inc(1), add(inc(2), inc(3)))]));
        assert_eq!(changed, Changed::No);
    }

    #[test]
    fn a_walk_of_a_million_nodes_does_not_recurse() {
        let mut x = vec1(0);
        for _ in 0..1_000_000 {
            x = super::super::testing::same(x);
        }
        let g = graph(&[x]);
        assert_eq!(walk(&g, &First::Operand).len(), g.len());
    }
}
