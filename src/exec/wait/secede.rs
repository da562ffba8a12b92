//! Giving up the slot of a body that works on, and keeping it where it would be given up.

use super::give_up::{NoThread, give_up_slots};
use super::lease::{reacquire_lease, release_lease};
use crate::base::error::{Error, ErrorKind};
use crate::exec::run::{CurrentTask, current};
use std::rc::Rc;

/// The body on this thread gives its slot up and works on; `false` if it has already.
///
/// # Errors
/// `NotInTask` outside of a task, `ThreadsExhausted` as for a wait.
pub(crate) fn secede() -> Result<bool, Error> {
    let task = current().ok_or_else(not_in_task)?;
    if task.has_seceded() {
        return Ok(false);
    }
    let yielded = give_up_slots(&task.run, Some(&task), NoThread::FailIfStranded)?;
    task.seceded.replace(Some(yielded));
    release_lease(&task);
    Ok(true)
}

/// The body on this thread takes its slot back; `false` if it has one.
///
/// # Errors
/// `NotInTask` outside of a task.
pub(crate) fn rejoin_here() -> Result<bool, Error> {
    let task = current().ok_or_else(not_in_task)?;
    Ok(rejoin(&task))
}

pub(in crate::exec) fn rejoin(task: &CurrentTask) -> bool {
    if task.has_seceded() {
        reacquire_lease(task);
    }
    let yielded = task.seceded.take();
    yielded.is_some()
}

/// Calls `f` with a body that keeps its slot while it waits.
pub(crate) fn holding_slot<R>(f: impl FnOnce() -> R) -> R {
    struct Hold(Option<Rc<CurrentTask>>);
    impl Drop for Hold {
        fn drop(&mut self) {
            if let Some(task) = &self.0 {
                task.slot_holds.set(task.slot_holds.get() - 1);
            }
        }
    }
    let task = current();
    if let Some(task) = &task {
        task.slot_holds.set(task.slot_holds.get() + 1);
    }
    let _hold = Hold(task);
    f()
}

fn not_in_task() -> Error {
    Error::run(ErrorKind::NotInTask, "called outside of a task")
}
