//! Invitations: how threads come to a run, from the pool or of our own, and where they look for work.

use super::Current;
use super::active::with_active;
use super::executor::Executor;
use super::parallel::visit;
use super::run::Run;
use super::stack;
use crate::base::sync::atomic::Ordering::{AcqRel, SeqCst};
use crate::base::sync::{self, lock};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Where an invited thread looks for work.
#[derive(Clone)]
pub(super) enum Source {
    /// At and below the outermost run of a compute.
    Compute(Arc<Run>),
    /// Among the tasks of a client.
    Client,
}

/// What an invitation came to.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Invited {
    Yes,
    /// Every slot is in use: who holds one will look for work.
    NoSlot,
    /// There is a slot, but no thread to work on it.
    NoThread,
}

/// Asks one more thread to work: a pool thread, or one of our own if all of those are inside already and some of
/// them wait.
pub(super) fn invite(executor: &Arc<Executor>, source: &Source) -> Invited {
    if !executor.permits.try_take() {
        return Invited::NoSlot;
    }
    stack::learn();
    executor.promise();
    if executor.occupied.fetch_add(1, AcqRel) < executor.pool.threads()
        && executor.pool.is_within_reach()
    {
        let (of, source) = (executor.clone(), source.clone());
        executor.pool.spawn(move || {
            // Rayon may run this job inside a body that waits in `join` or `par_iter` on this thread: then
            // nothing else may start on this stack (promise P5).
            if !Current::is_inside() && stack::is_at_bottom() {
                work(&of, &source);
                of.occupied.fetch_sub(1, AcqRel);
                return;
            }
            of.occupied.fetch_sub(1, AcqRel);
            match source {
                // Its owner goes on with the work.
                Source::Compute(_) if of.take_promised() => of.permits.give(),
                Source::Compute(_) => {}
                // Nobody else might look.
                Source::Client => _ = lend(&of, &source),
            }
        });
        return Invited::Yes;
    }
    executor.occupied.fetch_sub(1, AcqRel);
    lend(executor, source)
}

/// How long a thread of ours leaves a permit to a body that has given its own up and launches tasks: most then wait for
/// them, and do them themselves.
const GRACE: Duration = Duration::from_micros(500);

/// Starts a thread of our own for a permit that was promised; gives it up if there can be none.
fn lend(executor: &Arc<Executor>, source: &Source) -> Invited {
    if executor.is_somebody_coming() {
        return Invited::Yes;
    }
    if executor.lent.fetch_add(1, AcqRel) < executor.lendable {
        let patient = with_active(|active| active.has_seceded()) == Some(true);
        let (of, source) = (executor.clone(), source.clone());
        executor.coming.fetch_add(1, SeqCst);
        let thread = sync::Builder::new()
            .name("lazygraph-lent".into())
            .spawn(move || {
                if patient {
                    sync::pause(GRACE);
                }
                of.coming.fetch_sub(1, SeqCst);
                work(&of, &source);
                of.lent.fetch_sub(1, AcqRel);
            });
        if thread.is_ok() {
            return Invited::Yes;
        }
        executor.coming.fetch_sub(1, SeqCst);
    }
    executor.lent.fetch_sub(1, AcqRel);
    if executor.take_promised() {
        executor.permits.give();
    }
    Invited::NoThread
}

/// What an invited thread does with the permit that it was promised, which it gives up in the end.
fn work(executor: &Arc<Executor>, source: &Source) {
    if !executor.take_promised() {
        // Somebody came back from a wait before it came.
        return;
    }
    loop {
        while let Some(run) = find_any(executor, source) {
            visit(&run);
            if executor.permits.are_short() {
                break;
            }
        }
        executor.permits.give();
        // Who has added work meanwhile may have found no permit free.
        if !(find_any(executor, source).is_some() && executor.permits.try_take()) {
            return;
        }
    }
}

/// A run that has work.
pub(super) fn find_any(executor: &Executor, source: &Source) -> Option<Arc<Run>> {
    match (source, &executor.agenda) {
        (Source::Client, Some(agenda)) => loop {
            let task = agenda.next()?;
            // Its work may be below it, or gone.
            if let Some(run) = find(&task) {
                return Some(run);
            }
        },
        (Source::Client, None) => None,
        (Source::Compute(top), _) => find(top),
    }
}

impl Run {
    /// Where those who work on it look for work.
    pub(super) fn top(self: &Arc<Run>) -> Source {
        let executor = &self.context.executor;
        if executor.agenda.is_some() {
            return Source::Client;
        }
        let mut top = self;
        while let Some(parent) = top
            .parent
            .as_ref()
            .filter(|p| Arc::ptr_eq(&p.context.executor, executor))
        {
            top = parent;
        }
        Source::Compute(top.clone())
    }
}

/// A run at or below `top` that has work, the nearest first.
pub(super) fn find(top: &Arc<Run>) -> Option<Arc<Run>> {
    let mut runs = VecDeque::from([top.clone()]);
    while let Some(run) = runs.pop_front() {
        if run.join() {
            let found = run.has_work();
            if !found {
                runs.extend(lock(&run.children).iter().cloned());
            }
            run.leave();
            if found {
                return Some(run);
            }
        }
    }
    None
}
