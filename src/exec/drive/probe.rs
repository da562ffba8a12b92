//! How a run on several threads begins: alone, until it is known whether other threads are of use.
//!
//! Another thread that joins costs microseconds, and a unit that is handed from one to another a hundred nanoseconds. Where
//! nodes are additions, both cost more than the nodes. So the first thread of a run of many plain nodes begins with them in the
//! order of the plan, and looks at the clock. Nodes that are worth it become units for all. Tiny ones are gathered into
//! groups that are; and if all that is left takes less time than to call another thread, the first goes on alone.
//!
//! A body of a node may wait for what another node does. So before it sleeps, what is left is shared (`wait/handoff.rs`).

use crate::base::sync::Stopwatch;
use crate::exec::run::Run;
use crate::exec::segment::{Segment, SegmentPtr};
use crate::exec::step::{Ran, Worker, run_nodes, run_plain_nodes};
use crate::exec::tuning::{
    GROUP_TIME, GROUPS_AT_ONCE, PROBE_SLICE, PROBE_TIME, PROBE_UNITS, WORTH_A_UNIT, WORTH_SHARING,
};
use crate::exec::wait::{inject_unit, share_units};
use crate::plan::{Groups, Program};
use std::cell::Cell;
use std::sync::Arc;

/// Executes the first nodes of a segment that no other thread works on yet, and shares the others. `true`: all of them were
/// executed.
pub(super) fn begin_alone(run: &Arc<Run>, root: SegmentPtr) -> bool {
    let segment = root.get();
    let program = &**segment.program();
    let worker = Worker::enter(run, root, false);
    if !may_be_probed(segment) || !worker.only_calls_bodies(segment) {
        segment.share(None);
        return false;
    }
    let next = Cell::new(0);
    let tiny = pace(&worker, root, &next, 0.0).filter(|pace| *pace < WORTH_A_UNIT);
    let groups = tiny.map(|pace| Groups::new(program, next.get(), (GROUP_TIME / pace) as usize));
    let groups = groups.filter(|groups| groups.width() >= GROUPS_AT_ONCE);
    if tiny.is_some() && groups.is_none() {
        // Each group would wait for the one before.
        pace(&worker, root, &next, WORTH_A_UNIT);
    }
    if next.get() == program.len() && !run.is_stopped() && segment.is_unshared() {
        return true;
    }
    match groups {
        Some(groups) => segment.share(Some(groups)),
        _ => {
            let (begun, is_parked) = units_before(program, &worker, root, &next);
            match (segment.is_unshared(), is_parked) {
                (true, _) => share_units(run, root, begun - usize::from(is_parked), begun),
                // A body of the last of them has waited: for other threads it has begun. It is finished as any.
                (false, false) => inject_unit(run, root, begun - 1, next.get()),
                // Its waker hands it on.
                (false, true) => {}
            }
        }
    }
    false
}

/// Whether a segment has so many units that it may be worth it to begin alone.
pub(in crate::exec) fn may_be_probed(segment: &Segment) -> bool {
    let program = segment.program();
    program.unit_count() >= PROBE_UNITS && !program.has_priorities
}

/// Executes nodes until it is known how long one takes, in nanoseconds, that is `least` or more, and much is left; or
/// there is nothing more to do.
fn pace(worker: &Worker, root: SegmentPtr, next: &Cell<usize>, least: f64) -> Option<f64> {
    let nodes = root.get().program().len();
    let mut watch = Stopwatch::start();
    let mut slice = 1;
    loop {
        let from = next.get();
        let end = (from + slice).min(nodes);
        run_plain_nodes(worker, root, next, end);
        let run = worker.run();
        if next.get() < end || !root.get().is_unshared() || run.is_task && run.is_to_be_left() {
            return None;
        }
        let (lap, all) = watch.lap();
        let pace = lap / (end - from) as f64;
        let is_enough = all >= PROBE_TIME && pace >= least;
        if end == nodes || is_enough && pace * (nodes - end) as f64 >= WORTH_SHARING {
            return Some(pace);
        }
        slice = (2 * slice).min(PROBE_SLICE);
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
    if begun == 0 {
        return (0, false);
    }
    let (unit, end) = (begun - 1, program.unit(begun - 1).end);
    loop {
        match run_nodes(worker, root, unit, next, end) {
            Ran::Slow => {}
            ran => return (begun, matches!(ran, Ran::Parked)),
        }
    }
}
