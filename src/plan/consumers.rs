//! The edges of a plan the other way round: which units wait for a unit.

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
    /// `inputs` lists the inputs of a unit. O(V + E).
    pub(super) fn new<I: Iterator<Item = usize>>(
        units: usize,
        inputs: impl Fn(usize) -> I,
    ) -> Consumers {
        let mut starts = vec![0u32; units + 1];
        let mut waits = vec![0u32; units];
        let mut sources = Vec::new();
        for (unit, waits) in waits.iter_mut().enumerate() {
            for input in inputs(unit) {
                starts[input + 1] += 1;
                *waits += 1;
            }
            if *waits == 0 {
                sources.push(unit as u32);
            }
        }
        for unit in 0..units {
            starts[unit + 1] += starts[unit];
        }
        let mut next = starts.clone();
        let mut list = vec![0u32; starts[units] as usize];
        for unit in 0..units {
            for input in inputs(unit) {
                let at = &mut next[input];
                list[*at as usize] = unit as u32;
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

    /// `edges` lead from a unit to one that waits for it, and are sorted by the latter; `waits` are the numbers of edges to
    /// each. O(V + E).
    pub(crate) fn from_edges(edges: &[(u32, u32)], waits: Vec<u32>) -> Consumers {
        let mut end = 0;
        let add = |waits: &u32| {
            end += *waits as usize;
            end
        };
        let ends: Vec<usize> = waits.iter().map(add).collect();
        Consumers::new(waits.len(), |unit| {
            let edges = &edges[ends[unit] - waits[unit] as usize..ends[unit]];
            edges.iter().map(|(from, _)| *from as usize)
        })
    }

    /// The units that wait for `unit`, in the plan's order.
    pub(crate) fn of_unit(&self, unit: usize) -> &[u32] {
        &self.list[self.starts[unit] as usize..self.starts[unit + 1] as usize]
    }
}
