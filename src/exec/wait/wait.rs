//! Waiting for something that is not this thread's own run: futures, events, semaphores. Inside a task the slot is
//! given up meanwhile; see `README.md`.

use super::awaited::Awaited;
use super::give_up::{NoThread, give_up_slots};
use super::handoff::share_all;
use super::help::{help, run_any_over_limit, run_over_limit};
use super::lease::with_lease_released;
use super::pause::pause_serving;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::LOOKS;
use crate::base::sync::atomic::Ordering::AcqRel;
use crate::exec::park::Parker;
use crate::exec::run::{CurrentTask, current, raise_awaited};
use crate::exec::threads::{BlockedThread, Executor, served_lineage};
use crate::exec::tuning::{FIRST_SLEEP, LONGEST_SLEEP};
use crate::store::memo::{Awaiting, IsOver, Lineage, await_futures};
use crate::task::Claim;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Waits; `false` if `until` has passed before the wait was over.
///
/// # Errors
/// Inside a task: `Cancelled` or `Timeout` if the task was told to stop, `Deadlock` if the wait would close a circle,
/// `ThreadsExhausted` if no thread could go on working meanwhile.
pub(crate) fn wait(on: &dyn Awaited, until: Option<Instant>) -> Result<bool, Error> {
    if on.is_over() {
        return Ok(true);
    }
    match current() {
        Some(task) => with_lease_released(|| wait_in_task(&task, on, until)),
        None => wait_outside(on, until),
    }
}

fn time_left(until: Option<Instant>) -> Option<Duration> {
    until.map(|until| until.saturating_duration_since(Instant::now()))
}

/// The sleep after one of this length.
pub(super) fn next_sleep(sleep: Duration) -> Duration {
    (sleep * 2).min(LONGEST_SLEEP)
}

/// A thread of a pool runs nothing else meanwhile (promise P5): if threads of that pool were asked to come to a client, others
/// come in their place. What runs between the bodies of a client waits without its permit, too.
fn wait_outside(on: &dyn Awaited, until: Option<Instant>) -> Result<bool, Error> {
    let future = on.future().filter(|_| until.is_none());
    let _listed = match (future, served_lineage()) {
        (Some(future), Some(lineage)) => Some(ListedWait::of(
            &lineage,
            vec![future.clone()],
            Box::new(|| false),
        )?),
        _ => None,
    };
    let parker = Arc::<Parker>::default();
    on.listen(&parker);
    let _paused = pause_serving(|_| false);
    let blocked = BlockedThread::enter();
    let mut sleep = FIRST_SLEEP;
    let mut late = false;
    let mut looks = 0;
    loop {
        if on.is_over() {
            return Ok(true);
        }
        blocked.call_others();
        // The holders of all slots may be bodies that wait for this thread: in a `par_iter` of which it does a piece, say.
        if late && start_over_limit(on.futures()) {
            sleep = FIRST_SLEEP;
        }
        let left = time_left(until).unwrap_or(sleep);
        if left.is_zero() {
            return Ok(on.is_over());
        }
        looks += 1;
        match until.is_some() || looks < LOOKS {
            true => _ = parker.park_timeout(left.min(sleep)),
            false => parker.park(),
        }
        sleep = next_sleep(sleep);
        late = true;
    }
}

/// Has a thread do some of what ends a wait, if a client is stuck; if that is not known, some of all there is.
fn start_over_limit(futures: Vec<Claim>) -> bool {
    match futures.is_empty() {
        true => run_any_over_limit(),
        false => run_over_limit(futures),
    }
}

fn wait_in_task(
    task: &CurrentTask,
    on: &dyn Awaited,
    until: Option<Instant>,
) -> Result<bool, Error> {
    // A wait that ends in time closes no circle.
    let is_endless = until.is_none();
    let future = on.future().filter(|_| is_endless);
    let mut listed = match future {
        Some(future) => ListedWait::enter(task, vec![future.clone()])?,
        None => None,
    };
    // On this stack only that begins which must end before this wait does: it may last, or wait for what this body does
    // next.
    let is_sure = future.is_some() && !task.has_deadline();
    let is_unsure = is_endless && !is_sure && !on.work().is_empty();
    let parker = Arc::<Parker>::default();
    on.listen(&parker);
    let mut sleep = FIRST_SLEEP;
    let mut late = false;
    // However often it looks up meanwhile.
    let mut mark = None;
    loop {
        if on.is_over() {
            return Ok(true);
        }
        check_stop(task)?;
        if time_left(until).is_some_and(|left| left.is_zero()) {
            return Ok(false);
        }
        let is_asked = || is_unsure && task.run.context.executor.is_asked_for_help();
        if (is_sure || is_asked()) && help(task, on.work(), late) {
            continue;
        }
        if late && is_endless && listed.is_none() {
            listed = ListedWait::enter(task, on.futures())?;
        }
        if late && run_over_limit(on.futures()) {
            sleep = FIRST_SLEEP;
        }
        raise_awaited(|| on.futures());
        if !task.keeps_slot() {
            mark.get_or_insert_with(|| task.mark_suspended());
        }
        let time = time_left(until).map_or(sleep, |left| left.min(sleep));
        let mut slept = suspend(task, &parker, is_unsure, time);
        if slept.is_err() && is_unsure {
            // No other thread is to be had: rather here than not at all.
            if on.is_over() || help(task, on.work(), late) {
                continue;
            }
            slept = suspend(task, &parker, false, time);
        }
        if let Err(exhausted) = slept {
            return match on.is_over() {
                true => Ok(true),
                false => Err(exhausted),
            };
        }
        sleep = next_sleep(sleep);
        late = true;
    }
}

/// A wait in the list of waits, until this is dropped.
struct ListedWait(Option<Awaiting>);

impl ListedWait {
    /// Enters a wait of the body that runs, for one of some futures, if that is all that can end it.
    ///
    /// # Errors
    /// `Deadlock` if it would close a circle.
    fn enter(task: &CurrentTask, futures: Vec<Claim>) -> Result<Option<ListedWait>, Error> {
        let Some(lineage) = task.lineage().filter(|_| !futures.is_empty()) else {
            return Ok(None);
        };
        let run = Arc::downgrade(&task.run);
        let is_over = Box::new(move || run.upgrade().is_none_or(|run| run.is_stopped()));
        ListedWait::of(&lineage, futures, is_over).map(Some)
    }

    /// Enters the wait of what holds `lineage` up.
    ///
    /// # Errors
    /// `Deadlock` if it would close a circle.
    fn of(
        lineage: &Arc<Lineage>,
        futures: Vec<Claim>,
        is_over: IsOver,
    ) -> Result<ListedWait, Error> {
        let awaiting = await_futures(futures, lineage, is_over);
        let awaiting = awaiting.map_err(|circle| Error::run(ErrorKind::Deadlock, circle))?;
        Ok(ListedWait(Some(awaiting)))
    }
}

impl Drop for ListedWait {
    fn drop(&mut self) {
        if let Some(awaiting) = self.0.take() {
            awaiting.end();
        }
    }
}

/// Whether the task was told to stop.
fn check_stop(task: &CurrentTask) -> Result<(), Error> {
    if task.run.is_stopped() {
        return Err(task.run.why_stopped());
    }
    if task.is_unwanted() {
        return Err(Error::run(ErrorKind::Cancelled, "the task was cancelled"));
    }
    if task.is_overdue() {
        let message = "the task's deadline has passed";
        return Err(Error::run(ErrorKind::Timeout, message));
    }
    Ok(())
}

/// Sleeps for `time` with the slot given up, unless the body keeps it.
///
/// # Errors
/// As [`give_up_slots`].
fn suspend(
    task: &CurrentTask,
    parker: &Arc<Parker>,
    may_help: bool,
    time: Duration,
) -> Result<(), Error> {
    let (run, context) = (&task.run, &task.run.context);
    let sleep = |parker: &Parker| _ = parker.park_timeout(time);
    if task.keeps_slot() {
        share_all();
        context.sleep_on(parker, || task.is_to_stop(), sleep);
        return Ok(());
    }
    let no_thread = match may_help {
        true => NoThread::Fail,
        false => NoThread::FailIfStranded,
    };
    let yielded = give_up_slots(run, Some(task), no_thread)?;
    let helpful = Helpful::count(&context.executor, may_help);
    context.sleep_on(parker, || task.is_to_stop(), sleep);
    drop(helpful);
    drop(yielded);
    Ok(())
}

/// A thread that would do some of what it waits for, until this is dropped.
struct Helpful<'e>(&'e Executor, usize);

impl Helpful<'_> {
    fn count(executor: &Executor, may_help: bool) -> Helpful<'_> {
        let count = usize::from(may_help);
        executor.helpful.fetch_add(count, AcqRel);
        Helpful(executor, count)
    }
}

impl Drop for Helpful<'_> {
    fn drop(&mut self) {
        self.0.helpful.fetch_sub(self.1, AcqRel);
    }
}
