//! What is told of a plain node when it begins and ends.

use super::complete::publish;
use crate::exec::futures::FutureSet;
use crate::exec::run::Run;
use crate::exec::segment::Segment;
use crate::plan::NodeFlags;
use crate::store::memo::{Ledger, RunMemo};

/// What is told of plain nodes. Both calls are inlined into the loop that executes them.
pub(super) trait NodeHooks {
    /// Whether keyed nodes may be plain.
    const NOTES: bool = false;
    /// Whether the node, which is not special or only keyed, needs no care: then it begins.
    fn begin_node(&self, segment: &Segment, i: usize) -> bool;
    /// The result of a node that began is in place.
    fn end_node(&self, segment: &Segment, i: usize);
}

/// Nothing is told of a node.
pub(super) struct NoHooks;

impl NodeHooks for NoHooks {
    #[inline(always)]
    fn begin_node(&self, _: &Segment, _: usize) -> bool {
        true
    }

    #[inline(always)]
    fn end_node(&self, _: &Segment, _: usize) {}
}

/// Pure nodes whose results can be copied are noted in the ledger of the run's memo, and stay in their slots.
pub(super) struct LedgerHooks<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) memo: &'l RunMemo,
}

impl NodeHooks for LedgerHooks<'_> {
    const NOTES: bool = true;

    #[inline(always)]
    fn begin_node(&self, segment: &Segment, i: usize) -> bool {
        !segment.program().flags[i].has(NodeFlags::KEYED) || self.ledger.begin_node(i)
    }

    #[inline(always)]
    fn end_node(&self, segment: &Segment, i: usize) {
        let program = segment.program();
        if program.flags[i].has(NodeFlags::KEYED) && self.ledger.finish_node(i) {
            self.memo.wake_watchers(program.keys[i]);
        }
    }
}

/// The results of nodes are futures, which are told when a node begins and ends.
pub(super) struct FutureHooks<'f> {
    pub(super) futures: &'f FutureSet,
    pub(super) run: &'f Run,
}

impl NodeHooks for FutureHooks<'_> {
    #[inline(always)]
    fn begin_node(&self, _: &Segment, i: usize) -> bool {
        self.futures.begin_node(i)
    }

    #[inline(always)]
    fn end_node(&self, segment: &Segment, i: usize) {
        publish(self.futures, self.run, segment, i);
    }
}
