//! L3: graph → graph.
//!
//! A pass is a file with its tests. The driver runs them in the order of [`PIPELINE`], checks the
//! invariants of `graph::check` after each one in debug builds, and reports what each did.

mod cull;
mod dedupe;
mod equal;
mod fuse;
mod inline;
mod order;
pub(crate) mod report;

#[cfg(test)]
pub(crate) mod testing;

use crate::base::error::Error;
use crate::graph::Graph;
use crate::graph::check::Invariants;
use report::{PassReport, Report};
use std::time::Instant;

/// Whether a pass did anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Changed {
    Yes,
    No,
}

/// One rewriting of a graph.
pub(crate) trait Pass: Sync {
    fn name(&self) -> &'static str;
    /// Whether the run wants it.
    fn wanted(&self, passes: Passes) -> bool;
    fn run(&self, graph: Graph, passes: Passes) -> Result<(Graph, Changed), Error>;
}

/// Which passes a run wants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Passes {
    pub(crate) cull: bool,
    pub(crate) dedupe: bool,
    pub(crate) inline: bool,
    pub(crate) fuse: bool,
    pub(crate) order: bool,
}

impl Passes {
    pub(crate) const ALL: Passes = Passes {
        cull: true,
        dedupe: true,
        inline: true,
        fuse: true,
        order: true,
    };
}

/// The passes, in the order in which they run.
const PIPELINE: &[&dyn Pass] = &[
    // First: what nobody needs shall cost no other pass anything.
    &cull::Cull,
    // Before `inline`: an inlined node must be known to be one node, not several equal ones.
    &dedupe::Dedupe,
    // Before `fuse`: copies have one consumer each, and so can join its unit.
    &inline::Inline,
    // After everything that adds or removes consumers.
    &fuse::Fuse,
    // Last: it orders units, and nothing may move a node afterwards.
    &order::Order,
];

/// Runs the wanted passes, and writes down what each did, if anybody wants to read it.
pub(crate) fn optimize(
    mut graph: Graph,
    passes: Passes,
    mut report: Option<&mut Report>,
) -> Result<Graph, Error> {
    let mut units = graph.len();
    for pass in PIPELINE.iter().filter(|pass| pass.wanted(passes)) {
        let invariants = cfg!(debug_assertions).then(|| Invariants::of(&graph));
        let (before, since) = (graph.len(), report.is_some().then(Instant::now));
        let changed;
        (graph, changed) = pass.run(graph, passes)?;
        if let Some(invariants) = invariants {
            invariants.check(&graph, pass.name());
        }
        if let (Some(report), Some(since)) = (&mut report, since) {
            let time = since.elapsed();
            if changed == Changed::Yes {
                units = graph.units();
            }
            report.passes.push(PassReport {
                name: pass.name(),
                before,
                after: graph.len(),
                units,
                changed,
                time,
            });
        }
    }
    Ok(graph)
}
