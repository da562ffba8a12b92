//! Where a nested run was started.

use super::current::current;
use super::run::Run;
use crate::exec::park::Limit;
use crate::store::memo::Lineage;
use std::sync::Arc;

/// Where a nested run was started.
pub(crate) struct Origin {
    pub(in crate::exec) run: Arc<Run>,
    pub(in crate::exec) node: usize,
    /// How deep the nested run is.
    pub(in crate::exec) depth: usize,
    pub(in crate::exec) lineage: Option<Arc<Lineage>>,
    /// The time limit that the body is within.
    pub(in crate::exec) limit: Option<Arc<Limit>>,
}

impl Origin {
    /// The body that is running on this thread, if any.
    pub(crate) fn here() -> Option<Origin> {
        let current = current()?;
        Some(Origin {
            run: current.run.clone(),
            node: current.node.get(),
            depth: current.depth_below(),
            lineage: current.lineage(),
            limit: current.limit(),
        })
    }
}
