//! Threads of rayon, as runs see them.

use super::participant::take_part;
use super::probe::begin_alone;
use crate::exec::run::{Driver, Run, unit_woken};
use std::sync::Arc;

/// Has runs worked on by participants.
pub(in crate::exec) struct Participants;

pub(in crate::exec) static RAYON: Participants = Participants;

impl Driver for Participants {
    fn visit(&self, run: &Arc<Run>) {
        if !run.join() {
            return;
        }
        if !run.is_over()
            && let Some(root) = run.queue.take_unprobed()
        {
            match begin_alone(run, root) {
                true => run.finish(),
                false => {
                    run.queue.open(root);
                    unit_woken(run, false);
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
}
