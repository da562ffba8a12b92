//! A run that nobody owns: a task of a client. Those who have a permit work on it, the last to leave concludes.

use super::context::Context;
use super::invite::{find, invite};
use super::job::Job;
use super::run::{CLOSED, Run};
use super::segment::{Segment, SegmentPtr};
use super::warmup::may_begin_alone;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::base::sync::lock;
use crate::plan::Program;
use crate::store::memo::Lineage;
use std::sync::Arc;

/// Opens a run that nobody owns: those who have a permit work on it, the last to leave concludes.
pub(super) fn open(
    program: &Arc<Program>,
    context: &Arc<Context>,
    job: &Arc<Job>,
    lineage: Option<Arc<Lineage>>,
) -> Arc<Run> {
    let run = Run::new(context.clone(), None, job.depth(), Some(job.clone()));
    let observed = !context.observers.is_empty();
    let segment = Segment::new(program.clone(), false, observed, None, lineage);
    let is_kept = may_begin_alone(&segment);
    if !is_kept {
        segment.share(None);
    }
    let root = SegmentPtr::new(segment);
    match is_kept {
        true => run.queue.keep(root),
        false => run.queue.open(root),
    }
    run
}

impl Run {
    /// Lets nobody in any more: the last to leave concludes. Of several callers, one does it.
    pub(super) fn shut(self: &Arc<Run>) {
        if !self.shut.swap(true, AcqRel) {
            self.members.fetch_or(CLOSED, AcqRel);
            // The place that was kept for its being open.
            self.leave();
        }
    }

    /// Nothing of it will be ready unless somebody says so (`was_woken`, a nested run). Asked from inside.
    pub(super) fn is_idle(&self) -> bool {
        // Nobody is inside but who asks, or all of it is one unit.
        let alone = || self.members.load(Acquire) == 2;
        let root = self.queue.any_root();
        let one_unit = root.is_none_or(|root| {
            let program = &root.get().program;
            program.unit_count() == 1 && !program.may_grow()
        });
        (one_unit || alone()) && !self.wants_visit()
    }

    /// Whether there is something to do: in it, or to end it. Asked from inside.
    pub(super) fn has_work(&self) -> bool {
        match self.is_over() {
            true => self.is_task && !self.shut.load(Acquire),
            false => self.queue.has_work(self.context.executor.permits.slots()),
        }
    }

    /// Whether there may be something to do in it or below.
    pub(super) fn wants_visit(self: &Run) -> bool {
        self.has_work()
            || lock(&self.children)
                .iter()
                .any(|child| find(child).is_some())
    }

    #[inline]
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Relaxed)
    }

    /// Whether a participant that is not its owner should leave between two units.
    #[inline]
    pub(super) fn is_to_be_left(&self) -> bool {
        let executor = &self.context.executor;
        executor.permits.are_short()
            || match (&executor.agenda, &self.job) {
                (Some(agenda), Some(job)) => agenda.is_urgent(job.rank()),
                _ => false,
            }
    }

    /// A unit of it has become ready, from outside its participants.
    pub(super) fn was_woken(self: &Arc<Run>) {
        match (&self.job, self.is_task) {
            (Some(job), true) => job.announce(self),
            _ => {
                self.ring();
                // Its owner may sleep further up its stack, in a body that waits for this very unit.
                if let Some(job) = &self.job {
                    job.has_nested();
                }
                // While somebody is inside, its threads are there: they may be lent.
                if self.join() {
                    let _ = invite(&self.context.executor, &self.top());
                    self.leave();
                }
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.done.load(Acquire) || self.is_stopped()
    }

    /// A body of it is about to be called.
    #[inline]
    pub(super) fn begin(&self) {
        if self.is_task && !self.begun.load(Relaxed) {
            self.begun.store(true, Release);
            if let Some(job) = &self.job {
                job.has_begun();
            }
        }
    }
}
