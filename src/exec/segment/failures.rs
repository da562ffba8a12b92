//! What has failed of a segment whose run goes on.

use super::Segment;
use crate::base::error::Error;
use crate::base::sync::atomic::Ordering::{Acquire, Release};
use crate::base::sync::lock;
use crate::plan::Traits;
use std::collections::BTreeMap;

/// What has no result though the run goes on.
#[derive(Default)]
pub(super) struct Failed {
    nodes: BTreeMap<usize, Error>,
    /// Nothing of this segment is wanted any more.
    all: Option<Error>,
}

impl Segment {
    #[inline]
    pub(in crate::exec) fn any_failed(&self) -> bool {
        self.any_failed.load(Acquire)
    }

    /// Why a node has no result.
    pub(in crate::exec) fn failure(&self, i: usize) -> Option<Error> {
        let failed = lock(&self.failed);
        failed.nodes.get(&i).or(failed.all.as_ref()).cloned()
    }

    /// A node has no result, and the run goes on.
    pub(in crate::exec) fn poison(&self, i: usize, error: Error) {
        lock(&self.failed).nodes.entry(i).or_insert(error);
        self.any_failed.store(true, Release);
    }

    /// Nothing of this segment is wanted any more: its remaining nodes are passed over.
    pub(in crate::exec) fn abandon(&self, error: Error) {
        lock(&self.failed).all.get_or_insert(error);
        self.any_failed.store(true, Release);
    }

    /// Why this segment was abandoned.
    pub(in crate::exec) fn abandoned(&self) -> Option<Error> {
        if !self.any_failed() {
            return None;
        }
        lock(&self.failed).all.clone()
    }

    /// Why a node cannot run: one of its inputs has no result. A `catch` reads its first input either way.
    pub(in crate::exec) fn failed_input(&self, i: usize) -> Option<Error> {
        let failed = lock(&self.failed);
        let caught = usize::from(self.program.traits[i].has(Traits::CATCHES));
        let mut inputs = self.program.inputs(i)[caught..].iter();
        inputs
            .find_map(|edge| failed.nodes.get(&edge.index()))
            .cloned()
    }
}
