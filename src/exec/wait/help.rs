//! Doing what a waiting body needs: by its own thread, which runs nothing else (promise P5), or by one more.
//!
//! A body that waits may hold a lock that the holders of all slots want. If what it waits for has not begun, it never
//! would. So if a client does not get on, and a thread waits for what could begin, that begins with one thread too many:
//! see `README.md`.

use crate::exec::run::{CurrentTask, Run, work_source};
use crate::exec::threads::{
    Executor, Inside, LentSlot, Serving, WorkSource, invite, on_enough_stack,
};
use crate::exec::tuning::FUTURES_FOLLOWED;
use crate::task::Claim;
use ahash::AHashSet;
use std::sync::Arc;

/// A run with work that is needed for some futures, in turn also for what those wait for. `whole`: not of tasks of which
/// only a part is needed.
fn find_needed(
    mut claims: Vec<Claim>,
    whole: bool,
    may_use: impl Fn(&Executor) -> bool,
) -> Option<Arc<Run>> {
    let mut seen = AHashSet::new();
    claims.reverse();
    for _ in 0..FUTURES_FOLLOWED {
        let claim = claims.pop()?;
        if claim.promise().has_ended() || !seen.insert(claim.id().0) {
            continue;
        }
        if let Some(task) = run_of(&claim)
            && may_use(&task.context.executor)
            && let Some(run) = task.find_work()
        {
            return Some(run);
        }
        let needs = claim.producer().needs();
        let is_needed = |claim: &Claim| !whole || is_whole(claim);
        claims.extend(needs.into_iter().filter(is_needed));
    }
    None
}

/// The run of a future's task, while it is open.
pub(super) fn run_of(claim: &Claim) -> Option<Arc<Run>> {
    claim.producer().run()?.downcast().ok()
}

/// Whether the future is all of its task.
pub(super) fn is_whole(claim: &Claim) -> bool {
    claim.producer().promises().len() == 1
}

/// Does some of the work that is waited for, or that this needs in turn; `false` if there is nothing that this thread may
/// do. It needs a slot: if the body has given its own up, a free one, or, if `late`, none where the client is stuck.
pub(super) fn help(task: &CurrentTask, claims: Vec<Claim>, late: bool) -> bool {
    let own = |executor: &Executor| std::ptr::eq(executor, &*task.run.context.executor);
    let run = find_needed(claims, true, own);
    run.is_some_and(|run| with_permit(task, late, || on_enough_stack(|| run.driver.visit(&run))))
}

/// Does work for which a permit is needed; `false` if the body has given its own up and there is none.
fn with_permit(task: &CurrentTask, late: bool, work: impl FnOnce()) -> bool {
    struct Helping<'t>(&'t CurrentTask);
    impl Drop for Helping<'_> {
        fn drop(&mut self) {
            self.0.is_helping.set(false);
            let run = &self.0.run;
            give_permit(&run.context.executor, &work_source(run));
        }
    }
    if !task.has_seceded() {
        work();
        return true;
    }
    let executor = &task.run.context.executor;
    if !(executor.take_promised() || executor.permits.try_take()) {
        if !(late && executor.is_stuck()) {
            return false;
        }
        executor.permits.take();
    }
    task.is_helping.set(true);
    let _helping = Helping(task);
    work();
    true
}

/// Gives a permit back. Whoever has added work meanwhile may have found none free: that is looked for.
fn give_permit(executor: &Arc<Executor>, source: &Arc<dyn WorkSource>) {
    executor.permits.give();
    let _without_permit = Serving::begin(executor, false, None);
    if source.has_work() {
        let _ = invite(executor, source);
    }
}

/// If the client of some futures is stuck, has a thread of ours do what they need, with one permit too many; `true` if so.
pub(super) fn run_over_limit(claims: Vec<Claim>) -> bool {
    let run = find_needed(claims, false, |_| true);
    let Some(run) = run.filter(|run| run.context.executor.is_stuck()) else {
        return false;
    };
    let executor = run.context.executor.clone();
    spawn_over_limit(&executor, move || {
        run.driver.visit(&run);
        work_source(&run)
    })
}

/// The same for a wait of which it is not known what ends it: for what comes first in each client that is stuck.
pub(super) fn run_any_over_limit() -> bool {
    let mut is_any = false;
    for executor in Executor::of_clients() {
        let source = executor.client_source().filter(|source| source.has_work());
        let Some(source) = source.filter(|_| executor.is_stuck()) else {
            continue;
        };
        is_any |= spawn_over_limit(&executor, move || {
            source.work();
            source
        });
    }
    is_any
}

/// Has a thread of ours work with a permit beyond the slots. `work` returns where more work may be found.
fn spawn_over_limit(
    executor: &Arc<Executor>,
    work: impl FnOnce() -> Arc<dyn WorkSource> + Send + 'static,
) -> bool {
    let Some(slot) = LentSlot::reserve(executor) else {
        return false;
    };
    executor.permits.take();
    let inside = Inside::enter_with_permit(executor);
    let there = executor.clone();
    let is_started = slot.spawn(move || {
        inside.work(|| {
            let source = work();
            give_permit(&there, &source);
        });
    });
    if !is_started {
        executor.permits.give();
    }
    is_started
}
