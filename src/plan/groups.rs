//! Tiny nodes, gathered for several threads: runs of nodes that stand together in the order of a plan.

use super::{Consumers, Program};

/// The nodes of a plan from some node on, so many to a group, in the order of the plan. What one group needs of others, it
/// needs before its first node; as the order is one in which all nodes can run, groups wait for earlier groups only.
#[derive(Debug)]
pub(crate) struct Groups {
    first: usize,
    /// The number of nodes in a group is two to this.
    size: u32,
    nodes: usize,
    /// How many groups must run one after the other, in the longest row.
    longest: u32,
    pub(crate) consumers: Consumers,
}

impl Groups {
    /// For the nodes from `first` on; about `size` to a group. O(V + E).
    pub(crate) fn of(program: &Program, first: usize, size: usize) -> Groups {
        let size = size.max(2).ilog2();
        let nodes = program.len();
        let count = (nodes - first).div_ceil(1 << size);
        let group_of = |node: usize| (node - first) >> size;
        // Whether a group reads another is found out once: the last reader that was seen.
        let mut reader = vec![u32::MAX; count];
        let mut edges = Vec::new();
        let mut waits = vec![0u32; count];
        // The longest row of groups that ends with each.
        let mut rows = vec![1u32; count];
        for (group, waits) in waits.iter_mut().enumerate() {
            let (from, to) = (first + (group << size), first + ((group + 1) << size));
            let (from, to) = (from, to.min(nodes));
            let inputs = program.starts[from] as usize..program.starts[to] as usize;
            for edge in &program.edges[inputs] {
                let input = edge.index();
                // What is before `first` has run; what is in the group itself is in order.
                if input < first || input >= from {
                    continue;
                }
                let read = group_of(input);
                if std::mem::replace(&mut reader[read], group as u32) != group as u32 {
                    edges.push((read as u32, group as u32));
                    rows[group] = rows[group].max(rows[read] + 1);
                    *waits += 1;
                }
            }
        }
        Groups {
            first,
            size,
            nodes,
            longest: rows.into_iter().max().unwrap_or(0),
            consumers: Consumers::from_edges(&edges, waits),
        }
    }

    /// How many of them could run at once, on average.
    pub(crate) fn width(&self) -> f64 {
        self.consumers.waits.len() as f64 / f64::from(self.longest.max(1))
    }

    /// The first node that is in one.
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
