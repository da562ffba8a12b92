//! [`Order`] puts the units into the order in which one worker runs them.

use super::super::{Changed, Pass, Passes};
use super::candidates::leanest;
use super::priority::by_priority;
use super::units::Units;
use super::walk::walk;
use crate::base::error::Error;
use crate::graph::{Graph, NodeFlags, OrderKind};

/// Orders the units so that few results are alive at once.
///
/// Simulates several candidates, which `candidates.rs` lists, and takes the first one with the lowest peak of live
/// heap-owning results. Stops early when the peak is as low as possible. A graph whose results own no heap memory keeps the
/// order of the walk that built it or, if it is large, the order in which its nodes were made, which is the order of memory.
/// Priorities override the order: of the units that are ready, the one with the highest priority runs first.
///
/// Ids, hashes and addresses do not matter, nor, except for large graphs without heap memory, does the order in which the
/// nodes were made: equal graphs get the same order in every process. All candidates start from the walk back from the
/// outputs, operand by operand.
///
/// # Complexity
/// O((V + E) log V).
pub(crate) struct Order;

impl Pass for Order {
    fn name(&self) -> &'static str {
        "order"
    }

    fn is_enabled(&self, _: Passes) -> bool {
        // Always: fused units must stand together.
        true
    }

    fn run(&self, graph: Graph, passes: Passes) -> Result<(Graph, Changed), Error> {
        let counts = graph.any.has(NodeFlags::OWNING) && graph.flags.iter().any(|t| t.counts());
        let (graph, walked) = match graph.order {
            OrderKind::DepthFirst => (graph, Changed::No),
            OrderKind::Creation if !counts => (graph, Changed::No),
            OrderKind::CreationSplit if !counts => gathered(graph),
            OrderKind::Creation | OrderKind::CreationSplit | OrderKind::Other => {
                in_operand_order(graph)
            }
        };
        let order = match counts && passes.order {
            true => leanest(&Units::new(&graph)).map(|order| nodes_of(&graph, &order)),
            false => None,
        };
        let order = match graph.settings.values().any(|s| s.priority != 0) {
            true => Some(by_priority(
                &graph,
                order.unwrap_or_else(|| (0..graph.len() as u32).collect()),
            )),
            false => order,
        };
        match order {
            Some(order) if !is_identity(&order) => Ok((adopt(graph, &order), Changed::Yes)),
            _ => Ok((graph, walked)),
        }
    }
}

/// Moves the nodes of each unit together, to the first of them.
fn gathered(graph: Graph) -> (Graph, Changed) {
    const NONE: u32 = u32::MAX;
    let mut next = vec![NONE; graph.len()];
    for i in (0..graph.len()).filter(|&i| graph.is_joined(i)) {
        next[graph.inputs(i)[0].index()] = i as u32;
    }
    let heads = (0..graph.len() as u32).filter(|&i| !graph.is_joined(i as usize));
    let after = |&i: &u32| Some(next[i as usize]).filter(|&i| i != NONE);
    let order: Vec<u32> = heads
        .flat_map(|head| std::iter::successors(Some(head), after))
        .collect();
    (adopt(graph, &order), Changed::Yes)
}

/// Orders the nodes depth first from the outputs, operand by operand: then the nodes of a unit stand together.
fn in_operand_order(graph: Graph) -> (Graph, Changed) {
    let outputs = graph.outputs.iter().map(|l| l.index() as u32);
    let order = walk(graph.len(), outputs, |i, pending| {
        pending.extend(graph.inputs(i).iter().rev().map(|l| l.index() as u32));
    });
    let changed = match order.len() == graph.len() && is_identity(&order) {
        true => return (graph, Changed::No),
        false => Changed::Yes,
    };
    (adopt(graph, &order), changed)
}

fn is_identity(order: &[u32]) -> bool {
    order.iter().enumerate().all(|(at, &i)| at == i as usize)
}

/// The nodes of `units`, which stand together in `graph`.
fn nodes_of(graph: &Graph, units: &[u32]) -> Vec<u32> {
    if !graph.any.has(NodeFlags::JOINED) {
        return units.to_vec();
    }
    let heads: Vec<u32> = (0..graph.len() as u32)
        .filter(|&i| !graph.is_joined(i as usize))
        .chain([graph.len() as u32])
        .collect();
    let nodes = |&u: &u32| heads[u as usize]..heads[u as usize + 1];
    units.iter().flat_map(nodes).collect()
}

fn adopt(graph: Graph, order: &[u32]) -> Graph {
    Graph {
        order: graph.order.rewired(),
        culled: true,
        ..graph.permuted(order)
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk;
    use super::*;
    use crate::optimize::testing::{self, graph, join2, run, text, vec1};
    use expect_test::expect;

    fn peak(graph: &Graph) -> usize {
        let units = Units::new(graph);
        units.peak(0..units.len(), usize::MAX)
    }

    #[test]
    fn the_deepest_input_goes_first_where_that_holds_less() {
        // `join2(leaf, deep)`: operand by operand, the leaf would wait for the deep side.
        let mut deep = vec1(0);
        for i in 1..4 {
            deep = join2(vec1(i), deep);
        }
        let before = graph(&[deep]);
        assert_eq!(peak(&before), 4);
        let (after, changed) = run(&Order, before);
        assert_eq!((changed, peak(&after)), (Changed::Yes, 2));
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
    fn a_fused_unit_stays_together() {
        let a = testing::same(testing::same(vec1(0)));
        let b = testing::same(vec1(1));
        let fused = testing::run(
            &crate::optimize::fuse::Fuse,
            graph(&[join2(&b, join2(&a, &b))]),
        )
        .0;
        let (after, _) = run(&Order, fused);
        for i in (0..after.len()).filter(|&i| after.is_joined(i)) {
            assert!(
                after.inputs(i).iter().all(|l| l.index() + 1 == i),
                "node {i}"
            );
        }
    }

    #[test]
    fn values_without_heap_memory_keep_the_order_of_the_walk() {
        use crate::optimize::testing::{add, inc};
        let (_, changed) = run(&Order, graph(&[add(inc(1), add(inc(2), inc(3)))]));
        assert_eq!(changed, Changed::No);
    }

    #[test]
    fn a_walk_of_a_million_nodes_does_not_recurse() {
        let mut x = vec1(0);
        for _ in 0..1_000_000 {
            x = testing::same(x);
        }
        let g = graph(&[x]);
        let units = Units::new(&g);
        let ranks = vec![0; units.len()];
        assert_eq!(walk::by_rank(&units, &ranks).len(), g.len());
    }
}
