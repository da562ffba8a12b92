//! Executing plain nodes one after the other: to run such a node is to call its body.

use super::segment::{Segment, SegmentPtr};
use super::worker::Worker;
use crate::base::error::Error;
use crate::base::sync::Stopwatch;
use crate::plan::Traits;
use crate::task::Outcome;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Looks at the clock now and then: whether nodes take so long that others should have some of them, though those before
/// did not.
struct Look {
    left: u32,
    watch: Option<Stopwatch>,
    /// The last few took long: perhaps others had the processor.
    is_doubtful: bool,
}

impl Look {
    /// So many nodes between two looks.
    const NODES: u32 = if cfg!(lazygraph_shuttle) { 2 } else { 16 };
    /// What a node takes then, in nanoseconds.
    const SLOW: f64 = 5e3;

    fn new() -> Look {
        Look {
            left: Look::NODES,
            watch: None,
            is_doubtful: false,
        }
    }

    /// Asked before each node.
    #[inline]
    fn is_at_slow_ones(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        self.look()
    }

    #[cold]
    fn look(&mut self) -> bool {
        let Some(watch) = &mut self.watch else {
            self.watch = Some(Stopwatch::start());
            self.left = Look::NODES - 1;
            return false;
        };
        let nodes = if self.is_doubtful { 1 } else { Look::NODES };
        let (lap, _) = watch.lap();
        let is_slow = lap > Look::SLOW * f64::from(nodes);
        if is_slow && self.is_doubtful {
            return true;
        }
        self.is_doubtful = is_slow;
        self.left = if is_slow { 0 } else { Look::NODES - 1 };
        false
    }
}

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
    /// `end`, a stop, a failure that the run survives, or nodes that take long (`Worker::slow`); or until `Active::until`,
    /// which is set to `end`, is lowered.
    /// Unwinds as `step` does.
    pub(super) fn stretch(&self, at: SegmentPtr, next: &Cell<usize>, end: usize) {
        let segment = at.get();
        if !self.only_calls(segment) {
            return;
        }
        self.active.segment.set(at);
        self.run().begin();
        self.active.until.set(end);
        self.slow.set(false);
        match (self.sink(segment), segment.ledger()) {
            (Some(job), _) => {
                job.gets_on();
                let (begins, ends) = (|i| job.begin(i), |i| self.publish(segment, i));
                self.each(segment, next, begins, ends);
            }
            (None, Some(ledger)) => {
                let is_noted = |i: usize| segment.program.traits[i].has(Traits::KEYED);
                let begins = |i| !is_noted(i) || ledger.begin_node(i);
                let ends = |i| {
                    if is_noted(i) {
                        self.has_result(ledger, segment, i);
                    }
                };
                self.each(segment, next, begins, ends);
            }
            (None, None) => self.each(segment, next, |_| true, |_| ()),
        }
    }

    /// `begins`: whether a node is to run; if not, it was cancelled, or a nested run has asked for it before. `ends`: it has
    /// its result.
    #[inline(always)]
    fn each(
        &self,
        segment: &Segment,
        next: &Cell<usize>,
        begins: impl Fn(usize) -> bool,
        ends: impl Fn(usize),
    ) {
        let (run, frame) = (self.run(), segment.frame());
        // Where others may help.
        let mut look = (!self.alone).then(Look::new);
        while next.get() < self.active.until.get() && !segment.any_failed() {
            let i = next.get();
            if run.is_stopped() {
                return;
            }
            if look.as_mut().is_some_and(Look::is_at_slow_ones) {
                self.slow.set(true);
                return;
            }
            next.set(i + 1);
            self.active.node.set(i);
            if !begins(i) {
                next.set(i);
                return;
            }
            match segment.execute_in(&frame, i) {
                Outcome::Failed(e) => {
                    self.failed(
                        segment,
                        i,
                        Error::failed(segment.program.culprit(i), e.error()),
                    );
                }
                Outcome::Value => ends(i),
                Outcome::Graph(_) => unreachable!("only flat nodes return graphs"),
            }
            self.rejoin();
        }
    }
}
