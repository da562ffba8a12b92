//! What is computed from a program when it is first needed.

use super::super::{Consumers, Lookahead, MemoryProfile, lower};
use super::Program;
use crate::graph::build;

impl Program {
    /// A program without nodes.
    pub(crate) fn empty() -> Program {
        match build(Vec::new()).and_then(lower) {
            Ok(program) => program,
            Err(_) => unreachable!("there is nothing to refuse"),
        }
    }

    /// Which units wait for which; made for the first parallel run. O(V + E).
    pub(crate) fn consumers(&self) -> &Consumers {
        self.consumers.get_or_init(|| {
            let unit_of = self.unit_of();
            let unit_of = |node: usize| match unit_of.is_empty() {
                true => node,
                false => unit_of[node] as usize,
            };
            Consumers::new(self.unit_count(), |unit| {
                // Only a unit's first node has inputs from outside it.
                let inputs = self.inputs(self.unit(unit).start).iter();
                inputs.map(|edge| unit_of(edge.index()))
            })
        })
    }

    /// The unit of each node; empty if every node is a unit.
    fn unit_of(&self) -> Vec<u32> {
        if self.units.is_empty() {
            return Vec::new();
        }
        let mut unit_of = vec![0u32; self.len()];
        for unit in 0..self.unit_count() {
            unit_of[self.unit(unit)].fill(unit as u32);
        }
        unit_of
    }

    /// The most heap-owning intermediates that are alive at once if one worker runs it. O(V + E), once.
    pub(crate) fn peak(&self) -> usize {
        *self.peak.get_or_init(|| MemoryProfile::new(self).peak())
    }

    /// What is alive unit by unit if one worker runs it; made when a parallel run first gets ahead of the order. O(V + E).
    pub(crate) fn lookahead(&self) -> &Lookahead {
        self.lookahead.get_or_init(|| {
            let profile: Vec<usize> = MemoryProfile::new(self).steps().collect();
            let is_output = self.output_nodes();
            let counts = |i: usize| self.flags[i].counts() && !is_output[i];
            let units = self.unit_count();
            let mut lookahead = Lookahead {
                live: Vec::with_capacity(units),
                last_reader: vec![0; self.len()],
                adds: Vec::with_capacity(units),
                has_inner_result: Vec::with_capacity(units),
            };
            for unit in 0..units {
                let nodes = self.unit(unit);
                for i in nodes.clone() {
                    for edge in self.inputs(i) {
                        lookahead.last_reader[edge.index()] = unit as u32;
                    }
                }
                let live = profile[nodes.clone()].iter().max();
                lookahead.live.push(live.map_or(0, |&n| n as u32));
                lookahead.adds.push(counts(nodes.end - 1));
                let inner = nodes.start..nodes.end - 1;
                lookahead
                    .has_inner_result
                    .push(inner.into_iter().any(counts));
            }
            lookahead
        })
    }
}
