//! What has failed of a segment whose run goes on.

use crate::base::error::Error;
use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::atomic::Ordering::{Acquire, Release};
use crate::base::sync::{Mutex, lock};
use crate::plan::{NodeFlags, Program};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Which nodes have no result though the run goes on, and why.
#[derive(Default)]
pub(in crate::exec) struct Failures {
    any: AtomicBool,
    failed: Mutex<Failed>,
}

#[derive(Default)]
struct Failed {
    nodes: BTreeMap<usize, Error>,
    /// Nothing of the segment is wanted any more.
    all: Option<Error>,
}

impl Failures {
    #[inline]
    pub(in crate::exec) fn any(&self) -> bool {
        self.any.load(Acquire)
    }

    /// Why a node has no result.
    pub(in crate::exec) fn of_node(&self, i: usize) -> Option<Error> {
        let failed = lock(&self.failed);
        failed.nodes.get(&i).or(failed.all.as_ref()).cloned()
    }

    /// A node has no result, and the run goes on.
    pub(in crate::exec) fn poison_node(&self, i: usize, error: Error) {
        // One that is not needed is dropped under no lock: it may hold what is the user's.
        let mut failed = lock(&self.failed);
        let unneeded = match failed.nodes.entry(i) {
            Entry::Vacant(vacant) => {
                vacant.insert(error);
                None
            }
            Entry::Occupied(_) => Some(error),
        };
        drop(failed);
        drop(unneeded);
        self.any.store(true, Release);
    }

    /// Nothing of the segment is wanted any more: its remaining nodes are passed over.
    pub(in crate::exec) fn abandon_all(&self, error: Error) {
        let mut error = Some(error);
        let mut failed = lock(&self.failed);
        if failed.all.is_none() {
            failed.all = error.take();
        }
        drop(failed);
        self.any.store(true, Release);
    }

    /// Why the segment was abandoned, if it was.
    pub(in crate::exec) fn of_all(&self) -> Option<Error> {
        match self.any() {
            true => lock(&self.failed).all.clone(),
            false => None,
        }
    }

    /// Why a node cannot run: one of its inputs has no result. A `catch` reads its first input either way.
    pub(in crate::exec) fn of_inputs(&self, program: &Program, i: usize) -> Option<Error> {
        let failed = lock(&self.failed);
        let caught = usize::from(program.flags[i].has(NodeFlags::CATCHES));
        let mut inputs = program.inputs(i)[caught..].iter();
        inputs
            .find_map(|edge| failed.nodes.get(&edge.index()))
            .cloned()
    }
}
