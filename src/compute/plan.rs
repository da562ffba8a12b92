//! A compiled graph that is kept.

use super::compile::compile;
use super::config::RunConfig;
use super::options::{Options, RunOptions, invalid};
use super::run::finish;
use crate::base::error::Error;
use crate::delayed::Join;
use crate::optimize::report::Report;
use crate::plan::{MemoryProfile, PlanNode, Program};
use std::fmt;
use std::sync::Arc;

/// A compiled graph: to look at, to run again and again, to export.
///
/// # Examples
/// ```
/// use lazygraph::{Options, Plan, prelude::*};
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let plan = Plan::new(inc(inc(1)), &Options::new())?;
/// assert_eq!((plan.node_count(), plan.unit_count()), (2, 1)); // one fused chain
/// assert_eq!((plan.run()?, plan.run()?), (3, 3));             // each run evaluates afresh
/// println!("{}", plan.explain());
/// # Ok::<(), Error>(())
/// ```
#[must_use = "a plan does nothing until it is run"]
pub struct Plan<O: Join> {
    nesting: O,
    program: Arc<Program>,
    report: Report,
    options: Options,
}

impl<O: Join> Plan<O> {
    /// Compiles the graph of everything in `nesting`. Runs nothing.
    ///
    /// # Errors
    /// `Invalid` if the options contradict each other or have a pool (pass it to [`run_with`](Self::run_with)), or if
    /// `.after(..)` closes a circle; `KeyConflict` if one explicit key was given to two computations.
    ///
    /// # Complexity
    /// O(V + E).
    pub fn new<J: Join<Owned = O>>(nesting: J, options: &RunOptions<'_>) -> Result<Plan<O>, Error> {
        let kept = options.without_pool().ok_or_else(|| {
            invalid("a `Plan` cannot keep a borrowed pool: pass it to `Plan::run_with`")
        })?;
        let nesting = nesting.to_owned_join();
        let mut outputs = Vec::new();
        nesting.list_inputs(&mut outputs);
        let mut report = Report::default();
        let passes = RunConfig::new(&kept)?.passes;
        let program = compile(outputs, passes, Some(&mut report))?;
        Ok(Plan {
            nesting,
            program: Arc::new(program),
            report,
            options: kept,
        })
    }

    /// Runs the plan with the options that it was made with, and returns the values. Each run evaluates afresh.
    ///
    /// # Errors
    /// As [`compute`](crate::compute()).
    pub fn run(&self) -> Result<O::Out, Error> {
        self.run_with(&self.options)
    }

    /// Runs the plan with `options`, and returns the values.
    ///
    /// The plan is optimized already: passes that `options` switch on or off count only for graphs that its tasks build.
    ///
    /// # Errors
    /// As [`compute_with`](crate::compute_with).
    pub fn run_with(&self, options: &RunOptions<'_>) -> Result<O::Out, Error> {
        finish(&RunConfig::new(options)?, &self.program)?.read(|frame| self.nesting.assemble(frame))
    }

    /// Returns the number of nodes.
    pub fn node_count(&self) -> usize {
        self.program.len()
    }

    /// Returns the number of units: nodes, or fused chains of them.
    pub fn unit_count(&self) -> usize {
        self.program.unit_count()
    }

    /// Returns the nodes, in the order in which one worker runs them.
    ///
    /// # Complexity
    /// O(V + E), and the text of the calls.
    #[must_use]
    pub fn order(&self) -> impl ExactSizeIterator<Item = PlanNode> {
        self.program.plan_nodes().into_iter()
    }

    /// Returns how many results one worker would have alive after each node, by simulation.
    ///
    /// # Complexity
    /// O(V + E).
    #[must_use]
    pub fn memory_profile(&self) -> MemoryProfile {
        MemoryProfile::new(&self.program)
    }

    /// Returns a report of what the optimizer did, pass by pass.
    #[must_use]
    pub fn explain(&self) -> Explain<'_> {
        Explain {
            program: &self.program,
            report: &self.report,
        }
    }

    /// Returns the plan as a graph of [petgraph](https://docs.rs/petgraph), for its algorithms.
    ///
    /// Edges lead from inputs to users; the index of a node is its [id](PlanNode::id).
    ///
    /// # Complexity
    /// O(V + E).
    #[cfg(feature = "petgraph")]
    #[must_use]
    pub fn graph(&self) -> petgraph::graph::DiGraph<PlanNode, ()> {
        use petgraph::graph::{DiGraph, NodeIndex};
        let nodes = self.program.plan_nodes();
        let mut graph = DiGraph::with_capacity(nodes.len(), self.program.edges.len());
        let edges = nodes
            .iter()
            .flat_map(|node| node.inputs().iter().map(|input| (*input, node.id())));
        let edges: Vec<(usize, usize)> = edges.collect();
        for node in nodes {
            graph.add_node(node);
        }
        for (input, user) in edges {
            graph.add_edge(NodeIndex::new(input), NodeIndex::new(user), ());
        }
        graph
    }

    /// Returns the plan as DOT text, for Graphviz. A fused unit is a dashed box, an output has a double frame.
    ///
    /// # Complexity
    /// O(V + E).
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Options, Plan, prelude::*};
    ///
    /// let plan = Plan::new(value(1) + value(2), &Options::new())?;
    /// assert!(plan.to_dot().starts_with("digraph plan {"));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn to_dot(&self) -> String {
        self.program.dot()
    }
}

impl<O: Join> fmt::Debug for Plan<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("nodes", &self.node_count())
            .field("units", &self.unit_count())
            .field("outputs", &self.program.outputs.len())
            .finish()
    }
}

/// A report of what the optimizer did: [`Plan::explain`].
#[derive(Clone, Copy)]
pub struct Explain<'p> {
    program: &'p Program,
    report: &'p Report,
}

impl fmt::Display for Explain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.program;
        writeln!(
            f,
            "{} nodes in {} units, {} edges, {} outputs; {} of results; at most {} live intermediates",
            program.len(),
            program.unit_count(),
            program.edges.len(),
            program.outputs.len(),
            bytes(program.layout.size()),
            MemoryProfile::new(program).peak(),
        )?;
        write!(f, "{}", self.report)
    }
}

impl fmt::Debug for Explain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn bytes(n: usize) -> String {
    match n {
        0..1024 => format!("{n} B"),
        1024..1_048_576 => format!("{:.1} KiB", n as f64 / 1024.0),
        _ => format!("{:.1} MiB", n as f64 / 1_048_576.0),
    }
}

#[cfg(feature = "serde")]
impl<O: Join> serde::Serialize for Plan<O> {
    /// Serializes the nodes in the plan's order, with labels, locations, inputs and sizes, and the ids of the outputs.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let outputs: Vec<usize> = self.program.outputs.iter().map(|e| e.index()).collect();
        let mut plan = serializer.serialize_struct("Plan", 5)?;
        plan.serialize_field("nodes", &self.program.plan_nodes())?;
        plan.serialize_field("outputs", &outputs)?;
        plan.serialize_field("units", &self.unit_count())?;
        plan.serialize_field("slot_bytes", &self.program.layout.size())?;
        plan.serialize_field("peak_live", &self.memory_profile().peak())?;
        plan.end()
    }
}
