//! What a pass is.

use crate::base::error::Error;
use crate::graph::Graph;

/// Whether a pass changed the graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Changed {
    Yes,
    No,
}

/// One rewriting of a graph.
pub(crate) trait Pass: Sync {
    fn name(&self) -> &'static str;
    /// Whether `passes` enables it.
    fn is_enabled(&self, passes: Passes) -> bool;
    fn run(&self, graph: Graph, passes: Passes) -> Result<(Graph, Changed), Error>;
}

/// The passes that a run enables.
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
