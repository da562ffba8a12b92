//! The graph itself.

use super::Link;
use super::roots::Roots;
use crate::base::buffer_pool::Pooled;
use crate::task::{NodeFlags, NodeRef, RawNode, Settings, node_of};
use std::collections::BTreeMap;

/// The kind of topological order in which the nodes stand.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum OrderKind {
    /// A depth-first walk from the outputs, operand by operand: the same for equal graphs, however they were made.
    #[default]
    DepthFirst,
    /// The order in which the nodes were made.
    Creation,
    /// The same, and the nodes of some unit do not stand together.
    CreationSplit,
    /// Any other.
    Other,
}

/// A graph in topological order: inputs stand before their users.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Pooled<RawNode>,
    pub(crate) flags: Pooled<NodeFlags>,
    /// The inputs of node `i` are `links[starts[i]..starts[i + 1]]`.
    pub(crate) starts: Pooled<u32>,
    pub(crate) links: Pooled<Link>,
    pub(crate) outputs: Pooled<Link>,
    pub(crate) settings: BTreeMap<u32, Settings>,
    /// The number of edges to each node, outputs included.
    pub(crate) uses: Pooled<u32>,
    /// Keeps every node alive.
    pub(crate) roots: Roots,
    /// The union of the flags of all nodes.
    pub(crate) any: NodeFlags,
    /// Some result is wanted as an `Arc`.
    pub(crate) shares: bool,
    /// All nodes are known to be calls of one function, without settings and without a `recompute`.
    pub(crate) is_uniform: bool,
    /// Every node is reached from an output.
    pub(crate) culled: bool,
    pub(crate) order: OrderKind,
    /// The content keys of the `KEYED` nodes; empty if there are none.
    pub(crate) keys: Vec<u128>,
}

impl OrderKind {
    /// The kind after edges have changed.
    pub(crate) fn rewired(self) -> OrderKind {
        match self {
            OrderKind::Creation | OrderKind::CreationSplit => OrderKind::Creation,
            OrderKind::DepthFirst | OrderKind::Other => OrderKind::Other,
        }
    }
}

impl Graph {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn inputs(&self, i: usize) -> &[Link] {
        &self.links[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    pub(crate) fn node(&self, i: usize) -> NodeRef<'_> {
        node_of(&self.roots, self.nodes[i])
    }

    pub(crate) fn is_joined(&self, i: usize) -> bool {
        self.flags[i].has(NodeFlags::JOINED)
    }

    /// The number of units.
    pub(crate) fn units(&self) -> usize {
        self.flags
            .iter()
            .filter(|t| !t.has(NodeFlags::JOINED))
            .count()
    }

    /// Recomputes `uses`, after edges have changed.
    pub(crate) fn count_uses(&mut self) {
        let len = self.len();
        self.uses.clear();
        self.uses.resize(len, 0);
        for links in [&self.links, &self.outputs] {
            for link in links {
                self.uses[link.index()] += 1;
            }
        }
    }

    /// Rebuilds the graph with the nodes of `order`, in that order. The inputs of each node stand before it.
    pub(crate) fn permuted(mut self, order: &[u32]) -> Graph {
        let mut place = vec![u32::MAX; self.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old as usize] = new as u32;
        }
        let mut starts = Pooled::with_capacity(order.len() + 1);
        let mut links = Pooled::with_capacity(self.links.len());
        starts.push(0);
        for &old in order {
            links.extend(
                self.inputs(old as usize)
                    .iter()
                    .map(|l| l.to(place[l.index()] as usize)),
            );
            starts.push(links.len() as u32);
        }
        self.settings = std::mem::take(&mut self.settings)
            .into_iter()
            .filter(|(old, _)| place[*old as usize] != u32::MAX)
            .map(|(old, s)| (place[old as usize], s))
            .collect();
        for output in self.outputs.iter_mut() {
            *output = output.to(place[output.index()] as usize);
        }
        let all = order.len() == self.len();
        let mut graph = Graph {
            nodes: order.iter().map(|&i| self.nodes[i as usize]).collect(),
            flags: order.iter().map(|&i| self.flags[i as usize]).collect(),
            keys: match self.keys.is_empty() {
                true => Vec::new(),
                false => order.iter().map(|&i| self.keys[i as usize]).collect(),
            },
            uses: order.iter().map(|&i| self.uses[i as usize]).collect(),
            starts,
            links,
            ..self
        };
        if !all {
            graph.count_uses();
        }
        graph
    }
}
