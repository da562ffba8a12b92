//! Executing plain nodes one after the other: to run such a node is to call its body.

use super::segment::{Segment, SegmentPtr};
use super::worker::Worker;
use crate::base::error::Error;
use crate::task::Outcome;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Worker {
    /// Whether it needs no more than to call the bodies of a segment's nodes.
    pub(super) fn only_calls(&self, segment: &Segment) -> bool {
        segment.program.is_plain && !self.observed && self.sink.is_none()
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
        let frame = segment.frame();
        self.active.until.set(end);
        while next.get() < self.active.until.get() && !segment.any_failed() {
            let i = next.get();
            if run.is_stopped() {
                return;
            }
            next.set(i + 1);
            self.active.node.set(i);
            if let Outcome::Failed(e) = segment.execute_in(&frame, i) {
                self.failed(segment, i, Error::failed(segment.program.culprit(i), e.0));
            }
            self.rejoin();
        }
    }
}
