//! Which executors a thread works for outside of bodies, and whether it has their permit there.
//!
//! User code also runs between bodies: the `Drop` of an argument or of a result that nobody wants, the callbacks of a future.
//! If it waits, there is no body to ask: the permit that the thread has is found here.

use super::executor::Executor;
use crate::base::sync::thread_local;
use crate::store::memo::Lineage;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::Arc;

struct ServingEntry {
    number: u64,
    executor: Arc<Executor>,
    has_permit: bool,
    /// The number of the task whose one future cannot end before the thread has left.
    task: Option<u64>,
}

thread_local! {
    static ENTRIES: RefCell<Vec<ServingEntry>> = const { RefCell::new(Vec::new()) };
    static NUMBERS: Cell<u64> = const { Cell::new(0) };
}

/// The calling thread works for an executor, until this is dropped.
pub(in crate::exec) struct Serving {
    number: u64,
    thread: PhantomData<*mut ()>,
}

impl Serving {
    /// `has_permit`: of those of one executor the innermost decides.
    pub(in crate::exec) fn begin(
        executor: &Arc<Executor>,
        has_permit: bool,
        task: Option<u64>,
    ) -> Serving {
        let number = NUMBERS.with(|next| next.replace(next.get() + 1));
        // In the last destructors of a thread there is no list.
        let _ = ENTRIES.try_with(|entries| {
            entries.borrow_mut().push(ServingEntry {
                number,
                executor: executor.clone(),
                has_permit,
                task,
            });
        });
        let thread = PhantomData;
        Serving { number, thread }
    }
}

impl Serving {
    /// As `begin`, with a permit if the thread has one.
    pub(in crate::exec) fn join(executor: &Arc<Executor>, task: Option<u64>) -> Serving {
        let innermost = |entries: &RefCell<Vec<ServingEntry>>| {
            let entries = entries.borrow();
            let mut here = entries.iter().rev();
            here.find(|e| Arc::ptr_eq(&e.executor, executor))
                .map(|e| e.has_permit)
        };
        let has_permit = ENTRIES.try_with(innermost).ok().flatten();
        Serving::begin(executor, has_permit.unwrap_or(false), task)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let ended = ENTRIES.try_with(|entries| {
            let mut entries = entries.borrow_mut();
            let at = entries.iter().rposition(|e| e.number == self.number)?;
            Some(entries.remove(at))
        });
        // Not while the list is borrowed: it may be the last that holds the executor.
        drop(ended);
    }
}

/// Whether the calling thread works for an executor, wherever on its stack.
pub(crate) fn is_served_here(executor: &Executor) -> bool {
    let is_here = |entries: &RefCell<Vec<ServingEntry>>| {
        let entries = entries.borrow();
        entries.iter().any(|e| std::ptr::eq(&*e.executor, executor))
    };
    ENTRIES.try_with(is_here).unwrap_or(false)
}

/// The future that cannot end before the calling thread has left what it does outside of bodies.
pub(in crate::exec) fn served_lineage() -> Option<Arc<Lineage>> {
    let innermost = |entries: &RefCell<Vec<ServingEntry>>| {
        let entries = entries.borrow();
        entries.iter().rev().find_map(|e| e.task)
    };
    let task = ENTRIES.try_with(innermost).ok().flatten()?;
    Some(Lineage::of_future(task, 0, None))
}

/// Permits that a thread had outside of bodies, given up until this is dropped.
pub(in crate::exec) struct PausedServing(Vec<(Arc<Executor>, Serving)>);

impl PausedServing {
    /// Gives up the permits that this thread has outside of bodies. `is_in_body`: of an executor whose bodies are on this
    /// stack, these have the permit.
    pub(in crate::exec) fn give_up(is_in_body: impl Fn(&Executor) -> bool) -> PausedServing {
        let mut seen: Vec<(Arc<Executor>, bool)> = Vec::new();
        let _ = ENTRIES.try_with(|entries| {
            for entry in entries.borrow().iter().rev() {
                if !seen.iter().any(|(e, _)| Arc::ptr_eq(e, &entry.executor)) {
                    seen.push((entry.executor.clone(), entry.has_permit));
                }
            }
        });
        let held = seen
            .into_iter()
            .filter(|(e, has_permit)| *has_permit && !is_in_body(e));
        PausedServing(
            held.map(|(executor, _)| {
                let without_permit = Serving::begin(&executor, false, None);
                executor.permits.give();
                (executor, without_permit)
            })
            .collect(),
        )
    }

    pub(in crate::exec) fn executors(&self) -> impl Iterator<Item = &Arc<Executor>> {
        self.0.iter().map(|(executor, _)| executor)
    }
}

impl Drop for PausedServing {
    fn drop(&mut self) {
        for (executor, without_permit) in self.0.drain(..) {
            executor.take_back();
            drop(without_permit);
        }
    }
}
