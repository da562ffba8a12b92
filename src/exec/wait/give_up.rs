//! Giving up the slots of a thread while it waits, and taking them back.

use super::handoff::share_all;
use super::pause::pause_serving;
use crate::base::error::Error;
use crate::exec::park::Parker;
use crate::exec::run::{CurrentTask, Run, YieldedPermits, current, work_source};
use crate::exec::threads::{Executor, Invited, WorkSource, invite};
use smallvec::SmallVec;
use std::sync::Arc;

/// What happens if there is work, and no thread to do it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NoThread {
    /// The thread sleeps in any case: what it waits for is done by threads that are there.
    Ignore,
    /// It fails if nothing else runs.
    FailIfStranded,
    /// It fails: the body can do some of the work itself.
    Fail,
}

/// Gives up every permit that this thread holds, and invites a thread in its place where there is work.
///
/// `body`: the body that waits, for something unknown. Its futures show that it is suspended, and the budgets of its run and
/// of those around do not count on it. `None`: the owner of `run` waits, for threads that work on it or are about to.
///
/// # Errors
/// `ThreadsExhausted`, as `no_thread` says; then the permits have been taken back.
pub(super) fn give_up_slots(
    run: &Arc<Run>,
    body: Option<&CurrentTask>,
    no_thread: NoThread,
) -> Result<YieldedPermits, Error> {
    share_all();
    let uncounted = body.filter(|body| !body.has_seceded());
    let runs = held_permits(run);
    let is_in_body = |executor: &Executor| {
        let is_of = |run: &Arc<Run>| std::ptr::eq(&*run.context.executor, executor);
        let tasks = std::iter::successors(current(), |task| task.above.clone());
        is_of(run) || tasks.into_iter().any(|task| is_of(&task.run))
    };
    let yielded = YieldedPermits {
        _served: pause_serving(is_in_body),
        _mark: body.and_then(CurrentTask::mark_suspended),
        uncounted: uncounted.map(|body| body.run.clone()),
        runs,
    };
    YieldedPermits::uncount(&yielded.uncounted);
    let mut exhausted = None;
    for run in &yielded.runs {
        let executor = &run.context.executor;
        executor.permits.give();
        let source = work_source(run);
        if source.has_work() && invite(executor, &source) == Invited::NoThread {
            let fails = match no_thread {
                NoThread::Ignore => false,
                NoThread::FailIfStranded => is_stranded(run, &source),
                NoThread::Fail => true,
            };
            exhausted = exhausted.or_else(|| fails.then(|| executor.exhausted()));
        }
    }
    match exhausted {
        None => Ok(yielded),
        Some(error) => Err(error),
    }
}

/// Calls `wait` with this thread's slots given up.
pub(in crate::exec) fn wait_without_slot(run: &Arc<Run>, wait: impl FnOnce()) {
    let yielded = give_up_slots(run, None, NoThread::Ignore);
    wait();
    drop(yielded);
}

/// Sleeps on `parker` with this thread's slots given up. A stop of the run unparks it.
pub(in crate::exec) fn sleep_without_slot(
    run: &Arc<Run>,
    parker: &Arc<Parker>,
    sleep: impl FnOnce(&Parker),
) {
    wait_without_slot(run, || {
        run.context.sleep_on(parker, || run.is_stopped(), sleep)
    });
}

/// Whether there is work, no other thread works, and none is to be had, though asked again.
fn is_stranded(run: &Run, source: &Arc<dyn WorkSource>) -> bool {
    let (executor, context) = (&run.context.executor, &run.context);
    if !executor.permits.are_all_free() || !context.all_others_sleep() {
        return false;
    }
    // A thread that was leaving then, and counted, has left.
    if invite(executor, source) != Invited::NoThread {
        return false;
    }
    let is_asking = executor.ask_for_help();
    if is_asking {
        context.wake_all_sleepers();
    }
    !is_asking
}

/// Of each executor that this thread holds a permit of, a run: that of `run`, and of those that the thread's bodies
/// are in.
fn held_permits(run: &Arc<Run>) -> SmallVec<[Arc<Run>; 2]> {
    /// `None`: no body on the way outwards has seceded, so far.
    type Seen = (Arc<Run>, Option<bool>);
    let mut seen: SmallVec<[Seen; 2]> = SmallVec::new();
    let mut see = |run: &Arc<Run>, held: Option<bool>| {
        let executor = &run.context.executor;
        let same = |(r, _): &&mut Seen| Arc::ptr_eq(&r.context.executor, executor);
        match seen.iter_mut().find(same) {
            Some((_, known)) => *known = known.or(held),
            None => seen.push((run.clone(), held)),
        }
    };
    see(run, None);
    let mut task = current();
    while let Some(at) = task {
        // A body that has seceded has given up what the bodies below it on this stack hold, too.
        for run in at.seceded_runs() {
            let helps =
                at.is_helping.get() && Arc::ptr_eq(&run.context.executor, &at.run.context.executor);
            see(&run, Some(helps));
        }
        see(&at.run, None);
        task = at.above.clone();
    }
    let held = seen.into_iter().filter(|(_, held)| held.unwrap_or(true));
    held.map(|(run, _)| run).collect()
}
