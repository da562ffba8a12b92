//! The rayon scheduler: the owner's part in a run.

use super::participant::take_part;
use super::probe::begin_alone;
use crate::exec::run::Run;
use crate::exec::segment::SegmentPtr;
use crate::exec::wait::sleep_as_owner;
use std::sync::Arc;

/// Runs the root segment to the end or to a stop, with the calling thread as first participant.
pub(super) fn drive(run: &Arc<Run>, root: SegmentPtr) {
    let parent = run.parent.as_ref();
    let parent = parent.filter(|_| run.is_on_executor_of_parent());
    if let Some(parent) = parent {
        parent.add_child(run);
    }
    match begin_alone(run, root) {
        true => run.finish(),
        false => lead(run, root),
    }
    if let Some(parent) = parent {
        parent.remove_child(run);
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
        if !help_below(run) {
            sleep_as_owner(run);
        }
    }
}

/// Works on a run below `run`, if one has work.
fn help_below(run: &Run) -> bool {
    let found = run.children().iter().find_map(Run::find_work);
    found.map(|found| found.driver.visit(&found)).is_some()
}
