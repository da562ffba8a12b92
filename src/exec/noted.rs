//! Executing pure nodes whose results can be copied: they are noted in the ledger of the run's memo, and stay in their slots.

use super::run::Run;
use super::segment::{Segment, SegmentPtr};
use super::worker::{Step, Worker};
use crate::base::error::Error;
use crate::plan::Traits;
use crate::store::memo::{Ledger, Shared, Slots};
use crate::task::Outcome;
use std::sync::Arc;

/// With fewer nodes it is not worth to set a ledger up.
const MANY: usize = if cfg!(lazygraph_shuttle) { 2 } else { 8 };

impl Run {
    /// Lets the pure nodes of its root segment stay where they are, if this run is the outermost of those that use its memo
    /// and no other run does.
    pub(super) fn note_results(&self, root: SegmentPtr) {
        let (segment, memo) = (root.get(), &self.context.memo);
        let program = &segment.program;
        let is_worth_it = program.any.has(Traits::KEYED) && program.len() >= MANY;
        if is_worth_it
            && self.context.observers.is_empty()
            && self.brought_its_memo()
            && memo.is_untouched()
        {
            let ledger = Arc::new(Ledger::new(program.len(), Root(root)));
            memo.use_ledger(ledger.clone());
            segment.keep_ledger(ledger);
        }
    }
}

/// The root segment of a run that brought its memo. Whoever asks that memo is in this run or in one nested in it, and
/// these end before the root is reclaimed.
struct Root(SegmentPtr);

impl Slots for Root {
    fn keys(&self) -> Vec<(u128, usize)> {
        let program = &self.0.get().program;
        let noted = (0..program.len()).filter(|i| is_noted(program.traits[*i]));
        noted.map(|i| (program.keys[i], i)).collect()
    }

    fn copy(&self, node: usize) -> Option<Shared> {
        self.0.get().export(node)
    }
}

/// Whether a node needs no more than to be called, and to be noted.
fn is_noted(traits: Traits) -> bool {
    traits.has(Traits::KEYED) && !traits.has(Traits::SPECIAL & !Traits::KEYED | Traits::SHARE)
}

impl Segment {
    /// The ledger, if it says how far node `i` is.
    #[inline]
    pub(super) fn ledger_of(&self, i: usize) -> Option<&Ledger> {
        self.ledger().filter(|_| is_noted(self.program.traits[i]))
    }

    /// The key of a node that is running and noted.
    pub(super) fn noted_key(&self, i: usize) -> Option<u128> {
        let ledger = self.ledger_of(i)?;
        ledger.is_running(i).then(|| self.program.keys[i])
    }
}

impl Worker {
    /// As `step`, for a node that is noted in `ledger`.
    pub(super) fn noted(&self, ledger: &Ledger, at: SegmentPtr, unit: usize, i: usize) -> Step {
        let segment = at.get();
        if !ledger.begin_node(i) {
            return self.special(at, unit, i);
        }
        match segment.execute(i, false) {
            Outcome::Value => {
                self.has_result(ledger, segment, i);
                segment.settle(i, false);
            }
            Outcome::Failed(e) => self.failed(
                segment,
                i,
                Error::failed(segment.program.culprit(i), e.error()),
            ),
            Outcome::Graph(_) => unreachable!("only flat nodes return graphs"),
        }
        Step::Done
    }

    /// The result of a node that was begun is in place.
    #[inline]
    pub(super) fn has_result(&self, ledger: &Ledger, segment: &Segment, i: usize) {
        if ledger.finish_node(i) {
            let memo = &self.run().context.memo;
            memo.wake_watchers(segment.program.keys[i]);
        }
    }

    /// A node has failed: if it was noted as running, its failure is put down.
    pub(super) fn note_failure(&self, segment: &Segment, i: usize, error: &Error) {
        let ledger = segment.ledger_of(i);
        if let Some(ledger) = ledger.filter(|ledger| ledger.is_running(i)) {
            let (run, key) = (self.run(), segment.program.keys[i]);
            // Perhaps it failed only because it was told to stop.
            let known = (!run.is_stopped()).then(|| error.clone());
            run.context.memo.record_failure(ledger, i, key, known);
        }
    }
}
