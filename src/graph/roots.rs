//! What keeps the nodes of a graph alive.

use crate::base::buffer_pool::Pooled;
use crate::task::NodePtr;
use std::ops::Deref;
use std::sync::Arc;

/// Counted pointers to the nodes that lead to all others of a graph or plan.
pub(crate) enum Roots {
    Own(Pooled<NodePtr>),
    /// Of one that may have to be planned in parts: see `compute/each.rs`.
    Shared(Arc<Pooled<NodePtr>>),
}

impl Default for Roots {
    fn default() -> Roots {
        Roots::Own(Pooled::new())
    }
}

impl Deref for Roots {
    type Target = [NodePtr];

    #[inline]
    fn deref(&self) -> &[NodePtr] {
        match self {
            Roots::Own(roots) => roots,
            Roots::Shared(roots) => roots,
        }
    }
}
