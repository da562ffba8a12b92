//! A thread that waits: it gives up its slot, and somebody else works meanwhile.

use super::active::with_active;
use super::bell::Bell;
use super::invite::{find_any, invite};
use super::run::Run;
use super::warmup::share_what_is_left;
use smallvec::SmallVec;
use std::sync::Arc;

/// Sleeps until the run is over or something of it is ready again.
pub(super) fn sleep(run: &Arc<Run>) {
    rest(run, &run.bell, Bell::listen);
}

/// Sleeps on `bell`, and lets somebody else work meanwhile. A stop of the run rings it.
pub(super) fn rest(run: &Arc<Run>, bell: &Arc<Bell>, sleep: impl FnOnce(&Bell)) {
    without_slot(run, || run.context.sleep_on(bell, run, sleep));
}

/// Gives up what permits this thread has while it waits, and has somebody else work.
pub(super) fn without_slot(run: &Arc<Run>, wait: impl FnOnce()) {
    share_what_is_left();
    let held = held_here(run);
    for run in &held {
        let executor = &run.context.executor;
        executor.permits.give();
        let source = run.top();
        if find_any(executor, &source).is_some() {
            let _ = invite(executor, &source);
        }
    }
    wait();
    for run in &held {
        run.context.executor.take_back();
    }
}

/// Of each executor that this thread holds a permit of, a run: that of `run`, and of those that the thread's bodies
/// are in.
pub(super) fn held_here(run: &Arc<Run>) -> SmallVec<[Arc<Run>; 2]> {
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
    with_active(|active| {
        let mut active = Some(active);
        while let Some(at) = active {
            // A body that has seceded has given up what the bodies below it on this stack hold, too.
            for run in at.given_up() {
                let helps =
                    at.helps.get() && Arc::ptr_eq(&run.context.executor, &at.run.context.executor);
                see(&run, Some(helps));
            }
            see(&at.run, None);
            active = at.above.as_ref();
        }
    });
    let held = seen.into_iter().filter(|(_, held)| held.unwrap_or(true));
    held.map(|(run, _)| run).collect()
}
