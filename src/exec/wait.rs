//! Waiting for something that is not this thread's own run: futures, events, semaphores. Inside a task the slot is
//! given up meanwhile; see `README.md`, "Waiting".

use super::active::{Active, with_active};
use super::bell::Bell;
use super::equip::{lay_down, take_up, unequipped};
use super::executor::Executor;
use super::invite::{Invited, Source, find_any, invite};
use super::job::Job;
use super::press::{LOOK, help, longer, press};
use super::run::Run;
use super::suspend::held_here;
use super::warmup::share_what_is_left;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::Ordering::AcqRel;
use crate::store::memo::{Awaiting, await_futures};
use crate::task::Claim;
use smallvec::SmallVec;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is waited for.
pub(crate) trait Awaited {
    /// Whether the wait is over.
    fn is_over(&self) -> bool;
    /// Has the bell rung when that may have changed. Called once, before the first sleep.
    fn listen(&self, bell: &Arc<Bell>);
    /// The one future without which it can never be over, if that is so.
    fn future(&self) -> Option<&Claim> {
        None
    }
    /// The futures of which one must end, or none if something else may end the wait.
    fn futures(&self) -> Vec<Claim> {
        Vec::new()
    }
    /// Those of them of which all of the work is waited for: a waiting task may do it itself.
    fn work(&self) -> Vec<Claim> {
        Vec::new()
    }
}

/// Waits; `false` if `until` has passed before it was over.
///
/// # Errors
/// Inside a task: `Cancelled` or `Timeout` if the task was told to stop, `Deadlock` if the wait would close a circle,
/// `ThreadsExhausted` if nobody could go on working meanwhile.
pub(crate) fn wait(on: &dyn Awaited, until: Option<Instant>) -> Result<bool, Error> {
    if on.is_over() {
        return Ok(true);
    }
    match with_active(Rc::clone) {
        Some(active) => unequipped(|| wait_in_task(&active, on, until)),
        None => Ok(wait_outside(on, until)),
    }
}

fn left(until: Option<Instant>) -> Option<Duration> {
    until.map(|until| until.saturating_duration_since(Instant::now()))
}

fn wait_outside(on: &dyn Awaited, until: Option<Instant>) -> bool {
    let bell = Arc::<Bell>::default();
    on.listen(&bell);
    // A thread of a pool may be the one that what it waits for was given to.
    let pooled = rayon::current_thread_index().is_some();
    loop {
        if on.is_over() {
            return true;
        }
        while pooled && rayon::yield_now() == Some(rayon::Yield::Executed) {}
        match (left(until), pooled) {
            (Some(Duration::ZERO), _) => return on.is_over(),
            (Some(left), false) => _ = bell.listen_for(left),
            (Some(left), true) => _ = bell.listen_for(left.min(LOOK)),
            (None, true) => _ = bell.listen_for(LOOK),
            (None, false) => bell.listen(),
        }
    }
}

fn wait_in_task(
    active: &Rc<Active>,
    on: &dyn Awaited,
    until: Option<Instant>,
) -> Result<bool, Error> {
    // A wait that ends in time closes no circle.
    let endless = until.is_none();
    let future = on.future().filter(|_| endless);
    let mut entered = match future {
        Some(future) => enter(active, vec![future.clone()])?,
        None => None,
    };
    // On this stack only that begins which must end before this wait does: it may last, or wait for what this body does
    // next.
    let is_sure = future.is_some() && !active.has_deadline();
    let is_unsure = endless && !is_sure && !on.work().is_empty();
    let bell = Arc::<Bell>::default();
    on.listen(&bell);
    let mut look = LOOK;
    let mut late = false;
    // However often it looks up meanwhile.
    let mut shown = None;
    loop {
        if on.is_over() {
            return Ok(true);
        }
        stopped(active)?;
        if left(until).is_some_and(|left| left.is_zero()) {
            return Ok(false);
        }
        let rather_here = || is_unsure && active.run.context.executor.is_asked_for_help();
        if (is_sure || rather_here()) && help(active, on.work(), late) {
            continue;
        }
        if late && endless && entered.is_none() {
            entered = enter(active, on.futures())?;
        }
        if late && press(on.futures()) {
            look = LOOK;
        }
        if active.holds.get() == 0 {
            shown.get_or_insert_with(|| Shown::begin(active));
        }
        let time = left(until).map_or(look, |left| left.min(look));
        let sleep = |bell: &Bell| _ = bell.listen_for(time);
        let mut slept = suspend(active, &bell, is_unsure, sleep);
        if slept.is_err() && is_unsure {
            // Nobody else is to be had: rather here than not at all.
            if on.is_over() || help(active, on.work(), late) {
                continue;
            }
            slept = suspend(active, &bell, false, sleep);
        }
        if let Err(exhausted) = slept {
            return match on.is_over() {
                true => Ok(true),
                false => Err(exhausted),
            };
        }
        look = longer(look);
        late = true;
    }
}

/// A wait in the list of waits, until this is dropped.
struct Entered(Option<Awaiting>);

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(awaiting) = self.0.take() {
            awaiting.end();
        }
    }
}

/// Enters a wait of the body that runs, for one of some futures, if that is all that can end it.
///
/// # Errors
/// `Deadlock` if it would close a circle.
fn enter(active: &Active, futures: Vec<Claim>) -> Result<Option<Entered>, Error> {
    let Some(lineage) = active.origin().lineage.filter(|_| !futures.is_empty()) else {
        return Ok(None);
    };
    let run = Arc::downgrade(&active.run);
    let is_over = Box::new(move || run.upgrade().is_none_or(|run| run.is_stopped()));
    let awaiting = await_futures(futures, &lineage, is_over);
    let awaiting = awaiting.map_err(|circle| Error::run(ErrorKind::Deadlock, circle))?;
    Ok(Some(Entered(Some(awaiting))))
}

/// Whether the task was told to stop.
fn stopped(active: &Active) -> Result<(), Error> {
    if active.run.is_stopped() {
        return Err(active.run.why_stopped());
    }
    if active.is_unwanted() {
        return Err(Error::run(ErrorKind::Cancelled, "the task was cancelled"));
    }
    if active.is_overdue() {
        let message = "the time of the task is up";
        return Err(Error::run(ErrorKind::Timeout, message));
    }
    Ok(())
}

/// Sleeps with the slot given up, unless the body holds it.
///
/// # Errors
/// As [`Away::go`].
fn suspend(
    active: &Active,
    bell: &Arc<Bell>,
    or_help: bool,
    sleep: impl FnOnce(&Bell),
) -> Result<(), Error> {
    let run = &active.run;
    if active.holds.get() > 0 {
        share_what_is_left();
        run.context.sleep_on(bell, run, sleep);
        return Ok(());
    }
    let away = Away::go(active, or_help)?;
    let helpful = &run.context.executor.helpful;
    helpful.fetch_add(usize::from(or_help), AcqRel);
    run.context.sleep_on(bell, run, sleep);
    helpful.fetch_sub(usize::from(or_help), AcqRel);
    away.back();
    Ok(())
}

/// A body that has given its slot up, in every executor that its thread works for.
pub(super) struct Away {
    held: SmallVec<[Arc<Run>; 2]>,
    shown: Shown,
    /// Its run, unless it has seceded before: this one and those around it do not count on it meanwhile.
    run: Option<Arc<Run>>,
}

/// The futures whose status shows that a body waits, until this is dropped.
struct Shown(Option<(Arc<Job>, Vec<usize>)>);

impl Shown {
    fn begin(active: &Active) -> Shown {
        let shown = active.run.job.clone().map(|job| {
            let shown = match active.node_of_task() {
                Some(node) => job.shown_by(node),
                None if job.is_many() => Vec::new(),
                None => vec![0],
            };
            (job, shown)
        });
        if let Some((job, shown)) = &shown {
            shown.iter().for_each(|index| job.suspended(*index));
        }
        Shown(shown)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some((job, shown)) = &self.0 {
            shown.iter().for_each(|index| job.resumed(*index));
        }
    }
}

impl Active {
    /// For each permit that the body which runs has given up by seceding, a run.
    pub(super) fn given_up(&self) -> SmallVec<[Arc<Run>; 2]> {
        let away = self.seceded.borrow();
        away.as_ref()
            .map_or_else(SmallVec::new, |away| away.held.clone())
    }

    /// Calls `rest` while its status shows that the body waits.
    pub(super) fn shown_as_suspended(&self, rest: impl FnOnce()) {
        let _shown = Shown::begin(self);
        rest();
    }
}

impl Away {
    /// Gives up every permit that this thread holds.
    ///
    /// # Errors
    /// `ThreadsExhausted` if there is work, nobody else works, and no thread to do it. `or_help`: also if somebody works, for then
    /// the body does some of it itself.
    fn go(active: &Active, or_help: bool) -> Result<Away, Error> {
        share_what_is_left();
        let shown = Shown::begin(active);
        let run = (!active.has_seceded()).then(|| active.run.clone());
        around(&run).for_each(|run| run.queue.goes_away());
        let held = held_here(&active.run);
        let mut exhausted = None;
        for run in &held {
            let executor = &run.context.executor;
            executor.permits.give();
            let source = run.top();
            if find_any(executor, &source).is_some()
                && invite(executor, &source) == Invited::NoThread
                && (or_help || is_stranded(run, &source))
            {
                exhausted = Some(executor);
            }
        }
        let exhausted = exhausted.map(|executor| executor.exhausted());
        let away = Away { held, shown, run };
        match exhausted {
            None => Ok(away),
            Some(error) => {
                away.back();
                Err(error)
            }
        }
    }

    /// Takes the permits back, ahead of new tasks.
    fn back(self) {
        for run in &self.held {
            run.context.executor.take_back();
        }
        around(&self.run).for_each(|run| run.queue.is_back());
        drop(self.shown);
    }
}

impl Executor {
    fn exhausted(&self) -> Error {
        let most = self.lendable;
        let limit = match self.agenda {
            Some(_) => ": see `ClientBuilder::max_lent_threads`",
            None => "",
        };
        let message = format!(
            "every thread waits, {most} stand in for those already, and no more may{limit}"
        );
        Error::run(ErrorKind::ThreadsExhausted, message)
    }
}

/// Whether there is work, nobody else works, and nobody is to be had, though asked again.
fn is_stranded(run: &Run, source: &Source) -> bool {
    let (executor, context) = (&run.context.executor, &run.context);
    executor.permits.are_all_free()
        && context.all_others_sleep()
        // A thread that was leaving then, and counted, has left.
        && invite(executor, source) == Invited::NoThread
        && !(executor.asks_for_help() && context.rouse())
}

/// A run and those it is nested in.
fn around(run: &Option<Arc<Run>>) -> impl Iterator<Item = &Arc<Run>> {
    std::iter::successors(run.as_ref(), |run| run.parent.as_ref())
}

// ------------------------------------------------------------------ seceding

/// The body on this thread gives its slot up and works on; `false` if it has already.
///
/// # Errors
/// `NotInTask` outside of a task, `ThreadsExhausted` as for a wait.
pub(crate) fn secede() -> Result<bool, Error> {
    let active = with_active(Rc::clone).ok_or_else(not_in_task)?;
    if active.has_seceded() {
        return Ok(false);
    }
    let away = Away::go(&active, false)?;
    active.seceded.replace(Some(away));
    lay_down(&active);
    Ok(true)
}

/// The body on this thread takes its slot back; `false` if it has one.
///
/// # Errors
/// `NotInTask` outside of a task.
pub(crate) fn rejoin_here() -> Result<bool, Error> {
    let active = with_active(Rc::clone).ok_or_else(not_in_task)?;
    Ok(rejoin(&active))
}

pub(super) fn rejoin(active: &Active) -> bool {
    if active.has_seceded() {
        take_up(active);
    }
    let away = active.seceded.take();
    away.map(Away::back).is_some()
}

/// Calls `f` with a body that keeps its slot while it waits.
pub(crate) fn holding<R>(f: impl FnOnce() -> R) -> R {
    struct Held(Option<Rc<Active>>);
    impl Drop for Held {
        fn drop(&mut self) {
            if let Some(active) = &self.0 {
                active.holds.set(active.holds.get() - 1);
            }
        }
    }
    let active = with_active(Rc::clone);
    if let Some(active) = &active {
        active.holds.set(active.holds.get() + 1);
    }
    let _held = Held(active);
    f()
}

fn not_in_task() -> Error {
    let message = "this thread does not run the body of a task";
    Error::run(ErrorKind::NotInTask, message)
}
