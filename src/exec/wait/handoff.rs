//! What a thread has kept to itself of a run, handed to others before it waits.

use crate::exec::queue::ReadyUnit;
use crate::exec::run::{CurrentTask, Run, current, unit_woken, work_source};
use crate::exec::segment::SegmentPtr;
use crate::exec::threads::invite;
use crate::plan::Program;

/// Shares units of which the first `done` have finished, and those up to `begun` have begun.
pub(in crate::exec) fn share_units(run: &Run, root: SegmentPtr, done: usize, begun: usize) {
    let ready = root.get().share_rest(done, begun);
    // Before there is work for other threads: they look for it there.
    run.queue.open(root);
    for unit in ready {
        run.queue.inject(ReadyUnit::of_unit(root, unit));
    }
}

/// Makes a unit ready from `node` on.
pub(in crate::exec) fn inject_unit(run: &Run, segment: SegmentPtr, unit: usize, node: usize) {
    run.queue.inject(ReadyUnit {
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
pub(super) fn share_all() {
    let mut task = current();
    while let Some(at) = task {
        share_rest_of(&at);
        task = at.above.clone();
    }
}

/// What a thread has kept to itself of a segment, behind the node that it is about to execute or whose body runs, is
/// shared.
pub(in crate::exec) fn share_rest_of(task: &CurrentTask) {
    let (run, root) = (&task.run, task.segment.get());
    let (segment, node) = (root.get(), task.node.get());
    if segment.is_unshared() {
        let begun = unit_of(segment.program(), node);
        share_units(run, root, begun, begun + 1);
    } else if let Some(groups) = segment.groups() {
        for unit in groups.split(segment.program(), node) {
            run.queue.inject(ReadyUnit::of_unit(root, unit));
        }
    } else {
        return;
    }
    task.end.set(0);
    let executor = &run.context.executor;
    if run.is_task {
        unit_woken(run, false);
    } else if executor.permits.may_be_free() {
        let _ = invite(executor, &work_source(run));
    }
}
