//! Giving up the slots that a thread has between bodies.

use crate::exec::threads::{Executor, PausedServing, invite};

/// Gives up the permits that this thread has outside of bodies, and has threads invited in its place. `is_in_body`: of an
/// executor whose bodies are on this stack, these have the permit.
pub(super) fn pause_serving(is_in_body: impl Fn(&Executor) -> bool) -> PausedServing {
    let paused = PausedServing::give_up(is_in_body);
    for executor in paused.executors() {
        if let Some(client) = &executor.client
            && client.source.has_work()
        {
            let _ = invite(executor, &client.source);
        }
    }
    paused
}
