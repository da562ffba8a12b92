//! Pure nodes whose results can be copied: they are noted in the ledger of the run's memo, and stay in their slots.

use super::run::Run;
use crate::exec::segment::{SegmentPtr, is_noted};
use crate::exec::tuning::LEDGER_NODES;
use crate::plan::NodeFlags;
use crate::store::memo::{Ledger, RunSlots, Shared};
use std::any::TypeId;
use std::sync::Arc;

/// Lets the pure nodes of a root segment stay where they are, if its run is the outermost of those that use its memo and no
/// other run does.
pub(in crate::exec) fn note_results(run: &Run, root: SegmentPtr) {
    let (segment, memo) = (root.get(), &run.context.memo);
    let program = segment.program();
    let is_worth_it = program.any.has(NodeFlags::KEYED) && program.len() >= LEDGER_NODES;
    if is_worth_it
        && run.context.observers.is_empty()
        && run.brought_its_memo()
        && memo.is_untouched()
    {
        let ledger = Arc::new(Ledger::new(program.len(), RootSlots(root)));
        memo.use_ledger(ledger.clone());
        segment.set_ledger(ledger);
    }
}

/// The slots of the root segment of a run that brought its memo. All that ask that memo are in this run or in one nested in
/// it, and these end before the root is reclaimed.
struct RootSlots(SegmentPtr);

impl RunSlots for RootSlots {
    fn keys(&self) -> Vec<(u128, usize)> {
        let program = self.0.get().program();
        let noted = (0..program.len()).filter(|i| is_noted(program.flags[*i]));
        noted.map(|i| (program.keys[i], i)).collect()
    }

    fn identity(&self, node: usize) -> TypeId {
        self.0.get().program().node(node).identity()
    }

    fn copy(&self, node: usize) -> Option<Shared> {
        self.0.get().export(node)
    }
}
