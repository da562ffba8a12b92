//! Groups of tiny nodes that several threads run as units: nodes that stand together in the order of a plan.

use super::{Consumers, Program};

/// The nodes of a plan from some node on, divided into groups of equal size in the order of the plan. A group waits for all
/// its inputs before its first node. As the order is topological, groups wait only for earlier groups.
#[derive(Debug)]
pub(crate) struct Groups {
    first: usize,
    /// A group has `1 << size` nodes.
    size: u32,
    nodes: usize,
    /// The number of groups on the longest path.
    longest: u32,
    pub(crate) consumers: Consumers,
}

impl Groups {
    /// Groups of about `size` nodes, from node `first` on. O(V + E).
    pub(crate) fn new(program: &Program, first: usize, size: usize) -> Groups {
        let size = size.max(2).ilog2();
        let nodes = program.len();
        let count = (nodes - first).div_ceil(1 << size);
        let group_of = |node: usize| (node - first) >> size;
        // The last group that was seen to read each one: edges are added once.
        let mut reader = vec![u32::MAX; count];
        let mut edges = Vec::new();
        let mut waits = vec![0u32; count];
        // The number of groups on the longest path to each.
        let mut depths = vec![1u32; count];
        for (group, waits) in waits.iter_mut().enumerate() {
            let (from, to) = (first + (group << size), first + ((group + 1) << size));
            let (from, to) = (from, to.min(nodes));
            let inputs = program.starts[from] as usize..program.starts[to] as usize;
            for edge in &program.edges[inputs] {
                let input = edge.index();
                // Nodes before `first` have run; nodes of the same group run in order.
                if input < first || input >= from {
                    continue;
                }
                let read = group_of(input);
                if std::mem::replace(&mut reader[read], group as u32) != group as u32 {
                    edges.push((read as u32, group as u32));
                    depths[group] = depths[group].max(depths[read] + 1);
                    *waits += 1;
                }
            }
        }
        Groups {
            first,
            size,
            nodes,
            longest: depths.into_iter().max().unwrap_or(0),
            consumers: Consumers::from_edges(&edges, waits),
        }
    }

    /// How many groups can run at once, on average.
    pub(crate) fn width(&self) -> f64 {
        self.consumers.waits.len() as f64 / f64::from(self.longest.max(1))
    }

    /// The first node that is in a group.
    pub(crate) fn first(&self) -> usize {
        self.first
    }

    pub(crate) fn group_of(&self, node: usize) -> usize {
        (node - self.first) >> self.size
    }

    /// The nodes of a group.
    #[inline]
    pub(crate) fn nodes(&self, group: usize) -> std::ops::Range<usize> {
        let from = self.first + (group << self.size);
        from..(from + (1 << self.size)).min(self.nodes)
    }
}
