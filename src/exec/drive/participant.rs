//! The part of one thread in a run that several may work on.

use crate::base::sync;
use crate::exec::queue::{ReadyUnit, WorkerDeque};
use crate::exec::run::{Run, unit_woken, work_source};
use crate::exec::segment::{Ready, SegmentPtr};
use crate::exec::step::{Concluded, Ran, Worker, conclude, last_uses, run_nodes};
use crate::exec::threads::invite;
use crate::exec::tuning::{LOOKS, SPINS};
use smallvec::SmallVec;
use std::cell::Cell;
use std::sync::Arc;

/// Works on a run until nothing of it is ready, or it is over.
pub(super) fn take_part(run: &Arc<Run>, root: SegmentPtr, is_owner: bool) {
    let worker = Worker::enter(run, root, false);
    let local = run.queue.enter();
    let participant = Participant {
        run,
        worker: &worker,
        local: &local,
        slots: run.context.executor.permits.slots(),
    };
    let mut looks = 0;
    let mut next: Option<ReadyUnit> = None;
    while !run.is_over() {
        match next
            .take()
            .or_else(|| run.queue.take(&local, participant.slots))
        {
            Some(item) => {
                looks = 0;
                participant.invite_if_useful();
                next = participant.run_unit(item);
                if !is_owner && run.is_to_be_left() {
                    break;
                }
            }
            None if looks == LOOKS || !run.has_others() => break,
            None => {
                looks += 1;
                match looks % 8 {
                    0 => sync::yield_now(),
                    _ => (0..SPINS).for_each(|_| sync::spin_loop()),
                }
            }
        }
    }
    if let Some(item) = next {
        run.queue.push(&local, item);
    }
    run.queue.exit(&local);
    if !is_owner && run.queue.has_work(participant.slots) {
        // It leaves, for the run has too many threads: the owner, should it sleep, must see to the rest.
        unit_woken(run, false);
    }
}

struct Participant<'p> {
    run: &'p Arc<Run>,
    worker: &'p Worker,
    local: &'p WorkerDeque,
    slots: usize,
}

impl Participant<'_> {
    /// Executes a unit; returns one that has become ready, to go on with.
    fn run_unit(&self, item: ReadyUnit) -> Option<ReadyUnit> {
        let (at, unit) = (item.segment, item.unit as usize);
        let segment = at.get();
        let is_ranked = segment.program().by_priority;
        // Of a segment that is not, nothing may be touched any more when a node is parked: other threads may end it.
        let is_budgeted = segment.is_budgeted();
        let end = match segment.groups() {
            Some(groups) => groups.begin(unit)?.end,
            None => segment.progress().nodes(unit).end,
        };
        let first = item.node as usize;
        let next = Cell::new(first);
        let ran = run_nodes(self.worker, at, unit, &next, end);
        let ended = match is_budgeted {
            true => {
                let is_parked = matches!(ran, Ran::Parked);
                let executed = first..next.get() - usize::from(is_parked);
                last_uses(self.worker, at, unit, executed)
            }
            false => SmallVec::new(),
        };
        let unit_is_ready = match ran {
            Ran::Finished => self.finish_unit(at, unit, &ended),
            Ran::Expanded(child) => {
                self.run.queue.results_ended(at, &ended);
                self.begin_segment(child)
            }
            Ran::Stopped | Ran::Parked => {
                self.run.queue.results_ended(at, &ended);
                None
            }
            Ran::Slow => unreachable!("what is shared keeps nothing back"),
        };
        // Only now: where nothing runs, what has become ready is in the heap, and its first is the one that a
        // single worker would run.
        if is_ranked {
            self.run.queue.unit_ends();
        }
        unit_is_ready
    }

    /// Makes the sources of a returned graph ready.
    fn begin_segment(&self, child: SegmentPtr) -> Option<ReadyUnit> {
        let by_priority = child.get().program().by_priority;
        let sources = &child.get().progress().consumers().sources;
        let (first, rest) = sources.split_first()?;
        let first = ReadyUnit::of_unit(child, *first);
        if by_priority {
            self.run.queue.push(self.local, first);
        }
        for unit in rest.iter().rev() {
            let item = ReadyUnit::of_unit(child, *unit);
            self.run.queue.push(self.local, item);
        }
        (!by_priority).then_some(first)
    }

    /// A unit has finished: makes ready what waited for it last. Returns the first of these.
    ///
    /// `ended`: the nodes that it was the last user of.
    fn finish_unit(
        &self,
        mut at: SegmentPtr,
        mut unit: usize,
        mut ended: &[u32],
    ) -> Option<ReadyUnit> {
        let mut next: Option<ReadyUnit> = None;
        loop {
            let segment = at.get();
            let progress = segment.progress();
            if let Some(groups) = progress.groups() {
                return self.finish_group(at, groups.finish(unit));
            }
            let by_priority = segment.program().by_priority;
            let mut ranked: SmallVec<[ReadyUnit; 4]> = SmallVec::new();
            for &waiting in progress.consumers().of_unit(unit).iter().rev() {
                if !progress.serve_edge(waiting as usize) {
                    continue;
                }
                let item = ReadyUnit::of_unit(at, waiting);
                if by_priority {
                    ranked.push(item);
                } else if let Some(earlier) = next.replace(item) {
                    self.run.queue.push(self.local, earlier);
                }
            }
            if by_priority {
                self.run.queue.finish_unit(at, unit, ended, &ranked);
                ended = &[];
            }
            if !progress.finish_unit() {
                return next;
            }
            if segment.continuation.is_none() {
                self.run.finish();
                return next;
            }
            match conclude(self.worker, at) {
                Concluded::Finished(segment, of) => (at, unit) = (segment, of),
                Concluded::Again(item) => {
                    self.run.queue.inject(item);
                    return next;
                }
                Concluded::Stopped => return next,
            }
        }
    }

    /// As `finish_unit`, for a group or one of its nodes.
    fn finish_group(&self, at: SegmentPtr, (ready, is_last): (Ready, bool)) -> Option<ReadyUnit> {
        if is_last {
            self.run.finish();
        }
        let (first, rest) = ready.split_first()?;
        for unit in rest.iter().rev() {
            let item = ReadyUnit::of_unit(at, *unit);
            self.run.queue.push(self.local, item);
        }
        Some(ReadyUnit::of_unit(at, *first))
    }

    fn invite_if_useful(&self) {
        let executor = &self.run.context.executor;
        if executor.permits.may_be_free() && self.run.queue.has_work(self.slots) {
            let _ = invite(executor, &work_source(self.run));
        }
    }
}
