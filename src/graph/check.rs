//! The invariants of a graph, asserted after each pass in debug builds.

use super::{Graph, NodeFlags};
use std::hash::{BuildHasher, RandomState};

/// What no pass may change: the impure nodes and the outputs.
pub(crate) struct Invariants {
    /// The number of impure nodes, and the sum of their hashes: equal for equal multisets.
    impure: (usize, u64),
    outputs: usize,
    settings: usize,
    hasher: RandomState,
}

impl Invariants {
    pub(crate) fn new(graph: &Graph) -> Invariants {
        Invariants::with(graph, RandomState::new())
    }

    fn with(graph: &Graph, hasher: RandomState) -> Invariants {
        let mut impure = (0, 0u64);
        for (node, flags) in graph.nodes.iter().zip(&graph.flags) {
            if !flags.has(NodeFlags::MERGE) {
                impure = (impure.0 + 1, impure.1.wrapping_add(hasher.hash_one(node)));
            }
        }
        let settings = graph
            .settings
            .keys()
            .filter(|i| !graph.flags[**i as usize].has(NodeFlags::MERGE))
            .count();
        Invariants {
            impure,
            outputs: graph.outputs.len(),
            settings,
            hasher,
        }
    }

    /// Checks the graph after a pass. O(V + E).
    ///
    /// # Panics
    /// If `graph` is no longer acyclic or complete, or if an impure node or its settings were lost, duplicated or merged. The
    /// message names the pass.
    pub(crate) fn check(&self, graph: &Graph, pass: &str) {
        for i in 0..graph.len() {
            for link in graph.inputs(i) {
                assert!(
                    link.index() < i,
                    "{pass}: node {i} reads node {}, which comes later",
                    link.index()
                );
            }
        }
        assert_eq!(
            graph.outputs.len(),
            self.outputs,
            "{pass}: an output was lost or added"
        );
        for output in &graph.outputs {
            assert!(
                output.index() < graph.len(),
                "{pass}: an output leads nowhere"
            );
        }
        let now = Invariants::with(graph, self.hasher.clone());
        assert!(
            now.impure == self.impure,
            "{pass}: an impure node was lost, duplicated or merged"
        );
        assert_eq!(
            now.settings, self.settings,
            "{pass}: the settings of an impure node were lost"
        );
    }
}
