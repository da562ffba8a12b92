//! The rayon scheduler: participants of a run, and how they come and go.

use super::Current;
use super::bell::Bell;
use super::context::Context;
use super::queue::{Item, Local};
use super::run::Run;
use super::segment::SegmentPtr;
use super::stack;
use super::worker::{Step, Worker};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire};
use crate::base::sync::{self, lock};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs the root segment to the end or to a stop, with the calling thread as first participant.
pub(super) fn drive(run: &Arc<Run>, root: SegmentPtr) {
    let context = &run.context;
    let parent = run
        .parent
        .as_ref()
        .filter(|p| Arc::ptr_eq(&p.context, context));
    if let Some(parent) = parent {
        lock(&parent.children).push(run.clone());
    }
    run.queue.open(root);
    loop {
        take_part(run, root, true);
        if run.is_over() {
            break;
        }
        // Nothing of this run is ready. Others have what is left of it: help them with what their nodes
        // have started, which is below this run, or else give the slot away and sleep.
        if !help(run) {
            sleep(run);
        }
    }
    if let Some(parent) = parent {
        let mut children = lock(&parent.children);
        children.retain(|child| !Arc::ptr_eq(child, run));
    }
}

impl Run {
    fn is_over(&self) -> bool {
        self.done.load(Acquire) || self.is_stopped()
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
        slots: run.context.permits.slots(),
    };
    let mut looks = 0;
    let mut next: Option<Item> = None;
    while !run.is_over() {
        match next.take().or_else(|| run.queue.take(&local, part.slots)) {
            Some(item) => {
                looks = 0;
                part.invite_if_useful();
                next = part.unit(item);
                if !owner && run.context.permits.are_short() {
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
    if !owner && run.queue.has_work(run.context.permits.slots()) {
        // It leaves, for the run has too many threads: the owner, should it sleep, must see to the rest.
        run.ring();
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
        let ranked = item.segment.get().program.by_priority;
        let mut dead = SmallVec::new();
        let end = self.nodes(item, &mut dead);
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

    /// Executes the nodes of a unit, and lists the nodes before it that it was the last user of.
    fn nodes(&self, item: Item, dead: &mut SmallVec<[u32; 8]>) -> End {
        let segment = item.segment.get();
        let unit = item.unit as usize;
        for i in item.node as usize..segment.program.unit(unit).end {
            if self.run.is_stopped() {
                return End::Left;
            }
            let step = catch_unwind(AssertUnwindSafe(|| self.worker.step(item.segment, unit, i)));
            if let Ok(Step::Parked) = step {
                return End::Left;
            }
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
        let program = child.get().program.clone();
        let item = |unit: u32| {
            let node = program.unit(unit as usize).start as u32;
            Item {
                segment: child,
                unit,
                node,
            }
        };
        let (first, rest) = program.consumers().sources.split_first()?;
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
            let consumers = segment.program.consumers();
            let by_priority = segment.program.by_priority;
            let mut ranked: SmallVec<[Item; 4]> = SmallVec::new();
            for &waiting in consumers.of_unit(unit).iter().rev() {
                let w = waiting as usize;
                let ready = consumers.waits[w] == 1 || segment.waits[w].fetch_sub(1, AcqRel) == 1;
                if !ready {
                    continue;
                }
                let node = segment.program.unit(w).start as u32;
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
            if !segment.finish_unit() {
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

    fn invite_if_useful(&self) {
        let context = &self.run.context;
        if context.permits.may_be_free() && self.run.queue.has_work(self.slots) {
            invite(context, self.run);
        }
    }
}

// ------------------------------------------------------------------ coming and going

/// Asks one more thread to take part in the tree that `run` belongs to: a pool thread, or one of our own if
/// all of those are inside already and some of them wait.
fn invite(context: &Arc<Context>, run: &Arc<Run>) {
    if !context.permits.try_take() {
        return;
    }
    stack::learn();
    let top = top_of(run);
    if context.occupied.fetch_add(1, AcqRel) < context.pool.threads()
        && context.pool.is_within_reach()
    {
        let of = context.clone();
        context.pool.spawn(move || {
            // Rayon may run this job inside a body that waits in `join` or `par_iter` on this thread: then
            // nothing else may start on this stack (promise P5).
            if !Current::is_inside() && stack::is_at_bottom() {
                roam(&top);
            }
            of.occupied.fetch_sub(1, AcqRel);
            of.permits.give();
        });
        return;
    }
    context.occupied.fetch_sub(1, AcqRel);
    if context.lent.fetch_add(1, AcqRel) < context.permits.slots() {
        let of = context.clone();
        let thread = sync::Builder::new()
            .name("lazygraph-lent".into())
            .spawn(move || {
                roam(&top);
                of.lent.fetch_sub(1, AcqRel);
                of.permits.give();
            });
        if thread.is_ok() {
            return;
        }
    }
    context.lent.fetch_sub(1, AcqRel);
    context.permits.give();
}

/// The outermost run of the same compute.
fn top_of(run: &Arc<Run>) -> Arc<Run> {
    let mut top = run;
    while let Some(parent) = top
        .parent
        .as_ref()
        .filter(|p| Arc::ptr_eq(&p.context, &run.context))
    {
        top = parent;
    }
    top.clone()
}

/// Takes part in whatever has work below `top`, the outermost first, until nothing has.
fn roam(top: &Arc<Run>) {
    while let Some(run) = find(top) {
        visit(&run);
        if top.context.permits.are_short() {
            return;
        }
    }
}

fn visit(run: &Arc<Run>) {
    if !run.join() {
        return;
    }
    if let Some(root) = run.queue.root() {
        take_part(run, root, false);
    }
    run.leave();
}

/// A run at or below `top` that has work, the nearest first.
fn find(top: &Arc<Run>) -> Option<Arc<Run>> {
    let mut runs = VecDeque::from([top.clone()]);
    while let Some(run) = runs.pop_front() {
        if run.join() {
            let found = !run.is_over() && run.queue.has_work(run.context.permits.slots());
            if !found {
                runs.extend(lock(&run.children).iter().cloned());
            }
            run.leave();
            if found {
                return Some(run);
            }
        }
    }
    None
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

/// Sleeps until the run is over or something of it is ready again.
pub(super) fn sleep(run: &Arc<Run>) {
    rest(run, &run.bell, Bell::listen);
}

/// Sleeps on `bell`, and lets somebody else work meanwhile. A stop of the run rings it.
pub(super) fn rest(run: &Arc<Run>, bell: &Arc<Bell>, sleep: impl FnOnce(&Bell)) {
    let context = &run.context;
    context.permits.give();
    if let Some(busy) = find(&top_of(run)) {
        invite(context, &busy);
    }
    context.sleep_on(bell, run, sleep);
    context.permits.take_back();
}
