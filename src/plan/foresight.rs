//! What one worker will hold while it follows the plan, unit by unit: what others must leave room for.

use super::{MemoryProfile, Program};

/// See [`Program::foresight`].
#[derive(Debug)]
pub(crate) struct Foresight {
    /// The most that is held while each unit runs.
    pub(crate) held: Vec<u32>,
    /// The last unit that reads each node.
    pub(crate) last_reader: Vec<u32>,
    /// Whether each unit leaves a heap-owning intermediate.
    pub(crate) adds: Vec<bool>,
    /// Whether each unit makes another one on the way.
    pub(crate) is_thick: Vec<bool>,
}

impl Foresight {
    pub(super) fn of(program: &Program) -> Foresight {
        let profile: Vec<usize> = MemoryProfile::of(program).steps().collect();
        let mut kept = vec![false; program.len()];
        for output in &program.outputs {
            kept[output.index()] = true;
        }
        let counts = |i: usize| program.traits[i].counts() && !kept[i];
        let mut last_reader = vec![0u32; program.len()];
        let units = program.unit_count();
        let (mut held, mut adds) = (Vec::with_capacity(units), Vec::with_capacity(units));
        let mut is_thick = Vec::with_capacity(units);
        for unit in 0..units {
            let nodes = program.unit(unit);
            for i in nodes.clone() {
                for edge in program.inputs(i) {
                    last_reader[edge.index()] = unit as u32;
                }
            }
            held.push(profile[nodes.clone()].iter().max().map_or(0, |&n| n as u32));
            adds.push(counts(nodes.end - 1));
            is_thick.push((nodes.start..nodes.end - 1).any(counts));
        }
        Foresight {
            held,
            last_reader,
            adds,
            is_thick,
        }
    }
}
