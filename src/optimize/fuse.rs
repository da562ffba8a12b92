//! [`Fuse`] joins linear chains into units.

use super::{Changed, Pass, Passes};
use crate::base::error::Error;
use crate::graph::{Graph, Link, NodeFlags, OrderKind};
use crate::task::Use;

/// Joins a node with its input if the input has no other user and the node no other input: the executor then schedules them
/// as one unit, and inner results are dropped at once. An output is never absorbed, and parallelism never shrinks. In large
/// graphs whose results own nothing, nodes that were not made one right after the other are joined only if they are the
/// majority.
///
/// ```text
/// a -> b -> c -> d, outputs b and d   =>   {a b} {c d}
/// ```
///
/// # Complexity
/// O(V + E).
pub(crate) struct Fuse;

impl Pass for Fuse {
    fn name(&self) -> &'static str {
        "fuse"
    }

    fn is_enabled(&self, passes: Passes) -> bool {
        passes.fuse
    }

    fn run(&self, mut graph: Graph, _: Passes) -> Result<(Graph, Changed), Error> {
        let in_creation_order = graph.order == OrderKind::Creation;
        // If nodes can run in the order of memory, it does not pay to move all of them for a few.
        let stays = in_creation_order && !graph.any.has(NodeFlags::OWNING);
        let JoinCounts { next, apart } = join(&mut graph, !stays);
        let gathers = !stays || apart > graph.len() / 2;
        if stays && gathers {
            join(&mut graph, true);
        }
        if gathers && apart > 0 && in_creation_order {
            graph.order = OrderKind::CreationSplit;
        }
        if next == 0 && !(gathers && apart > 0) {
            return Ok((graph, Changed::No));
        }
        graph.any.set(NodeFlags::JOINED);
        Ok((graph, Changed::Yes))
    }
}

/// The numbers of nodes that join an input right before them, and that could join another one.
struct JoinCounts {
    next: usize,
    apart: usize,
}

/// Joins nodes with inputs that stand right before them; if `gather`, with others as well.
fn join(graph: &mut Graph, gather: bool) -> JoinCounts {
    let (flags, links, uses) = (&mut graph.flags[..], &graph.links[..], &graph.uses[..]);
    let mut joined = JoinCounts { next: 0, apart: 0 };
    let mut start = 0;
    for (i, end) in graph.starts[1..].iter().enumerate() {
        let inputs = &links[start..*end as usize];
        start = *end as usize;
        let Some(before) = joins(i, inputs, flags, uses) else {
            continue;
        };
        if before + 1 == i {
            joined.next += 1;
        } else {
            joined.apart += 1;
            if !gather {
                continue;
            }
        }
        flags[i].set(NodeFlags::JOINED);
    }
    joined
}

/// The input whose unit node `i` joins.
#[inline]
fn joins(i: usize, inputs: &[Link], flags: &[NodeFlags], uses: &[u32]) -> Option<usize> {
    let (first, others) = inputs.split_first()?;
    let input = first.index();
    // Every edge from the input (including an output's) leads to this node, and every edge to this node comes from the
    // input.
    let joins = uses[input] as usize == inputs.len()
        && others
            .iter()
            .all(|l| l.index() == input && !l.is(Use::Catch))
        && !first.is(Use::Catch)
        && !flags[i].has(NodeFlags::NO_FUSE)
        && !flags[input].has(NodeFlags::NO_FUSE | NodeFlags::FLAT);
    joins.then_some(input)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add, graph, inc, run, text};
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_chain_is_one_unit() {
        let (g, changed) = run(&Fuse, graph(&[inc(inc(inc(1)))]));
        assert_eq!((changed, g.units()), (Changed::Yes, 1));
        expect![[r#"
            0 inc
            1 inc 0 +
            2 inc 1 +
            outputs 2
        "#]]
        .assert_eq(&text(&g));
    }

    #[test]
    fn a_requested_output_ends_a_unit() {
        let b = inc(inc(1));
        let d = inc(inc(&b));
        let (g, _) = run(&Fuse, graph(&[d, b]));
        expect![[r#"
            0 inc
            1 inc 0 +
            2 inc 1
            3 inc 2 +
            outputs 3 1
        "#]]
        .assert_eq(&text(&g));
    }

    #[test]
    fn both_edges_of_a_node_to_one_input_count_as_one() {
        let a = inc(1);
        let (g, _) = run(&Fuse, graph(&[add(&a, &a)]));
        assert_eq!(g.units(), 1);
    }

    #[test]
    fn a_fork_and_a_barrier_stop_it() {
        let a = inc(1);
        let (g, changed) = run(&Fuse, graph(&[inc(&a), inc(&a)]));
        assert_eq!((changed, g.units()), (Changed::No, 3));
        let (g, changed) = run(&Fuse, graph(&[inc(inc(inc(1)).fuse(false))]));
        assert_eq!((changed, g.units()), (Changed::No, 3));
    }

    #[test]
    fn known_shapes_have_known_units() {
        let tree = |n: i64| {
            let mut level: Vec<_> = (0..n).map(inc).collect();
            while level.len() > 1 {
                level = level.chunks(2).map(|p| add(&p[0], &p[1])).collect();
            }
            level
        };
        let chain = |n: usize| (1..n).fold(inc(1), |x, _| inc(x));
        let units = |roots: &[_]| run(&Fuse, graph(roots)).0.units();
        assert_eq!(units(&[chain(50)]), 1);
        assert_eq!(units(&tree(64)), 127);
        assert_eq!(units(&(0..20).map(|_| chain(5)).collect::<Vec<_>>()), 20);
        let fold = (1..32).fold(inc(0), |acc, i| add(acc, inc(i)));
        assert_eq!(units(&[fold]), 63);
    }

    #[test]
    fn of_many_nodes_a_few_are_not_moved() {
        // So many that they stand as they were made; the pairs were made in two rounds.
        let first: Vec<_> = (0..100).map(inc).collect();
        let mut outputs: Vec<_> = (0..5000).map(inc).collect();
        outputs.extend(first.into_iter().map(inc));
        let (g, changed) = run(&Fuse, graph(&outputs));
        let found = (changed, g.units(), g.order);
        assert_eq!(found, (Changed::No, 5200, OrderKind::Creation));
        // Most have to be moved here: all of three levels, made level by level.
        let level = |before: Vec<_>, _| before.into_iter().map(inc).collect();
        let chains: Vec<_> = (0..3).fold((0..3000).map(inc).collect(), level);
        let (g, changed) = run(&Fuse, graph(&chains));
        let found = (changed, g.units(), g.order);
        assert_eq!(found, (Changed::Yes, 3000, OrderKind::CreationSplit));
    }
}
