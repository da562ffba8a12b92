//! The nodes of a unit, plain or not.

use super::fail::fail_panicked;
use super::guarded::run_guarded;
use super::plain::{Stop, plain_nodes};
use super::worker::{At, Step, Worker};
use crate::exec::run::observe;
use crate::exec::segment::SegmentPtr;
use crate::exec::wait::share_rest_of;
use crate::plan::NodeFlags;
use smallvec::SmallVec;
use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How the execution of some nodes ended.
pub(in crate::exec) enum Ran {
    /// At their end; or before, where a body has waited and the rest was handed to other threads.
    Finished,
    /// The run was stopped.
    Stopped,
    /// A node is parked, and will be made ready again.
    Parked,
    /// A node returned a graph: it finishes with that.
    Expanded(SegmentPtr),
    /// Nodes take long, which only this thread can execute.
    Slow,
}

/// Executes the nodes of a unit from `next` on, up to `end`. Panics of users' code are failures of their nodes.
pub(in crate::exec) fn run_nodes(
    w: &Worker,
    at: SegmentPtr,
    unit: usize,
    next: &Cell<usize>,
    end: usize,
) -> Ran {
    let segment = at.get();
    w.current.segment.set(at);
    w.current.end.set(end);
    loop {
        let plain = catch_unwind(AssertUnwindSafe(|| plain_nodes(w, at, next)));
        match plain {
            Ok(Stop::End) => return Ran::Finished,
            Ok(Stop::Stopped) => return Ran::Stopped,
            Ok(Stop::Slow) if segment.groups().is_none() => return Ran::Slow,
            Ok(Stop::Slow) => split_group(w, next.get()),
            Ok(Stop::Careful) => {
                let node = next.get();
                if segment.groups().is_some() && segment.program().flags[node].has(NodeFlags::KEYED)
                {
                    // It may have to wait for another run.
                    split_group(w, node);
                }
                next.set(node + 1);
                let at = At {
                    segment: at,
                    unit,
                    node,
                };
                match run_carefully(w, at) {
                    Step::Done => {}
                    Step::Parked => return Ran::Parked,
                    Step::Expanded(child) => return Ran::Expanded(child),
                }
            }
            Err(payload) => {
                w.rejoin();
                fail_panicked(w, payload);
            }
        }
    }
}

/// As `run_nodes`, where other nodes than plain ones may be of any unit: ends at the first of these.
pub(in crate::exec) fn run_plain_nodes(w: &Worker, at: SegmentPtr, next: &Cell<usize>, end: usize) {
    w.current.segment.set(at);
    w.current.end.set(end);
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| plain_nodes(w, at, next))) {
        w.rejoin();
        fail_panicked(w, payload);
    }
}

/// The group that is executed ends with a node; the others are made ready.
fn split_group(w: &Worker, node: usize) {
    w.current.node.set(node);
    share_rest_of(&w.current);
    w.current.end.set(node + 1);
}

fn run_carefully(w: &Worker, at: At) -> Step {
    let step = catch_unwind(AssertUnwindSafe(|| run_guarded(w, at)));
    if let Ok(Step::Parked) = step {
        return Step::Parked;
    }
    w.rejoin();
    let step = step.unwrap_or_else(|payload| {
        fail_panicked(w, payload);
        Step::Done
    });
    if w.is_observed {
        end_inputs(w, at);
    }
    step
}

/// Tells observers of the results that have ended with a node, and keeps in mind those that count for the budget.
fn end_inputs(w: &Worker, at: At) {
    let segment = at.segment.get();
    let Some(liveness) = segment.liveness() else {
        return;
    };
    for k in liveness.last_inputs(segment.program(), at.node) {
        if let Some(size) = liveness.end(k) {
            observe::tell_ended(w.run(), segment, [(k, size)]);
        }
        if liveness.is_budgeted() && !segment.progress().nodes(at.unit).contains(&k) {
            w.ended.borrow_mut().push(k as u32);
        }
    }
}

/// The results outside of a unit whose last user was among the nodes of it that were executed, where they count for a
/// budget.
///
/// A failed node has brought nothing to life, but its users count as if: the budget is only stricter.
pub(in crate::exec) fn last_uses(
    w: &Worker,
    at: SegmentPtr,
    unit: usize,
    executed: Range<usize>,
) -> SmallVec<[u32; 8]> {
    let segment = at.get();
    let mut ended = w.ended.take();
    if w.is_observed {
        return ended;
    }
    if let Some(liveness) = segment.liveness() {
        let unit = segment.progress().nodes(unit);
        for i in executed {
            let inputs = liveness.last_inputs(segment.program(), i);
            ended.extend(inputs.filter(|k| !unit.contains(k)).map(|k| k as u32));
        }
    }
    ended
}
