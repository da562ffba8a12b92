//! Which outputs of a plan each of its nodes is, and their labels.

use crate::base::sync::OnceLock;
use crate::plan::Program;
use std::sync::Arc;

/// The outputs that each node of a plan is, and their labels.
pub(in crate::exec) struct Outputs {
    /// For each node the first output that it is; `NONE` if it is none. Empty: each is the output of its number.
    first: Box<[u32]>,
    /// For each output the next one that the same node is.
    next: Box<[u32]>,
    /// The labels, each with the first output that has it: it holds up to the next. Found when one is asked for, or before
    /// the plan is let go.
    labels: OnceLock<Vec<(u32, Arc<str>)>>,
}

const NONE: u32 = u32::MAX;

impl Outputs {
    pub(in crate::exec) fn of_plan(program: &Program) -> Outputs {
        let labels = OnceLock::new();
        let mut outputs = program.outputs.iter().enumerate();
        if program.outputs.len() == program.len() && outputs.all(|(i, edge)| edge.index() == i) {
            let (first, next) = (Box::default(), Box::default());
            return Outputs {
                first,
                next,
                labels,
            };
        }
        let mut first = vec![NONE; program.len()].into_boxed_slice();
        let mut next = vec![NONE; program.outputs.len()].into_boxed_slice();
        for (output, edge) in program.outputs.iter().enumerate().rev() {
            next[output] = std::mem::replace(&mut first[edge.index()], output as u32);
        }
        Outputs {
            first,
            next,
            labels,
        }
    }

    /// The label of an output: what its call was named, else its function's name. `program`: the plan, if it is still there.
    pub(in crate::exec) fn label(
        &self,
        output: usize,
        program: impl FnOnce() -> Option<Arc<Program>>,
    ) -> &Arc<str> {
        let found = self.labels.get().is_none().then(|| match program() {
            Some(program) => labels(&program),
            None => vec![(0, "task".into())],
        });
        let labels = self.labels.get_or_init(|| found.unwrap_or_default());
        let after = labels.partition_point(|(from, _)| *from as usize <= output);
        &labels[after - 1].1
    }

    /// Whether a node is an output.
    pub(in crate::exec) fn has_node(&self, node: usize) -> bool {
        self.first.get(node).is_none_or(|first| *first != NONE)
    }

    /// The outputs that a node is.
    pub(in crate::exec) fn of_node(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let next = |output: &u32| (self.next.get(*output as usize).copied()).filter(|n| *n != NONE);
        let first = match self.first.is_empty() {
            true => Some(node as u32),
            false => Some(self.first[node]).filter(|n| *n != NONE),
        };
        std::iter::successors(first, next).map(|output| output as usize)
    }
}

fn labels(program: &Program) -> Vec<(u32, Arc<str>)> {
    if let (true, Some(first)) = (program.is_uniform, program.outputs.first()) {
        return vec![(0, program.node(first.index()).spec().name.into())];
    }
    let mut labels: Vec<(u32, Arc<str>)> = Vec::new();
    // The function of the outputs before, if they were not named.
    let mut before = None;
    for (output, edge) in program.outputs.iter().enumerate() {
        let node = program.node(edge.index());
        let function = (!node.has_settings()).then(|| node.spec().name);
        if function.is_none() || function != before {
            labels.push((output as u32, node.label()));
        }
        before = function;
    }
    labels
}
