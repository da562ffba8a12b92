//! A plan for people and other programs: nodes, DOT, serde.

use super::Program;
use crate::task::{Cost, NodeRef};
use std::fmt::{self, Write};
use std::panic::Location;
use std::time::Duration;

/// One node of a plan, as people see it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PlanNode {
    id: usize,
    label: String,
    function: &'static str,
    path: &'static str,
    call: String,
    definition: String,
    #[cfg_attr(feature = "serde", serde(serialize_with = "text"))]
    location: &'static Location<'static>,
    inputs: Vec<usize>,
    unit: usize,
    result: &'static str,
    size: usize,
    pure: bool,
    #[cfg_attr(feature = "serde", serde(serialize_with = "hex"))]
    key: Option<u128>,
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    cost: Option<String>,
    priority: i32,
    retries: u32,
    #[cfg_attr(
        feature = "serde",
        serde(rename = "timeout_ms", serialize_with = "milliseconds")
    )]
    timeout: Option<Duration>,
    output: bool,
}

#[cfg(feature = "serde")]
fn hex<S: serde::Serializer>(key: &Option<u128>, s: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(key) => s.serialize_some(&format!("{key:032x}")),
        None => s.serialize_none(),
    }
}

#[cfg(feature = "serde")]
fn text<S: serde::Serializer>(shown: impl fmt::Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&shown)
}

#[cfg(feature = "serde")]
fn milliseconds<S: serde::Serializer>(time: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => s.serialize_some(&time.as_millis()),
        None => s.serialize_none(),
    }
}

impl PlanNode {
    /// Its place in the plan's order.
    pub fn id(&self) -> usize {
        self.id
    }

    /// What the call was named, else its function's name.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The name of its function.
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// The path of its function.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The call, short: `load("a.csv", <clean>)`.
    pub fn call(&self) -> &str {
        &self.call
    }

    /// `file:line` of its function.
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// The call that built it.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// The ids of its inputs, one for each edge.
    pub fn inputs(&self) -> &[usize] {
        &self.inputs
    }

    /// The unit it is scheduled in.
    pub fn unit(&self) -> usize {
        self.unit
    }

    /// The type of its result.
    pub fn result_type(&self) -> &'static str {
        self.result
    }

    /// Bytes of its result itself, not of what that owns.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether equal calls are merged with it.
    pub fn is_pure(&self) -> bool {
        self.pure
    }

    /// Its content key, if it may be remembered across nested runs.
    pub fn key(&self) -> Option<u128> {
        self.key
    }

    /// The cost its function declares (`#[delayed(cost = ..)]`), as it was written.
    pub fn cost(&self) -> Option<&str> {
        self.cost.as_deref()
    }

    /// The priority it was given.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// How often it is run again after a failure, at most.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// How long one attempt may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Whether it is one of the outputs.
    pub fn is_output(&self) -> bool {
        self.output
    }
}

impl fmt::Display for PlanNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl Program {
    /// The nodes, in the plan's order.
    pub(crate) fn plan_nodes(&self) -> Vec<PlanNode> {
        let mut output = vec![false; self.len()];
        for edge in &self.outputs {
            output[edge.index()] = true;
        }
        let mut nodes = Vec::with_capacity(self.len());
        for unit in 0..self.unit_count() {
            for i in self.unit(unit) {
                nodes.push(self.plan_node(i, unit, output[i]));
            }
        }
        nodes
    }

    fn plan_node(&self, i: usize, unit: usize, output: bool) -> PlanNode {
        use crate::graph::Traits;
        let node: NodeRef<'_> = self.node(i);
        let (spec, result) = (node.spec(), &node.task().result);
        let guard = self.guard(i);
        PlanNode {
            id: i,
            label: node.label().to_string(),
            function: spec.name,
            path: spec.path,
            call: crate::graph::culprit(node).call,
            definition: format!("{}:{}", spec.file, spec.line),
            location: node.location(),
            inputs: self.inputs(i).iter().map(|e| e.index()).collect(),
            unit,
            result: (result.name)(),
            size: result.size,
            pure: self.traits[i].has(Traits::MERGE),
            key: self.traits[i].has(Traits::KEYED).then(|| self.keys[i]),
            cost: spec.cost.map(cost_name),
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

fn cost_name(cost: Cost) -> String {
    match cost {
        Cost::Tiny => "tiny".into(),
        Cost::Light => "light".into(),
        Cost::Heavy => "heavy".into(),
        Cost::Io => "io".into(),
        Cost::Time(t) => format!("{t:?}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
