//! How much is alive at once when one worker runs the plan, by simulation.

use super::Program;

/// How many heap-owning intermediates are alive after each step, if one worker runs the plan.
///
/// Results that own no heap memory, values put into the graph from outside and what the outputs hold are
/// not counted. A simulation: nothing is run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryProfile {
    live: Vec<u32>,
}

impl MemoryProfile {
    pub(crate) fn of(program: &Program) -> MemoryProfile {
        let mut left = vec![0u32; program.len()];
        let mut kept = vec![false; program.len()];
        for edge in program.edges.iter().chain(&program.outputs) {
            left[edge.index()] += 1;
        }
        for output in &program.outputs {
            kept[output.index()] = true;
        }
        let mut now = 0u32;
        let mut live = Vec::with_capacity(program.len());
        for (i, kept) in kept.iter().enumerate() {
            for edge in program.inputs(i) {
                let input = edge.index();
                left[input] -= 1;
                if left[input] == 0 && program.traits[input].counts() {
                    now -= 1;
                }
            }
            if program.traits[i].counts() && !kept {
                now += 1;
            }
            live.push(now);
        }
        MemoryProfile { live }
    }

    /// Live intermediates at the worst moment.
    pub fn peak(&self) -> usize {
        self.live.iter().copied().max().unwrap_or(0) as usize
    }

    /// Live intermediates after each node, in the plan's order.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.live.iter().map(|n| *n as usize)
    }
}
