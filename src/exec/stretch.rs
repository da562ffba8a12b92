//! Executing plain nodes one after the other: to run such a node is to call its body.

use super::segment::{Segment, SegmentPtr};
use super::worker::Worker;
use crate::base::error::Error;
use crate::plan::Traits;
use crate::task::Outcome;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Worker {
    /// Whether it needs no more than to call the bodies of a segment's nodes.
    pub(super) fn only_calls(&self, segment: &Segment) -> bool {
        let program = &*segment.program;
        let is_noted = program.is_light && segment.ledger().is_some();
        // Of a task with many futures all that is an output is a number, or it would be shared.
        let is_for_it = program.is_plain || is_noted && self.sink.is_none();
        is_for_it && !self.observed
    }

    /// As `stretch`, and goes on behind nodes that panic.
    pub(super) fn all_of_stretch(&self, at: SegmentPtr, next: &Cell<usize>, mut end: usize) {
        while let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.stretch(at, next, end))) {
            end = self.active.until.get();
            self.rejoin();
            self.panicked(payload);
        }
    }

    /// Executes nodes one after the other, from `next` on, where that needs no more than to call their bodies: until
    /// `end`, a stop, or a failure that the run survives; or until `Active::until`, which is set to `end`, is lowered.
    /// Unwinds as `step` does.
    pub(super) fn stretch(&self, at: SegmentPtr, next: &Cell<usize>, end: usize) {
        let segment = at.get();
        if !self.only_calls(segment) {
            return;
        }
        self.active.segment.set(at);
        let run = self.run();
        run.begin();
        let (frame, ledger) = (segment.frame(), segment.ledger());
        let sink = self.sink(segment);
        let _counted = sink.map(|job| job.count_stretch());
        self.active.until.set(end);
        while next.get() < self.active.until.get() && !segment.any_failed() {
            let i = next.get();
            if run.is_stopped() {
                return;
            }
            next.set(i + 1);
            self.active.node.set(i);
            let ledger = ledger.filter(|_| segment.program.traits[i].has(Traits::KEYED));
            if ledger.is_some_and(|ledger| !ledger.begin(i)) {
                // A nested run asked for it before.
                next.set(i);
                return;
            }
            if sink.is_some_and(|job| !job.begin_quietly(i)) {
                // It was cancelled.
                next.set(i);
                return;
            }
            match (segment.execute_in(&frame, i), ledger) {
                (Outcome::Failed(e), _) => {
                    self.failed(segment, i, Error::failed(segment.program.culprit(i), e.0));
                }
                (_, Some(ledger)) => self.has_result(ledger, segment, i),
                _ if sink.is_some() => self.publish(segment, i),
                _ => {}
            }
            self.rejoin();
        }
    }
}
