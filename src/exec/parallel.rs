//! The rayon scheduler: what each participant of a run does.

use super::invite::{find, invite};
use super::press;
use super::queue::{Item, Local};
use super::run::Run;
use super::segment::{Ready, SegmentPtr};
use super::warmup::{begin_alone, share_rest};
use super::worker::{Step, Worker};
use crate::base::sync::{self, lock};
use crate::plan::Traits;
use smallvec::SmallVec;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs the root segment to the end or to a stop, with the calling thread as first participant.
pub(super) fn drive(run: &Arc<Run>, root: SegmentPtr) {
    let context = &run.context;
    let parent = run
        .parent
        .as_ref()
        .filter(|p| Arc::ptr_eq(&p.context.executor, &context.executor));
    if let Some(parent) = parent {
        lock(&parent.children).push(run.clone());
        if let Some(job) = &run.job {
            job.has_nested();
        }
    }
    match begin_alone(run, root) {
        true => run.finish(),
        false => lead(run, root),
    }
    if let Some(parent) = parent {
        let mut children = lock(&parent.children);
        children.retain(|child| !Arc::ptr_eq(child, run));
    }
}

/// The owner's part in a run that others may join.
fn lead(run: &Arc<Run>, root: SegmentPtr) {
    run.queue.open(root);
    loop {
        take_part(run, root, true);
        if run.is_over() {
            break;
        }
        // Nothing of this run is ready. Others have what is left of it: help them with what their nodes
        // have started, which is below this run, or else give the slot away and sleep.
        if !help(run) {
            press::sleep(run);
        }
    }
}

/// Works on a run until nothing of it is ready, or it is over.
fn take_part(run: &Arc<Run>, root: SegmentPtr, owner: bool) {
    let worker = Worker::enter(run, root, false);
    let local = run.queue.enter();
    let part = Part {
        run,
        worker: &worker,
        local: &local,
        slots: run.context.executor.permits.slots(),
    };
    let mut looks = 0;
    let mut next: Option<Item> = None;
    while !run.is_over() {
        match next.take().or_else(|| run.queue.take(&local, part.slots)) {
            Some(item) => {
                looks = 0;
                part.invite_if_useful();
                next = part.unit(item);
                if !owner && run.is_to_be_left() {
                    break;
                }
            }
            None if looks == sync::LOOKS || !run.has_others() => break,
            None => {
                looks += 1;
                match looks % 8 {
                    0 => sync::yield_now(),
                    _ => (0..sync::SPINS).for_each(|_| sync::spin_loop()),
                }
            }
        }
    }
    if let Some(item) = next {
        run.queue.push(&local, item);
    }
    run.queue.exit(&local);
    if !owner && run.queue.has_work(run.context.executor.permits.slots()) {
        // It leaves, for the run has too many threads: the owner, should it sleep, must see to the rest.
        run.was_woken();
    }
}

struct Part<'p> {
    run: &'p Arc<Run>,
    worker: &'p Worker,
    local: &'p Local,
    slots: usize,
}

/// What executing a unit came to.
enum End {
    Finished,
    /// Its last node returned a graph.
    Expanded(SegmentPtr),
    /// The run was stopped, or a node is parked.
    Left,
}

impl Part<'_> {
    /// Executes a unit; returns one that has become ready, to go on with.
    fn unit(&self, item: Item) -> Option<Item> {
        let segment = item.segment.get();
        let ranked = segment.program.by_priority;
        let end = match segment.bundles() {
            Some(bundles) => bundles.begin(item.unit as usize)?.end,
            None => segment.progress().nodes(item.unit as usize).end,
        };
        let mut dead = SmallVec::new();
        let end = self.nodes(item, end, &mut dead);
        if !(dead.is_empty() || matches!(end, End::Finished)) {
            self.run.queue.died(item.segment, &dead);
        }
        let next = match end {
            End::Finished => self.finish(item.segment, item.unit as usize, &dead),
            End::Expanded(child) => self.begin(child),
            End::Left => None,
        };
        // Only now: where nothing runs, what has become ready is in the heap, and its first is the one that a
        // single worker would run.
        if ranked {
            self.run.queue.ended();
        }
        next
    }

    /// Executes the nodes of a unit up to `end`, and lists the nodes before it that it was the last user of.
    fn nodes(&self, item: Item, end: usize, dead: &mut SmallVec<[u32; 8]>) -> End {
        let segment = item.segment.get();
        let unit = item.unit as usize;
        let nodes = item.node as usize..end;
        let next = Cell::new(nodes.start);
        self.worker.all_of_stretch(item.segment, &next, nodes.end);
        for i in next.get()..nodes.end {
            if self.run.is_stopped() {
                return End::Left;
            }
            if segment.bundles().is_some() {
                let active = &self.worker.active;
                if active.until.get() == 0 {
                    // A body has waited: the rest of its group is others'.
                    break;
                }
                let is_slow = self.worker.slow.take();
                if is_slow || segment.program.traits[i].has(Traits::KEYED) {
                    // It takes long, or may have to wait for another run.
                    active.segment.set(item.segment);
                    active.node.set(i);
                    share_rest(active);
                }
            }
            // What may have to wait for resources says itself when it begins.
            if !segment.program.traits[i].has(Traits::SOURCE | Traits::GUARDED) {
                self.run.begin();
            }
            let step = catch_unwind(AssertUnwindSafe(|| self.worker.step(item.segment, unit, i)));
            if let Ok(Step::Parked) = step {
                return End::Left;
            }
            self.worker.rejoin();
            segment.last_read_by(i, unit, dead);
            match step {
                Ok(Step::Expanded(child)) => return End::Expanded(child),
                Ok(_) => {}
                Err(payload) => self.worker.panicked(payload),
            }
        }
        End::Finished
    }

    /// Makes the sources of a returned graph ready.
    fn begin(&self, child: SegmentPtr) -> Option<Item> {
        let segment = child.get();
        let (program, progress) = (segment.program.clone(), segment.progress());
        let item = |unit: u32| {
            let node = progress.nodes(unit as usize).start as u32;
            Item {
                segment: child,
                unit,
                node,
            }
        };
        let (first, rest) = progress.consumers().sources.split_first()?;
        if program.by_priority {
            self.run.queue.push(self.local, item(*first));
        }
        for unit in rest.iter().rev() {
            self.run.queue.push(self.local, item(*unit));
        }
        (!program.by_priority).then(|| item(*first))
    }

    /// A unit has finished: makes ready what waited for it last. Returns the first of these.
    ///
    /// `dead`: the nodes that it was the last user of.
    fn finish(&self, mut at: SegmentPtr, mut unit: usize, mut dead: &[u32]) -> Option<Item> {
        let mut next: Option<Item> = None;
        loop {
            let segment = at.get();
            let progress = segment.progress();
            if let Some(bundles) = progress.bundles() {
                return self.finish_bundle(at, bundles.finish(unit));
            }
            let by_priority = segment.program.by_priority;
            let mut ranked: SmallVec<[Item; 4]> = SmallVec::new();
            for &waiting in progress.consumers().of_unit(unit).iter().rev() {
                let w = waiting as usize;
                if !progress.serve(w) {
                    continue;
                }
                let node = progress.nodes(w).start as u32;
                let item = Item {
                    segment: at,
                    unit: waiting,
                    node,
                };
                if by_priority {
                    ranked.push(item);
                } else if let Some(earlier) = next.replace(item) {
                    self.run.queue.push(self.local, earlier);
                }
            }
            if by_priority {
                self.run.queue.finished(at, unit, dead, &ranked);
                dead = &[];
            }
            if !progress.finish_unit() {
                return next;
            }
            if segment.continuation.is_none() {
                self.run.finish();
                return next;
            }
            let concluded = catch_unwind(AssertUnwindSafe(|| self.worker.conclude(at)));
            match concluded {
                Ok(Some(place)) => (at, unit) = place,
                Ok(None) => return next,
                // Only the drop of a child's leftovers runs user code there, and that is caught.
                Err(payload) => {
                    self.worker.panicked(payload);
                    return next;
                }
            }
        }
    }

    /// As `finish`, for a group or one of its nodes.
    fn finish_bundle(&self, at: SegmentPtr, (ready, is_last): (Ready, bool)) -> Option<Item> {
        if is_last {
            self.run.finish();
        }
        let item = |&unit: &u32| {
            let node = at.get().progress().nodes(unit as usize).start as u32;
            Item {
                segment: at,
                unit,
                node,
            }
        };
        let (first, rest) = ready.split_first()?;
        let rest = rest.iter().rev().map(item);
        rest.for_each(|item| self.run.queue.push(self.local, item));
        Some(item(first))
    }

    fn invite_if_useful(&self) {
        let executor = &self.run.context.executor;
        if executor.permits.may_be_free() && self.run.queue.has_work(self.slots) {
            let _ = invite(executor, &self.run.top());
        }
    }
}

pub(super) fn visit(run: &Arc<Run>) {
    if !run.join() {
        return;
    }
    if !run.is_over()
        && let Some(root) = run.queue.take_fresh()
    {
        match begin_alone(run, root) {
            true => run.finish(),
            false => {
                run.queue.open(root);
                run.was_woken();
            }
        }
    }
    if let Some(root) = run.queue.root() {
        take_part(run, root, false);
    }
    if run.is_task && run.is_over() {
        run.shut();
    }
    run.leave();
}

/// Works on a run below `run`, if one has work.
fn help(run: &Arc<Run>) -> bool {
    let children: Vec<Arc<Run>> = lock(&run.children).clone();
    for child in &children {
        if let Some(found) = find(child) {
            visit(&found);
            return true;
        }
    }
    false
}
