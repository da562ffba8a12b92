//! A program for people and other programs: nodes, DOT.

use super::super::{NodeFlags, PlanNode, culprit};
use super::Program;
use std::fmt::Write;

impl Program {
    /// Describes the nodes, in the plan's order.
    pub(crate) fn plan_nodes(&self) -> Vec<PlanNode> {
        let is_output = self.output_nodes();
        let mut nodes = Vec::with_capacity(self.len());
        for unit in 0..self.unit_count() {
            for i in self.unit(unit) {
                nodes.push(self.plan_node(i, unit, is_output[i]));
            }
        }
        nodes
    }

    fn plan_node(&self, i: usize, unit: usize, output: bool) -> PlanNode {
        let node = self.node(i);
        let (spec, result) = (node.spec(), &node.task().result);
        let guard = self.guard(i);
        PlanNode {
            id: i,
            label: node.label().to_string(),
            function: spec.name,
            path: spec.path,
            call: culprit(node).call,
            definition: format!("{}:{}", spec.file, spec.line),
            location: node.location(),
            inputs: self.inputs(i).iter().map(|e| e.index()).collect(),
            unit,
            result: (result.name)(),
            size: result.size,
            pure: self.flags[i].has(NodeFlags::MERGE),
            key: self.flags[i].has(NodeFlags::KEYED).then(|| self.keys[i]),
            cost: spec.cost.map(PlanNode::cost_name),
            priority: self.priority(i),
            retries: guard.retries,
            timeout: guard.timeout,
            output,
        }
    }

    /// The plan as DOT text; a unit of several nodes is a cluster.
    pub(crate) fn dot(&self) -> String {
        let mut dot =
            String::from("digraph plan {\n  rankdir=BT;\n  node [shape=box, style=rounded];\n");
        let nodes = self.plan_nodes();
        for unit in 0..self.unit_count() {
            let range = self.unit(unit);
            let fused = range.len() > 1;
            if fused {
                let _ = writeln!(dot, "  subgraph cluster_{unit} {{\n    style=dashed;");
            }
            for node in &nodes[range] {
                let label = escape(&node.label);
                let tooltip = escape(&node.call);
                let shape = if node.output { ", peripheries=2" } else { "" };
                let _ = writeln!(
                    dot,
                    "    n{} [label=\"{label}\", tooltip=\"{tooltip}\"{shape}];",
                    node.id
                );
            }
            if fused {
                dot.push_str("  }\n");
            }
        }
        for node in &nodes {
            for input in &node.inputs {
                let _ = writeln!(dot, "  n{input} -> n{};", node.id);
            }
        }
        dot.push_str("}\n");
        dot
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
