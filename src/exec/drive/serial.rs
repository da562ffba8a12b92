//! The reference scheduler: the plan in its static order, on the calling thread.

use crate::exec::run::Run;
use crate::exec::segment::SegmentPtr;
use crate::exec::step::{Concluded, Ran, Worker, conclude, run_nodes};
use std::cell::Cell;
use std::sync::Arc;

/// Runs the root segment, and the segments of graphs that its nodes return, to the end or to a stop.
pub(super) fn drive(run: &Arc<Run>, root: SegmentPtr) {
    let worker = Worker::enter(run, root, true);
    let (mut at, next) = (root, Cell::new(0));
    // Segments that wait for the graph that one of their nodes returned, each with its next node.
    let mut suspended = Vec::new();
    loop {
        let end = at.get().program().len();
        match run_nodes(&worker, at, 0, &next, end) {
            Ran::Finished => {}
            Ran::Expanded(child) => {
                suspended.push((at, next.replace(0)));
                at = child;
                continue;
            }
            Ran::Stopped => return,
            Ran::Parked | Ran::Slow => unreachable!("a serial run waits where it stands"),
        }
        let Some((below, behind)) = suspended.pop() else {
            if !run.is_stopped() {
                run.finish();
            }
            return;
        };
        match conclude(&worker, at) {
            Concluded::Finished(..) => next.set(behind),
            Concluded::Again(place) => next.set(place.node as usize),
            Concluded::Stopped => return,
        }
        at = below;
    }
}
