//! Invitations: how threads come, from the pool or of our own.

use super::executor::Executor;
use super::inside::Inside;
use super::pool_stack;
use super::serving::Serving;
use super::source::WorkSource;
use crate::base::sync;
use crate::base::sync::atomic::Ordering::{AcqRel, SeqCst};
use crate::exec::tuning::LENT_GRACE;
use std::sync::Arc;

/// The outcome of an invitation.
#[derive(PartialEq, Eq, Debug)]
pub(in crate::exec) enum Invited {
    Yes,
    /// Every slot is in use: its holder will look for work.
    NoSlot,
    /// There is a slot, but no thread to work on it.
    NoThread,
}

/// Asks one more thread to work: a pool thread, or one of our own if all of those are inside already and some of
/// them wait.
pub(in crate::exec) fn invite(executor: &Arc<Executor>, source: &Arc<dyn WorkSource>) -> Invited {
    if !executor.permits.try_take() {
        return Invited::NoSlot;
    }
    pool_stack::measure();
    executor.promise();
    if executor.occupied.fetch_add(1, AcqRel) < executor.pool.threads()
        && executor.pool.is_within_reach()
    {
        let (of, source) = (executor.clone(), source.clone());
        executor.pool.spawn(move || {
            // Rayon may run this job inside a body that waits in `join` or `par_iter` on this thread: then
            // nothing else may start on this stack (promise P5).
            if source.may_start_here() && pool_stack::is_at_bottom() {
                work(&of, &*source, false);
                of.occupied.fetch_sub(1, AcqRel);
                return;
            }
            of.occupied.fetch_sub(1, AcqRel);
            if source.must_be_answered() {
                let _ = lend(&of, &source);
            } else if of.take_promised() {
                // Its owner goes on with the work.
                of.permits.give();
            }
        });
        return Invited::Yes;
    }
    executor.occupied.fetch_sub(1, AcqRel);
    lend(executor, source)
}

/// Starts threads of our own for all permits of a client that were promised to threads which may not come.
pub(super) fn lend_for_promised(executor: &Arc<Executor>) {
    let Some(client) = &executor.client else {
        return;
    };
    while !executor.are_lent_coming() {
        if lend(executor, &client.source) == Invited::NoThread {
            return;
        }
    }
}

/// Starts a thread of our own for a permit that was promised; gives it up if there can be none.
fn lend(executor: &Arc<Executor>, source: &Arc<dyn WorkSource>) -> Invited {
    if executor.are_lent_coming() {
        return Invited::Yes;
    }
    if let Some(slot) = LentSlot::reserve(executor) {
        let is_patient = source.is_caller_helping();
        let (of, source) = (executor.clone(), source.clone());
        executor.coming.fetch_add(1, SeqCst);
        let is_started = slot.spawn(move || {
            if is_patient {
                sync::pause(LENT_GRACE);
            }
            of.coming.fetch_sub(1, SeqCst);
            work(&of, &*source, true);
        });
        if is_started {
            return Invited::Yes;
        }
        executor.coming.fetch_sub(1, SeqCst);
    }
    if executor.take_promised() {
        executor.permits.give();
    }
    Invited::NoThread
}

/// The place of a thread of our own, beyond those of the pool, until it ends.
pub(in crate::exec) struct LentSlot(Arc<Executor>);

impl LentSlot {
    /// `None`: there are as many as there may be.
    pub(in crate::exec) fn reserve(executor: &Arc<Executor>) -> Option<LentSlot> {
        let is_free = executor.lent.fetch_add(1, AcqRel) < executor.lendable;
        let slot = LentSlot(executor.clone());
        is_free.then_some(slot)
    }

    /// Starts the thread; `false`: the system gives none.
    pub(in crate::exec) fn spawn(self, work: impl FnOnce() + Send + 'static) -> bool {
        let thread = sync::Builder::new()
            .name("lazygraph-lent".into())
            .spawn(move || {
                work();
                drop(self);
            });
        thread.is_ok()
    }
}

impl Drop for LentSlot {
    fn drop(&mut self) {
        self.0.lent.fetch_sub(1, AcqRel);
    }
}

/// What an invited thread does with the permit that it was promised, which it gives up in the end.
fn work(executor: &Arc<Executor>, source: &dyn WorkSource, is_lent: bool) {
    let Some(inside) = Inside::enter(executor, is_lent) else {
        // A thread came back from a wait before this one came.
        return;
    };
    inside.work(|| {
        loop {
            while source.work() {
                if executor.permits.are_short() {
                    break;
                }
            }
            executor.permits.give();
            let _without_permit = Serving::begin(executor, false, None);
            // Whoever has added work meanwhile may have found no permit free.
            if !(source.has_work() && executor.permits.try_take()) {
                return;
            }
        }
    });
}
