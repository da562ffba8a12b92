//! Doing what a waiting body needs: by its own thread, which runs nothing else (promise P5), or by one more.
//!
//! A body that waits may hold a lock that those want who have the slots. If what it waits for has not begun, it never
//! would. So if a client does not get on, and somebody waits for what could begin, that begins with one thread too many:
//! see `README.md`, "Waiting".

use super::active::{Active, with_active};
use super::executor::Executor;
use super::invite::{find, find_any, invite};
use super::job::job_of;
use super::parallel::visit;
use super::run::Run;
use super::stack::on_enough_stack;
use super::suspend::rest;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::base::sync::{self, Mutex, lock};
use crate::task::Claim;
use ahash::AHashSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a sleeper sleeps before it looks again for work that it waits for. It is woken by what it waits for itself;
/// this is for what that needs in turn, while those who have the slots want what the sleeper holds.
pub(super) const LOOK: Duration = Duration::from_millis(10);
const LOOK_AT_LEAST: Duration = Duration::from_secs(1);

/// The sleep after one of this length.
pub(super) fn longer(look: Duration) -> Duration {
    (look * 2).min(LOOK_AT_LEAST)
}

/// So many futures a waiting body looks at: more are others' work.
const MOST: usize = 256;

/// Whether a client gets on: its futures begin and end.
#[derive(Default)]
pub(super) struct Progress {
    /// Futures that have begun, if not several at once.
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// One more than how many there were when somebody asked for help last.
    asked: AtomicUsize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    steps: usize,
    /// For how long there may be none more.
    patience: Option<sync::Countdown>,
    times: u32,
}

impl Progress {
    #[inline]
    pub(super) fn step(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    /// One has ended: how many that makes.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.ended.fetch_add(1, AcqRel).wrapping_add(1)
    }

    pub(super) fn ended(&self) -> usize {
        self.ended.load(Acquire)
    }

    fn steps(&self) -> usize {
        (self.begun.load(Relaxed)).wrapping_add(self.ended.load(Relaxed))
    }

    /// Asks those for help who sleep and could; `false` if somebody has since its last step.
    fn ask(&self) -> bool {
        let steps = self.steps().wrapping_add(1);
        self.asked.swap(steps, AcqRel) != steps
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Acquire) == self.steps().wrapping_add(1)
    }

    /// Whether it has not got on for a while. It says so to one caller, then to the next after twice as long.
    fn is_stuck(&self) -> bool {
        const PATIENCE: Duration = Duration::from_millis(50);
        const MOST_TIMES: u32 = 5;
        let mut seen = lock(&self.seen);
        let steps = self.steps();
        if seen.steps != steps {
            (seen.steps, seen.times, seen.patience) = (steps, 0, None);
        }
        let times = seen.times;
        let patience =
            (seen.patience).get_or_insert_with(|| sync::Countdown::new(PATIENCE * (1 << times)));
        let is_stuck = patience.is_over();
        if is_stuck {
            seen.patience = None;
            seen.times = (times + 1).min(MOST_TIMES);
        }
        is_stuck
    }
}

/// A run with work that is needed for some futures, in turn also for what those wait for. `alone`: not of tasks of which
/// only a part is needed.
fn needed(
    mut claims: Vec<Claim>,
    alone: bool,
    may_do: impl Fn(&Executor) -> bool,
) -> Option<Arc<Run>> {
    let mut seen = AHashSet::new();
    claims.reverse();
    for _ in 0..MOST {
        let claim = claims.pop()?;
        let Some(job) = job_of(&claim) else {
            continue;
        };
        if claim.promise().has_ended() || !seen.insert(claim.id().0) {
            continue;
        }
        if let Some(task) = job.run()
            && may_do(job.executor())
            && let Some(run) = find(&task)
        {
            return Some(run);
        }
        let needs = claim.producer().needs();
        let is_wanted = |claim: &Claim| !alone || is_whole(claim);
        claims.extend(needs.into_iter().filter(is_wanted));
    }
    None
}

/// Whether all of its task is wanted with it.
fn is_whole(claim: &Claim) -> bool {
    claim.producer().promises().len() == 1
}

/// Does some of the work that is waited for, or that this needs in turn; `false` if there is nothing that this thread may
/// do. It needs a slot: if the body has given its own up, a free one, or, if `late`, none where the client is stuck.
pub(super) fn help(active: &Active, claims: Vec<Claim>, late: bool) -> bool {
    let own = |executor: &Executor| std::ptr::eq(executor, &*active.run.context.executor);
    let run = needed(claims, true, own);
    run.is_some_and(|run| with_permit(active, late, || on_enough_stack(|| visit(&run))))
}

/// Does work for which a permit is needed; `false` if the body has given its own up and there is none.
fn with_permit(active: &Active, late: bool, work: impl FnOnce()) -> bool {
    if !active.has_seceded() {
        work();
        return true;
    }
    let executor = &active.run.context.executor;
    if !(executor.take_promised() || executor.permits.try_take()) {
        if !(late && executor.is_stuck()) {
            return false;
        }
        executor.permits.take();
    }
    active.helps.set(true);
    work();
    active.helps.set(false);
    give(executor, &active.run);
    true
}

/// Gives a permit up; whoever has added work meanwhile may have found none free.
fn give(executor: &Arc<Executor>, run: &Arc<Run>) {
    executor.permits.give();
    let source = run.top();
    if find_any(executor, &source).is_some() {
        let _ = invite(executor, &source);
    }
}

/// If the client of some futures is stuck, has a thread of ours do what they need, with one permit too many; `true` if so.
pub(super) fn press(claims: Vec<Claim>) -> bool {
    let run = needed(claims, false, |_| true);
    let run = run.filter(|run| run.context.executor.is_stuck());
    run.is_some_and(|run| {
        let executor = run.context.executor.clone();
        let start = || {
            let (of, there) = (executor.clone(), run.clone());
            executor.permits.take();
            let thread = sync::Builder::new()
                .name("lazygraph-lent".into())
                .spawn(move || {
                    visit(&there);
                    give(&of, &there);
                    of.lent.fetch_sub(1, AcqRel);
                });
            if thread.is_err() {
                give(&executor, &run);
            }
            thread.is_ok()
        };
        let started = executor.lent.fetch_add(1, AcqRel) < executor.lendable && start();
        if !started {
            executor.lent.fetch_sub(1, AcqRel);
        }
        started
    })
}

/// The owner of a run sleeps until it is over or something of it is ready again. Somebody sees to the futures that the run
/// waits for.
pub(super) fn sleep(run: &Arc<Run>) {
    let mut look = LOOK;
    let mut late = false;
    loop {
        let needs = run.awaited();
        if needs.is_empty() {
            return rest(run, &run.bell, |bell| bell.listen());
        }
        let own = needs.iter().filter(|claim| is_whole(claim)).cloned();
        if with_active(|active| help(active, own.collect(), late)) == Some(true) {
            return;
        }
        if late && press(needs) {
            look = LOOK;
        }
        let mut rung = false;
        rest(run, &run.bell, |bell| rung = bell.listen_for(look));
        if rung {
            return;
        }
        late = true;
        look = longer(look);
    }
}

impl Executor {
    /// A body needs one more thread, there is none, and nobody works: asks those who sleep to do themselves what they
    /// wait for; `false` if they have been asked, and could not.
    pub(super) fn asks_for_help(&self) -> bool {
        let agenda = self.agenda.as_ref();
        self.helpful.load(Acquire) > 0 && agenda.is_some_and(|agenda| agenda.progress.ask())
    }

    pub(super) fn is_asked_for_help(&self) -> bool {
        let agenda = self.agenda.as_ref();
        agenda.is_some_and(|agenda| agenda.progress.is_asked())
    }

    fn is_stuck(&self) -> bool {
        let agenda = self.agenda.as_ref();
        agenda.is_some_and(|agenda| !self.permits.may_be_free() && agenda.progress.is_stuck())
    }
}

impl Run {
    /// A unit of it is parked until a future has ended.
    pub(super) fn awaits(&self, claim: &Claim) {
        // Nobody who waits in place owns a task.
        if !self.is_task {
            lock(&self.awaited).push(claim.clone());
        }
    }

    /// Futures that its units wait for.
    fn awaited(&self) -> Vec<Claim> {
        let mut awaited = lock(&self.awaited);
        awaited.retain(|claim| !claim.promise().has_ended());
        awaited.iter().take(MOST).cloned().collect()
    }
}
