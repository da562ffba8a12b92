//! [`Cull`] removes nodes that no output needs.

use super::{Changed, Pass, Passes};
use crate::base::error::Error;
use crate::graph::Graph;

/// Removes nodes that no output needs.
///
/// Graphs are built by walking back from the outputs, so there is work only after a pass that has orphaned nodes.
///
/// # Complexity
/// O(V + E).
pub(crate) struct Cull;

impl Pass for Cull {
    fn name(&self) -> &'static str {
        "cull"
    }

    fn is_enabled(&self, passes: Passes) -> bool {
        passes.cull
    }

    fn run(&self, graph: Graph, _: Passes) -> Result<(Graph, Changed), Error> {
        Ok(cull(graph))
    }
}

/// Removes nodes that no output needs; the others keep their order.
pub(super) fn cull(graph: Graph) -> (Graph, Changed) {
    if graph.culled {
        return (graph, Changed::No);
    }
    let mut needed = vec![false; graph.len()];
    for output in &graph.outputs {
        needed[output.index()] = true;
    }
    for i in (0..graph.len()).rev() {
        if needed[i] {
            for link in graph.inputs(i) {
                needed[link.index()] = true;
            }
        }
    }
    let order: Vec<u32> = (0..graph.len() as u32)
        .filter(|&i| needed[i as usize])
        .collect();
    let changed = if order.len() == graph.len() {
        Changed::No
    } else {
        Changed::Yes
    };
    let graph = match changed {
        Changed::Yes => graph.permuted(&order),
        Changed::No => graph,
    };
    (
        Graph {
            culled: true,
            ..graph
        },
        changed,
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add, inc, text};
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_node_that_no_output_needs_is_never_in_the_graph() {
        let a = inc(1);
        let _unused = inc(&a);
        expect![[r#"
            0 inc
            1 add 0 0
            outputs 1
        "#]]
        .assert_eq(&text(&super::super::testing::graph(&[add(&a, &a)])));
    }

    #[test]
    fn orphans_of_another_pass_are_removed() {
        let a = inc(1);
        let mut graph = super::super::testing::graph(&[add(&a, &a), inc(2)]);
        graph.outputs.truncate(1);
        graph.culled = false;
        let (graph, changed) = cull(graph);
        assert_eq!(changed, Changed::Yes);
        expect![[r#"
            0 inc
            1 add 0 0
            outputs 1
        "#]]
        .assert_eq(&text(&graph));
    }

    #[test]
    fn nothing_to_do_is_reported() {
        let (_, changed) = cull(super::super::testing::graph(&[inc(1)]));
        assert_eq!(changed, Changed::No);
    }
}
