//! [`Fuse`] joins linear chains into units.

use super::{Changed, Pass, Passes};
use crate::base::error::Error;
use crate::graph::{Graph, Link, Standing, Traits};
use crate::task::Use;

/// Joins a node with its input where that has no other user and the node no other input: the executor then
/// schedules them as one unit, and inner results end at once. A requested output is never absorbed, and
/// parallelism never shrinks.
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

    fn wanted(&self, passes: Passes) -> bool {
        passes.fuse
    }

    fn run(&self, mut graph: Graph, _: Passes) -> Result<(Graph, Changed), Error> {
        let Graph {
            traits,
            starts,
            links,
            uses,
            ..
        } = &mut graph;
        let mut changed = Changed::No;
        let mut together = true;
        for (i, ends) in starts.windows(2).enumerate() {
            let inputs = &links[ends[0] as usize..ends[1] as usize];
            if let Some(before) = joins(i, inputs, traits, uses) {
                traits[i].set(Traits::JOINED);
                changed = Changed::Yes;
                together &= before + 1 == i;
            }
        }
        if changed == Changed::Yes {
            graph.any.set(Traits::JOINED);
        }
        if !together && graph.standing == Standing::AsMade {
            graph.standing = Standing::Apart;
        }
        Ok((graph, changed))
    }
}

/// The input whose unit node `i` joins.
#[inline]
fn joins(i: usize, inputs: &[Link], traits: &[Traits], uses: &[u32]) -> Option<usize> {
    let (first, others) = inputs.split_first()?;
    let input = first.index();
    // Every edge that leaves the input (an output's edge counts) comes to this node, and every edge that
    // comes to this node leaves the input.
    let joins = uses[input] as usize == inputs.len()
        && others
            .iter()
            .all(|l| l.index() == input && !l.is(Use::Catch))
        && !first.is(Use::Catch)
        && !traits[i].has(Traits::NO_FUSE)
        && !traits[input].has(Traits::NO_FUSE | Traits::FLAT);
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
}
