//! The rayon scheduler: participants of a run, and how they come and go.

use super::Current;
use super::active::with_active;
use super::bell::Bell;
use super::executor::Executor;
use super::press;
use super::queue::{Item, Local};
use super::run::Run;
use super::segment::SegmentPtr;
use super::stack;
use super::warmup::begin_alone;
use super::worker::{Step, Worker};
use crate::base::sync::atomic::Ordering::{AcqRel, SeqCst};
use crate::base::sync::{self, lock};
use crate::plan::Traits;
use smallvec::SmallVec;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

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
        let nodes = item.node as usize..segment.progress().nodes(unit).end;
        let next = Cell::new(nodes.start);
        self.worker.all_of_stretch(item.segment, &next, nodes.end);
        for i in next.get()..nodes.end {
            if self.run.is_stopped() {
                return End::Left;
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

    fn invite_if_useful(&self) {
        let executor = &self.run.context.executor;
        if executor.permits.may_be_free() && self.run.queue.has_work(self.slots) {
            let _ = invite(executor, &self.run.top());
        }
    }
}

// ------------------------------------------------------------------ coming and going

/// Where an invited thread looks for work.
#[derive(Clone)]
pub(super) enum Source {
    /// At and below the outermost run of a compute.
    Compute(Arc<Run>),
    /// Among the tasks of a client.
    Client,
}

/// What an invitation came to.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Invited {
    Yes,
    /// Every slot is in use: who holds one will look for work.
    NoSlot,
    /// There is a slot, but no thread to work on it.
    NoThread,
}

/// Asks one more thread to work: a pool thread, or one of our own if all of those are inside already and some of
/// them wait.
pub(super) fn invite(executor: &Arc<Executor>, source: &Source) -> Invited {
    if !executor.permits.try_take() {
        return Invited::NoSlot;
    }
    stack::learn();
    executor.promise();
    if executor.occupied.fetch_add(1, AcqRel) < executor.pool.threads()
        && executor.pool.is_within_reach()
    {
        let (of, source) = (executor.clone(), source.clone());
        executor.pool.spawn(move || {
            // Rayon may run this job inside a body that waits in `join` or `par_iter` on this thread: then
            // nothing else may start on this stack (promise P5).
            if !Current::is_inside() && stack::is_at_bottom() {
                work(&of, &source);
                of.occupied.fetch_sub(1, AcqRel);
                return;
            }
            of.occupied.fetch_sub(1, AcqRel);
            match source {
                // Its owner goes on with the work.
                Source::Compute(_) if of.take_promised() => of.permits.give(),
                Source::Compute(_) => {}
                // Nobody else might look.
                Source::Client => _ = lend(&of, &source),
            }
        });
        return Invited::Yes;
    }
    executor.occupied.fetch_sub(1, AcqRel);
    lend(executor, source)
}

/// How long a thread of ours leaves a permit to a body that has given its own up and launches tasks: most then wait for
/// them, and do them themselves.
const GRACE: Duration = Duration::from_micros(500);

/// Starts a thread of our own for a permit that was promised; gives it up if there can be none.
fn lend(executor: &Arc<Executor>, source: &Source) -> Invited {
    if executor.is_somebody_coming() {
        return Invited::Yes;
    }
    if executor.lent.fetch_add(1, AcqRel) < executor.lendable {
        let patient = with_active(|active| active.has_seceded()) == Some(true);
        let (of, source) = (executor.clone(), source.clone());
        executor.coming.fetch_add(1, SeqCst);
        let thread = sync::Builder::new()
            .name("lazygraph-lent".into())
            .spawn(move || {
                if patient {
                    sync::pause(GRACE);
                }
                of.coming.fetch_sub(1, SeqCst);
                work(&of, &source);
                of.lent.fetch_sub(1, AcqRel);
            });
        if thread.is_ok() {
            return Invited::Yes;
        }
        executor.coming.fetch_sub(1, SeqCst);
    }
    executor.lent.fetch_sub(1, AcqRel);
    if executor.take_promised() {
        executor.permits.give();
    }
    Invited::NoThread
}

/// What an invited thread does with the permit that it was promised, which it gives up in the end.
fn work(executor: &Arc<Executor>, source: &Source) {
    if !executor.take_promised() {
        // Somebody came back from a wait before it came.
        return;
    }
    loop {
        while let Some(run) = find_any(executor, source) {
            visit(&run);
            if executor.permits.are_short() {
                break;
            }
        }
        executor.permits.give();
        // Who has added a task meanwhile may have found no permit free.
        let more = matches!(source, Source::Client) && find_any(executor, source).is_some();
        if !(more && executor.permits.try_take()) {
            return;
        }
    }
}

/// A run that has work.
pub(super) fn find_any(executor: &Executor, source: &Source) -> Option<Arc<Run>> {
    match (source, &executor.agenda) {
        (Source::Client, Some(agenda)) => loop {
            let task = agenda.next()?;
            // Its work may be below it, or gone.
            if let Some(run) = find(&task) {
                return Some(run);
            }
        },
        (Source::Client, None) => None,
        (Source::Compute(top), _) => find(top),
    }
}

impl Run {
    /// Where those who work on it look for work.
    pub(super) fn top(self: &Arc<Run>) -> Source {
        let executor = &self.context.executor;
        if executor.agenda.is_some() {
            return Source::Client;
        }
        let mut top = self;
        while let Some(parent) = top
            .parent
            .as_ref()
            .filter(|p| Arc::ptr_eq(&p.context.executor, executor))
        {
            top = parent;
        }
        Source::Compute(top.clone())
    }
}

pub(super) fn visit(run: &Arc<Run>) {
    if !run.join() {
        return;
    }
    if let Some(root) = run.queue.root() {
        take_part(run, root, false);
    }
    if run.is_task && run.is_over() {
        run.shut();
    }
    run.leave();
}

/// A run at or below `top` that has work, the nearest first.
pub(super) fn find(top: &Arc<Run>) -> Option<Arc<Run>> {
    let mut runs = VecDeque::from([top.clone()]);
    while let Some(run) = runs.pop_front() {
        if run.join() {
            let found = run.has_work();
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
    without_slot(run, || run.context.sleep_on(bell, run, sleep));
}

/// Gives up what permits this thread has while it waits, and has somebody else work.
pub(super) fn without_slot(run: &Arc<Run>, wait: impl FnOnce()) {
    let held = held_here(run);
    for run in &held {
        let executor = &run.context.executor;
        executor.permits.give();
        let source = run.top();
        if find_any(executor, &source).is_some() {
            let _ = invite(executor, &source);
        }
    }
    wait();
    for run in &held {
        run.context.executor.take_back();
    }
}

/// Of each executor that this thread holds a permit of, a run: that of `run`, and of those that the thread's bodies
/// are in.
pub(super) fn held_here(run: &Arc<Run>) -> SmallVec<[Arc<Run>; 2]> {
    /// `None`: no body on the way outwards has seceded, so far.
    type Seen = (Arc<Run>, Option<bool>);
    let mut seen: SmallVec<[Seen; 2]> = SmallVec::new();
    let mut see = |run: &Arc<Run>, held: Option<bool>| {
        let executor = &run.context.executor;
        let same = |(r, _): &&mut Seen| Arc::ptr_eq(&r.context.executor, executor);
        match seen.iter_mut().find(same) {
            Some((_, known)) => *known = known.or(held),
            None => seen.push((run.clone(), held)),
        }
    };
    see(run, None);
    with_active(|active| {
        let mut active = Some(active);
        while let Some(at) = active {
            // A body that has seceded has given up what the bodies below it on this stack hold, too.
            for run in at.given_up() {
                let helps =
                    at.helps.get() && Arc::ptr_eq(&run.context.executor, &at.run.context.executor);
                see(&run, Some(helps));
            }
            see(&at.run, None);
            active = at.above.as_ref();
        }
    });
    let held = seen.into_iter().filter(|(_, held)| held.unwrap_or(true));
    held.map(|(run, _)| run).collect()
}
