//! Which outputs of a plan each of its nodes is.

use crate::plan::Program;

/// The outputs that each node of a plan is.
pub(super) struct Outputs {
    /// For each node the first output that it is; `NONE` if it is none.
    first: Box<[u32]>,
    /// For each output the next one that the same node is.
    next: Box<[u32]>,
}

const NONE: u32 = u32::MAX;

impl Outputs {
    pub(super) fn of(program: &Program) -> Outputs {
        let mut first = vec![NONE; program.len()].into_boxed_slice();
        let mut next = vec![NONE; program.outputs.len()].into_boxed_slice();
        for (output, edge) in program.outputs.iter().enumerate().rev() {
            next[output] = std::mem::replace(&mut first[edge.index()], output as u32);
        }
        Outputs { first, next }
    }

    pub(super) fn is_one(&self, node: usize) -> bool {
        self.first[node] != NONE
    }

    pub(super) fn of_node(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let next = |output: &u32| Some(self.next[*output as usize]).filter(|n| *n != NONE);
        let first = Some(self.first[node]).filter(|n| *n != NONE);
        std::iter::successors(first, next).map(|output| output as usize)
    }
}
