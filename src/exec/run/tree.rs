//! The runs of a compute as a tree: where threads look for work, and how they are told that there is some.

use super::current::{current, is_inside_task};
use super::run::Run;
use crate::exec::threads::{WorkSource, invite};
use std::sync::Arc;

/// At and below the outermost run of a compute.
struct RunTree(Arc<Run>);

impl WorkSource for RunTree {
    fn has_work(&self) -> bool {
        self.0.find_work().is_some()
    }

    fn work(&self) -> bool {
        let found = self.0.find_work();
        found.map(|run| run.driver.visit(&run)).is_some()
    }

    fn may_start_here(&self) -> bool {
        !is_inside_task()
    }

    fn must_be_answered(&self) -> bool {
        false
    }

    fn is_caller_helping(&self) -> bool {
        has_caller_seceded()
    }
}

/// Whether the body on this thread has given up its slot: it will probably wait for what it launches, and do that itself.
pub(in crate::exec) fn has_caller_seceded() -> bool {
    current().is_some_and(|current| current.has_seceded())
}

/// Where threads that work on a run look for work: among the tasks of its client, or in the tree of its compute.
pub(in crate::exec) fn work_source(run: &Arc<Run>) -> Arc<dyn WorkSource> {
    if let Some(client) = &run.context.executor.client {
        return client.source.clone();
    }
    let mut top = run;
    while top.is_on_executor_of_parent()
        && let Some(parent) = &top.parent
    {
        top = parent;
    }
    Arc::new(RunTree(top.clone()))
}

/// A unit of a run has become ready, from outside its participants. `frees`: it uses the result of a future.
pub(in crate::exec) fn unit_woken(run: &Arc<Run>, frees: bool) {
    match (&run.owner, run.is_task) {
        (Some(owner), true) => owner.announce(run, frees),
        _ => {
            run.wake_owner();
            // Its owner may sleep further up its stack, in a body that waits for this very unit.
            if let Some(owner) = &run.owner {
                owner.nested_run_started();
            }
            // While a thread is inside, the threads of the executor are there: they may be lent.
            if run.join() {
                let _ = invite(&run.context.executor, &work_source(run));
                run.leave();
            }
        }
    }
}
