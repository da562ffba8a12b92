//! The number of live results when one worker runs the plan, by simulation.

use super::Program;

/// The number of live heap-owning intermediates after each step, if one worker runs the plan.
///
/// Results that own no heap memory, values put into the graph from outside and what the outputs hold are
/// not counted. A simulation: nothing is run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryProfile {
    live: Vec<u32>,
}

impl MemoryProfile {
    pub(crate) fn new(program: &Program) -> MemoryProfile {
        let mut left = vec![0u32; program.len()];
        let is_output = program.output_nodes();
        for edge in program.edges.iter().chain(&program.outputs) {
            left[edge.index()] += 1;
        }
        let mut now = 0u32;
        let mut live = Vec::with_capacity(program.len());
        for (i, is_output) in is_output.iter().enumerate() {
            for edge in program.inputs(i) {
                let input = edge.index();
                left[input] -= 1;
                if left[input] == 0 && program.flags[input].counts() {
                    now -= 1;
                }
            }
            if program.flags[i].counts() && !is_output {
                now += 1;
            }
            live.push(now);
        }
        MemoryProfile { live }
    }

    /// Returns the highest number of live intermediates.
    pub fn peak(&self) -> usize {
        self.live.iter().copied().max().unwrap_or(0) as usize
    }

    /// Returns the number of live intermediates after each node, in the plan's order.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.live.iter().map(|n| *n as usize)
    }
}
