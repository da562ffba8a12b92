//! How a run on several threads begins: alone, until it is known whether others are of use.
//!
//! Another thread that joins costs microseconds, and a unit that is handed from one to another a hundred nanoseconds. Where
//! nodes are additions, both cost more than the nodes. So the owner of a run of many plain nodes begins with them in the
//! order of the plan, and looks at the clock. Nodes that are worth it become units for all. Tiny ones are gathered into
//! groups that are; and if all that is left takes less time than to call somebody, the owner goes on alone. If a body waits
//! meanwhile, what is left is for others at once.

use super::active::Active;
use super::parallel;
use super::queue::Item;
use super::run::Run;
use super::segment::SegmentPtr;
use super::worker::Worker;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::plan::{Groups, Program};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// With fewer nodes the first might be most of the work, and is not to keep others waiting.
const MANY: usize = 1024;
/// What the owner does before it decides.
const ENOUGH: Duration = Duration::from_micros(20);
/// Less is left to one thread.
const LITTLE: f64 = 150e3;
/// Nodes that take longer, in nanoseconds, are worth to be handed out one by one.
const WORTHY: f64 = 500.0;
/// How long a group takes, in nanoseconds.
const GROUP: f64 = 20e3;
/// Fewer groups that could run at once are left to one thread.
const WIDE: f64 = 1.5;
/// The most nodes between two looks at the clock.
const SLICE: usize = 1 << 12;

/// Executes the first nodes of a segment that nobody else works on yet, and shares the others. `true`: all of them were
/// executed.
pub(super) fn begin_alone(run: &Arc<Run>, root: SegmentPtr) -> bool {
    let segment = root.get();
    let program = &*segment.program;
    let worker = Worker::enter(run, root, false);
    if program.unit_count() < MANY || program.has_priorities() || !worker.only_calls(segment) {
        segment.share(None, 0);
        return false;
    }
    let next = Rc::new(Cell::new(0));
    worker.active.alone_at.replace(Some(next.clone()));
    let tiny = pace(&worker, root, &next, 0.0).filter(|pace| *pace < WORTHY);
    let groups = tiny.map(|pace| Groups::of(program, next.get(), (GROUP / pace) as usize));
    let groups = groups.filter(|groups| groups.width() >= WIDE);
    if tiny.is_some() && groups.is_none() {
        // Each group would wait for the one before.
        pace(&worker, root, &next, WORTHY);
    }
    worker.active.alone_at.take();
    if next.get() == SHARED {
        let node = worker.active.node.get();
        let unit = unit_of(program, node);
        rest_of(unit, program, &worker, root, node + 1);
        parallel::finish(run, &worker, root, unit);
        return false;
    }
    if next.get() == program.len() && !run.is_stopped() {
        return true;
    }
    match groups {
        Some(groups) if !segment.any_failed() => {
            let ready = segment.share(Some(groups), 0);
            debug_assert!(ready.is_empty(), "none of them has begun");
        }
        _ => {
            let done = units_before(program, &worker, root, &next);
            let ready = segment.share(None, done);
            for unit in ready {
                run.queue.inject(item(root, unit));
            }
        }
    }
    false
}

/// Executes nodes until it is known how long one takes, in nanoseconds, that is `least` or more, and much is left; or
/// there is nothing more to do.
fn pace(worker: &Worker, root: SegmentPtr, next: &Cell<usize>, least: f64) -> Option<f64> {
    let nodes = root.get().program.len();
    let begun = Instant::now();
    let (mut slice, mut since) = (1, begun);
    loop {
        let from = next.get();
        let end = (from + slice).min(nodes);
        worker.all_of_stretch(root, next, end);
        if next.get() != end {
            return None;
        }
        let now = Instant::now();
        let pace = (now - since).as_nanos() as f64 / (end - from) as f64;
        let is_enough = now - begun >= ENOUGH && pace >= least;
        if end == nodes || is_enough && pace * (nodes - end) as f64 >= LITTLE {
            return Some(pace);
        }
        since = now;
        slice = (2 * slice).min(SLICE);
    }
}

/// Executes the rest of the unit that was begun, if one was. How many units have finished.
fn units_before(program: &Program, worker: &Worker, root: SegmentPtr, next: &Cell<usize>) -> usize {
    let begun = match program.units.is_empty() {
        true => next.get(),
        false => program
            .units
            .partition_point(|&start| (start as usize) < next.get()),
    };
    if begun > 0 {
        // Step by step: a failure may be what has ended the stretch.
        rest_of(begun - 1, program, worker, root, next.get());
    }
    begun
}

/// Executes the nodes of a unit from `from` on.
fn rest_of(unit: usize, program: &Program, worker: &Worker, root: SegmentPtr, from: usize) {
    for i in from..program.unit(unit).end {
        if worker.run().is_stopped() {
            break;
        }
        let step = || worker.step(root, unit, i);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(step)) {
            worker.panicked(payload);
        }
        worker.rejoin();
    }
}

// ------------------------------------------------------------------ a body that waits

/// Stands for the next node where others have been let in.
const SHARED: usize = usize::MAX;

fn unit_of(program: &Program, node: usize) -> usize {
    match program.units.is_empty() {
        true => node,
        false => {
            program
                .units
                .partition_point(|&start| start as usize <= node)
                - 1
        }
    }
}

/// The body that runs waits: what is left of the runs that this thread has begun alone is for others.
pub(super) fn share_rest(active: &Active) {
    let mut at = Some(active);
    while let Some(active) = at {
        if let Some(next) = active.alone_at.take() {
            let (run, root) = (&active.run, active.segment.get());
            let unit = unit_of(&root.get().program, active.node.get());
            next.set(SHARED);
            let ready = root.get().share(None, unit);
            let progress = root.get().progress();
            if progress.consumers().waits[unit] == 0 {
                // It is the next of the sources, and has been taken.
                progress.sources.fetch_add(1, Relaxed);
            }
            run.queue.open(root);
            for other in ready.into_iter().filter(|other| *other as usize != unit) {
                run.queue.inject(item(root, other));
            }
            if let Some(job) = &run.job {
                job.has_nested();
            }
        }
        at = active.above.as_deref();
    }
}

fn item(segment: SegmentPtr, unit: u32) -> Item {
    let node = segment.get().progress().nodes(unit as usize).start as u32;
    Item {
        segment,
        unit,
        node,
    }
}
