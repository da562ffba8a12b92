//! The resources of a body: given back while it waits, taken again when it goes on.

use super::give_up::wait_without_slot;
use crate::exec::park::Parker;
use crate::exec::resources::Reacquired;
use crate::exec::run::{CurrentTask, current};
use std::rc::Rc;
use std::sync::Arc;

/// Calls `wait` with the resources of the body on this thread given back, unless it keeps its slot.
pub(in crate::exec) fn with_lease_released<R>(wait: impl FnOnce() -> R) -> R {
    struct Released(Option<Rc<CurrentTask>>);
    impl Drop for Released {
        fn drop(&mut self) {
            if let Some(task) = &self.0 {
                reacquire_lease(task);
            }
        }
    }
    let task = current();
    let _released = Released(task.filter(|task| !task.keeps_slot() && release_lease(task)));
    wait()
}

/// Gives the resources of a body back; `false` if it has none.
pub(super) fn release_lease(task: &CurrentTask) -> bool {
    let mut lease = task.lease.borrow_mut();
    lease.as_mut().is_some_and(|lease| lease.release())
}

/// Takes the resources of a body again, and waits for them. A body that is told to stop meanwhile goes on without.
pub(super) fn reacquire_lease(task: &CurrentTask) {
    let released = task
        .lease
        .borrow()
        .as_ref()
        .and_then(|lease| lease.released());
    let Some((resources, need)) = released else {
        return;
    };
    let parker = Arc::<Parker>::default();
    if let Reacquired::Later(number) = resources.reacquire(&need, &parker) {
        while !resources.has_reacquired(number) {
            if task.is_to_stop() {
                return resources.give_up_reacquiring(number);
            }
            let _mark = task.mark_suspended();
            let run = &task.run;
            let sleep = || (run.context).sleep_on(&parker, || task.is_to_stop(), Parker::park);
            wait_without_slot(run, sleep);
        }
    }
    if let Some(lease) = task.lease.borrow_mut().as_mut() {
        lease.is_reacquired();
    }
}
