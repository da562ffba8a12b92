//! The driver of the passes.

use super::cull::cull;
use super::dedupe::dedupe;
use super::fuse::fuse;
use super::inline::inline;
use super::order::order;
use super::pass::Pass;
use super::report::{PassReport, Report};
use super::{Changed, Passes};
use crate::base::error::Error;
use crate::graph::Graph;
use crate::graph::check::Invariants;
use std::time::Instant;

/// The passes, in the order in which they run.
const PIPELINE: &[Pass] = &[
    // First: unused nodes should cost the other passes nothing.
    ("cull", |on| on.cull, |graph, _| Ok(cull(graph))),
    // Before `inline`: equal nodes must be one node before it is copied.
    ("dedupe", |on| on.dedupe, dedupe),
    // Before `fuse`: a copy has one consumer, and so can join its unit.
    ("inline", |on| on.inline, |graph, _| Ok(inline(graph))),
    // After everything that adds or removes consumers.
    ("fuse", |on| on.fuse, |graph, _| Ok(fuse(graph))),
    // Last: it orders units, and nothing may move a node afterwards. Always: fused units must stand together.
    ("order", |_| true, |graph, on| Ok(order(graph, on))),
];

/// Runs the enabled passes, and adds what each did to `report`, if there is one.
pub(crate) fn optimize(
    mut graph: Graph,
    passes: Passes,
    mut report: Option<&mut Report>,
) -> Result<Graph, Error> {
    let mut units = graph.len();
    let enabled = PIPELINE.iter().filter(|(_, is_on, _)| is_on(passes));
    for (name, _, run) in enabled {
        let invariants = cfg!(debug_assertions).then(|| Invariants::new(&graph));
        let (before, since) = (graph.len(), report.is_some().then(Instant::now));
        let changed;
        (graph, changed) = run(graph, passes)?;
        if let Some(invariants) = invariants {
            invariants.check(&graph, name);
        }
        if let (Some(report), Some(since)) = (&mut report, since) {
            let time = since.elapsed();
            if changed == Changed::Yes {
                units = graph.units();
            }
            report.passes.push(PassReport {
                name,
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
