//! How a run on several threads begins: alone, until it is known whether others are of use.
//!
//! Another thread that joins costs microseconds, and a unit that is handed from one to another a hundred nanoseconds. Where
//! nodes are additions, both cost more than the nodes. So the owner of a run of many plain nodes begins with them in the
//! order of the plan, and looks at the clock. Nodes that are worth it become units for all. Tiny ones are gathered into
//! groups that are; and if all that is left takes less time than to call somebody, the owner goes on alone.
//!
//! A body of a node may wait for what another node does. So before it sleeps, what is left is shared.

use super::active::{Active, with_active};
use super::invite::invite;
use super::queue::Item;
use super::run::Run;
use super::segment::{Segment, SegmentPtr};
use super::worker::{Step, Worker};
use crate::base::sync::Stopwatch;
use crate::plan::{Groups, Program};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Models run small graphs, and their clock goes as it likes.
const SMALL: bool = cfg!(lazygraph_shuttle);
/// With fewer nodes the first might be most of the work, and is not to keep others waiting.
const MANY: usize = if SMALL { 12 } else { 1024 };
/// What the owner does before it decides, in nanoseconds.
const ENOUGH: f64 = if SMALL { 5e3 } else { 20e3 };
/// Less is left to one thread.
const LITTLE: f64 = if SMALL { 20e3 } else { 150e3 };
/// Nodes that take longer, in nanoseconds, are worth to be handed out one by one.
const WORTHY: f64 = if SMALL { 10e3 } else { 500.0 };
/// How long a group takes, in nanoseconds.
const GROUP: f64 = 20e3;
/// Fewer groups that could run at once are left to one thread.
const WIDE: f64 = if SMALL { 1.0 } else { 1.5 };
/// The most nodes between two looks at the clock.
const SLICE: usize = 1 << 12;

/// Executes the first nodes of a segment that nobody else works on yet, and shares the others. `true`: all of them were
/// executed.
pub(super) fn begin_alone(run: &Arc<Run>, root: SegmentPtr) -> bool {
    let segment = root.get();
    let program = &*segment.program;
    let worker = Worker::enter(run, root, false);
    if !may_begin_alone(segment) || !worker.only_calls(segment) {
        segment.share(None);
        return false;
    }
    let next = Cell::new(0);
    let tiny = pace(&worker, root, &next, 0.0).filter(|pace| *pace < WORTHY);
    let groups = tiny.map(|pace| Groups::new(program, next.get(), (GROUP / pace) as usize));
    let groups = groups.filter(|groups| groups.width() >= WIDE);
    if tiny.is_some() && groups.is_none() {
        // Each group would wait for the one before.
        pace(&worker, root, &next, WORTHY);
    }
    if next.get() == program.len() && !run.is_stopped() && segment.is_unshared() {
        return true;
    }
    match groups {
        Some(groups) => segment.share(Some(groups)),
        _ => {
            let (begun, is_parked) = units_before(program, &worker, root, &next);
            match (segment.is_unshared(), is_parked) {
                (true, _) => share(run, root, begun - usize::from(is_parked), begun),
                // A body of the last of them has waited: for others it has begun. It is finished as any.
                (false, false) => inject(run, root, begun - 1, next.get()),
                // Whoever wakes it hands it on.
                (false, true) => {}
            }
        }
    }
    false
}

/// Whether it has so many units that it may be worth it.
pub(super) fn may_begin_alone(segment: &Segment) -> bool {
    let program = &segment.program;
    program.unit_count() >= MANY && !program.has_priorities()
}

/// Shares units of which the first `done` have finished, and those up to `begun` have begun.
fn share(run: &Run, root: SegmentPtr, done: usize, begun: usize) {
    let segment = root.get();
    let ready = segment.share_rest(done, begun);
    // Before there is work for others: they look for it there.
    run.queue.open(root);
    for unit in ready {
        let unit = unit as usize;
        inject(run, root, unit, segment.progress().nodes(unit).start);
    }
}

fn inject(run: &Run, segment: SegmentPtr, unit: usize, node: usize) {
    run.queue.inject(Item {
        segment,
        unit: unit as u32,
        node: node as u32,
    });
}

/// The unit of a node.
fn unit_of(program: &Program, node: usize) -> usize {
    match program.units.is_empty() {
        true => node,
        false => (program.units).partition_point(|&start| start as usize <= node) - 1,
    }
}

/// The body that runs on this thread is about to wait: perhaps for nodes that this thread has kept to itself, in its own
/// run or in those around. They are shared.
pub(super) fn share_what_is_left() {
    with_active(|active| {
        let around = std::iter::successors(Some(active), |active| active.above.as_ref());
        around.for_each(|active| share_rest(active));
    });
}

/// What a thread has kept to itself of a segment, behind the node that it is about to execute or whose body runs, is
/// shared.
pub(super) fn share_rest(active: &Active) {
    let (run, root) = (&active.run, active.segment.get());
    let (segment, node) = (root.get(), active.node.get());
    if segment.is_unshared() {
        let begun = unit_of(&segment.program, node);
        share(run, root, begun, begun + 1);
    } else if let Some(bundles) = segment.bundles() {
        for unit in bundles.loosen(&segment.program, node) {
            let unit = unit as usize;
            inject(run, root, unit, segment.progress().nodes(unit).start);
        }
    } else {
        return;
    }
    active.until.set(0);
    let executor = &run.context.executor;
    if run.is_task {
        run.was_woken();
    } else if executor.permits.may_be_free() {
        let _ = invite(executor, &run.top());
    }
}

/// Executes nodes until it is known how long one takes, in nanoseconds, that is `least` or more, and much is left; or
/// there is nothing more to do.
fn pace(worker: &Worker, root: SegmentPtr, next: &Cell<usize>, least: f64) -> Option<f64> {
    let nodes = root.get().program.len();
    let mut watch = Stopwatch::start();
    let mut slice = 1;
    loop {
        let from = next.get();
        let end = (from + slice).min(nodes);
        worker.all_of_stretch(root, next, end);
        let run = worker.run();
        if next.get() < end || !root.get().is_unshared() || run.is_task && run.is_to_be_left() {
            return None;
        }
        let (lap, all) = watch.lap();
        let pace = lap / (end - from) as f64;
        let is_enough = all >= ENOUGH && pace >= least;
        if end == nodes || is_enough && pace * (nodes - end) as f64 >= LITTLE {
            return Some(pace);
        }
        slice = (2 * slice).min(SLICE);
    }
}

/// Executes the rest of the unit that was begun, if one was. How many units have begun; and whether a node of the last of
/// them is parked: else all of them have finished.
fn units_before(
    program: &Program,
    worker: &Worker,
    root: SegmentPtr,
    next: &Cell<usize>,
) -> (usize, bool) {
    let begun = match program.units.is_empty() {
        true => next.get(),
        false => program
            .units
            .partition_point(|&start| (start as usize) < next.get()),
    };
    if begun > 0 {
        // Step by step: a failure may be what has ended the stretch.
        for i in next.get()..program.unit(begun - 1).end {
            if worker.run().is_stopped() {
                break;
            }
            next.set(i + 1);
            let step = || worker.step(root, begun - 1, i);
            let step = catch_unwind(AssertUnwindSafe(step));
            if let Ok(Step::Parked) = step {
                return (begun, true);
            }
            worker.rejoin();
            if let Err(payload) = step {
                worker.panicked(payload);
            }
        }
    }
    (begun, false)
}
