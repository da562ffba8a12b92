//! The driver of the passes.

use super::report::{PassReport, Report};
use super::{Changed, Pass, Passes, cull, dedupe, fuse, inline, order};
use crate::base::error::Error;
use crate::graph::Graph;
use crate::graph::check::Invariants;
use std::time::Instant;

/// The passes, in the order in which they run.
const PIPELINE: &[&dyn Pass] = &[
    // First: unused nodes should cost the other passes nothing.
    &cull::Cull,
    // Before `inline`: equal nodes must be one node before it is copied.
    &dedupe::Dedupe,
    // Before `fuse`: a copy has one consumer, and so can join its unit.
    &inline::Inline,
    // After everything that adds or removes consumers.
    &fuse::Fuse,
    // Last: it orders units, and nothing may move a node afterwards.
    &order::Order,
];

/// Runs the enabled passes, and adds what each did to `report`, if there is one.
pub(crate) fn optimize(
    mut graph: Graph,
    passes: Passes,
    mut report: Option<&mut Report>,
) -> Result<Graph, Error> {
    let mut units = graph.len();
    for pass in PIPELINE.iter().filter(|pass| pass.is_enabled(passes)) {
        let invariants = cfg!(debug_assertions).then(|| Invariants::new(&graph));
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
