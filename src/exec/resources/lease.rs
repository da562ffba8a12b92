//! What a body has of the resources of its client.

use super::table::{Need, Resources};
use std::sync::Arc;

/// What a body has taken; given back when this is dropped.
pub(in crate::exec) struct Lease {
    resources: Arc<Resources>,
    need: Need,
    /// The body waits, and has given it back meanwhile.
    is_released: bool,
}

impl Lease {
    /// Of what the caller has taken.
    pub(in crate::exec) fn new(resources: Arc<Resources>, need: Need) -> Lease {
        Lease {
            resources,
            need,
            is_released: false,
        }
    }

    /// The body waits: gives the resources back; `false` if it has.
    pub(in crate::exec) fn release(&mut self) -> bool {
        let is_new = !std::mem::replace(&mut self.is_released, true);
        if is_new {
            self.resources.give(&self.need);
        }
        is_new
    }

    /// What the body has to take again; `None`: it has it.
    pub(in crate::exec) fn released(&self) -> Option<(Arc<Resources>, Need)> {
        let released = (self.resources.clone(), self.need.clone());
        self.is_released.then_some(released)
    }

    /// The body has taken it again.
    pub(in crate::exec) fn is_reacquired(&mut self) {
        self.is_released = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.release();
    }
}
