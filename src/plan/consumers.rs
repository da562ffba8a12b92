//! Who waits for whom, among units.

use super::Program;

/// The edges of a plan the other way round, between units.
#[derive(Debug)]
pub(crate) struct Consumers {
    /// The units that wait for unit `u` are `list[starts[u]..starts[u + 1]]`, once for each edge.
    starts: Vec<u32>,
    list: Vec<u32>,
    /// For how many edges each unit waits.
    pub(crate) waits: Vec<u32>,
    /// The units that wait for nothing, in the plan's order.
    pub(crate) sources: Vec<u32>,
}

impl Consumers {
    pub(super) fn of(program: &Program) -> Consumers {
        let units = program.unit_count();
        let unit_of = unit_of(program);
        let unit = |node: usize| {
            if unit_of.is_empty() {
                node
            } else {
                unit_of[node] as usize
            }
        };
        // Only a unit's first node has inputs from outside it.
        let first = |u: usize| program.unit(u).start;
        let mut starts = vec![0u32; units + 1];
        let mut waits = vec![0u32; units];
        let mut sources = Vec::new();
        for (u, waits) in waits.iter_mut().enumerate() {
            let inputs = program.inputs(first(u));
            for edge in inputs {
                starts[unit(edge.index()) + 1] += 1;
            }
            *waits = inputs.len() as u32;
            if inputs.is_empty() {
                sources.push(u as u32);
            }
        }
        for u in 0..units {
            starts[u + 1] += starts[u];
        }
        let mut next = starts.clone();
        let mut list = vec![0u32; starts[units] as usize];
        for u in 0..units {
            for edge in program.inputs(first(u)) {
                let at = &mut next[unit(edge.index())];
                list[*at as usize] = u as u32;
                *at += 1;
            }
        }
        Consumers {
            starts,
            list,
            waits,
            sources,
        }
    }

    /// Of edges that are sorted by where they lead to; `waits` says how many lead to each unit. O(V + E).
    pub(crate) fn from_edges(edges: &[(u32, u32)], waits: Vec<u32>) -> Consumers {
        let units = waits.len();
        let mut starts = vec![0u32; units + 1];
        for (from, _) in edges {
            starts[*from as usize + 1] += 1;
        }
        for u in 0..units {
            starts[u + 1] += starts[u];
        }
        let mut next = starts.clone();
        let mut list = vec![0u32; edges.len()];
        for (from, to) in edges {
            let at = &mut next[*from as usize];
            list[*at as usize] = *to;
            *at += 1;
        }
        let sources = (0..units as u32).filter(|u| waits[*u as usize] == 0);
        Consumers {
            sources: sources.collect(),
            starts,
            list,
            waits,
        }
    }

    /// The units that wait for `unit`, in the plan's order.
    pub(crate) fn of_unit(&self, unit: usize) -> &[u32] {
        &self.list[self.starts[unit] as usize..self.starts[unit + 1] as usize]
    }
}

/// The unit of each node; empty if every node is a unit.
fn unit_of(program: &Program) -> Vec<u32> {
    if program.units.is_empty() {
        return Vec::new();
    }
    let mut unit_of = vec![0u32; program.len()];
    for u in 0..program.unit_count() {
        unit_of[program.unit(u)].fill(u as u32);
    }
    unit_of
}
