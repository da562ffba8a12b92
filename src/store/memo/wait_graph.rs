//! The wait-for graph of the process: it detects deadlocks, over all memos and futures.
//!
//! A wait knows the running entries that it holds up, its lineage. If an entry of its lineage holds up, through other waits,
//! the target of the wait, then none of them can ever go on. A wait for one of several targets can go on if one of them can.
//! A nested compute may use another memo than the enclosing run, and two computes the same memo: a cycle may lead through
//! several of both. So there is one list for the process. It is short, and only accessed when a wait begins or ends.

use crate::base::sync::{Mutex, MutexGuard, lock};
use crate::task::Claim;
use ahash::AHashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The identity of a target.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum TargetId {
    /// An entry of a memo.
    Entry { memo: u64, key: u128 },
    /// A future of a job.
    Future { job: u64, index: u32 },
}

/// What a wait is for.
#[derive(Clone)]
pub(super) enum Target {
    /// A memo entry that `call` computes.
    Entry {
        id: TargetId,
        call: String,
    },
    Future(Claim),
}

impl Target {
    fn id(&self) -> TargetId {
        match self {
            Target::Entry { id, .. } => *id,
            Target::Future(claim) => {
                let (job, index) = claim.id();
                TargetId::Future { job, index }
            }
        }
    }

    fn call(&self) -> String {
        match self {
            Target::Entry { call, .. } => call.clone(),
            Target::Future(claim) => claim.call(),
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self, Target::Future(claim) if claim.promise().has_ended())
    }

    /// What must end before it can end.
    fn needs(&self) -> Vec<Target> {
        match self {
            Target::Entry { .. } => Vec::new(),
            Target::Future(claim) => claim
                .producer()
                .needs()
                .into_iter()
                .map(Target::Future)
                .collect(),
        }
    }
}

/// The running entries that a node's execution holds up, innermost first.
pub(crate) struct Lineage {
    target: TargetId,
    above: Option<Arc<Lineage>>,
}

impl Lineage {
    pub(super) fn new(target: TargetId, above: Option<Arc<Lineage>>) -> Arc<Lineage> {
        Arc::new(Lineage { target, above })
    }

    /// The lineage of an execution that works on a future, within that of `above`.
    pub(crate) fn of_future(job: u64, index: usize, above: Option<Arc<Lineage>>) -> Arc<Lineage> {
        let index = index as u32;
        Lineage::new(TargetId::Future { job, index }, above)
    }
}

impl Drop for Lineage {
    /// Without recursion: nesting may be thousands of levels deep.
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some(mut lineage) = above.and_then(Arc::into_inner) {
            above = lineage.above.take();
        }
    }
}

fn holds_up(lineage: Option<&Arc<Lineage>>, target: TargetId) -> bool {
    std::iter::successors(lineage, |l| l.above.as_ref()).any(|l| l.target == target)
}

/// One wait.
pub(super) struct WaitRecord {
    number: u64,
    /// One of these must end.
    targets: Vec<Target>,
    lineage: Option<Arc<Lineage>>,
    is_over: IsOver,
}

impl WaitRecord {
    fn is_for(&self, target: TargetId) -> bool {
        self.targets.iter().any(|t| t.id() == target)
    }
}

/// Whether a wait is over although its targets have not changed: because its run was stopped.
pub(crate) type IsOver = Box<dyn Fn() -> bool + Send>;

/// All waits, in the order of their numbers.
pub(super) struct WaitList {
    waits: Vec<WaitRecord>,
    /// At this length the waits that are over are removed.
    purge_at: usize,
}

const PURGE: usize = 64;

impl WaitList {
    const fn new() -> WaitList {
        WaitList {
            waits: Vec::new(),
            purge_at: PURGE,
        }
    }
}

/// The waits, while the list is locked.
pub(super) struct Waits(MutexGuard<'static, WaitList>);

impl Waits {
    pub(super) fn lock() -> Waits {
        #[cfg(not(lazygraph_shuttle))]
        static ALL: Mutex<WaitList> = Mutex::new(WaitList::new());
        #[cfg(lazygraph_shuttle)]
        shuttle::lazy_static! { static ref ALL: Mutex<WaitList> = Mutex::new(WaitList::new()); }
        Waits(lock(&ALL))
    }

    /// Adds a wait of `lineage`; returns its number, for `remove`.
    pub(super) fn add(
        &mut self,
        targets: Vec<Target>,
        lineage: Option<&Arc<Lineage>>,
        is_over: IsOver,
    ) -> u64 {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        // Under the lock: the list is in their order.
        let number = NUMBERS.fetch_add(1, Relaxed);
        self.0.waits.push(WaitRecord {
            number,
            targets,
            lineage: lineage.cloned(),
            is_over,
        });
        number
    }

    /// Removes all waits for a target.
    pub(super) fn remove_waits_for(&mut self, target: TargetId) {
        self.0.waits.retain(|w| !w.is_for(target));
    }

    /// Removes one wait.
    pub(super) fn remove(&mut self, number: u64) -> Option<Removed> {
        let at = self
            .0
            .waits
            .binary_search_by_key(&number, |w| w.number)
            .ok()?;
        Some(Removed::Wait(self.0.waits.remove(at)))
    }

    /// The cycle that a wait of `lineage` for one of `targets` would close, if it would. Also returns what was removed: drop
    /// it when the list is unlocked.
    pub(super) fn find_cycle(
        &mut self,
        targets: &[Target],
        lineage: Option<&Arc<Lineage>>,
    ) -> (Option<Cycle>, Vec<Removed>) {
        let mut removed = Vec::new();
        if self.0.waits.len() >= self.0.purge_at {
            let over = self.0.waits.extract_if(.., |wait| (wait.is_over)());
            removed.extend(over.map(Removed::Wait));
            self.0.purge_at = (2 * self.0.waits.len()).max(PURGE);
        }
        let cycle = find_cycle(&self.0.waits, targets, lineage, &mut removed);
        (cycle, removed)
    }

    #[cfg(test)]
    pub(super) fn is_waited_for(&self, target: TargetId) -> bool {
        self.0.waits.iter().any(|w| w.is_for(target))
    }
}

/// What is dropped when the list is unlocked: it may hold the last claim on a future.
#[allow(dead_code)]
pub(super) enum Removed {
    Wait(WaitRecord),
    Target(Target),
}

/// A target that a search has reached, along the waits that hold a target up and along what it needs.
struct Visited {
    target: Target,
    /// The index of the target that it was reached from.
    from: Option<usize>,
    /// Of each of these groups, one target must end first; as indices.
    needs: Vec<Vec<usize>>,
    /// The new wait would hold it up.
    is_held_up: bool,
}

/// A search for cycles.
#[derive(Default)]
struct Search {
    visited: Vec<Visited>,
    indices: AHashMap<TargetId, usize>,
}

impl Search {
    /// Adds a target if it is new; returns its index.
    fn visit(&mut self, target: Target, from: Option<usize>, removed: &mut Vec<Removed>) -> usize {
        let (id, next) = (target.id(), self.visited.len());
        let at = *self.indices.entry(id).or_insert(next);
        if at < next {
            removed.push(Removed::Target(target));
            return at;
        }
        self.visited.push(Visited {
            target,
            from,
            needs: Vec::new(),
            is_held_up: false,
        });
        at
    }

    /// Whether one of the first `n` targets can end if those that are held up cannot.
    fn can_any_end(&self, n: usize) -> bool {
        let mut can = vec![false; self.visited.len()];
        loop {
            let mut changed = false;
            // What a target needs was mostly visited after it.
            for (at, visited) in self.visited.iter().enumerate().rev() {
                let may = |needed: &Vec<usize>| needed.iter().any(|at| can[*at]);
                if !can[at] && !visited.is_held_up && visited.needs.iter().all(may) {
                    can[at] = true;
                    changed = true;
                }
            }
            if !changed {
                return can[..n].contains(&true);
            }
        }
    }

    /// The path to the first target that is held up.
    fn cycle(&self) -> Cycle {
        let mut targets = Vec::new();
        let mut step = self.visited.iter().position(|v| v.is_held_up);
        while let Some(at) = step {
            targets.push(self.visited[at].target.clone());
            step = self.visited[at].from;
        }
        targets.reverse();
        Cycle(targets)
    }
}

/// Targets that wait for each other, and the last of them for the first.
pub(super) struct Cycle(Vec<Target>);

impl Cycle {
    /// Calls the `Debug` of arguments: never with the list locked.
    pub(super) fn describe(&self) -> String {
        let calls: Vec<_> = self.0.iter().map(|of| format!("`{}`", of.call())).collect();
        match &*calls {
            [only] => format!("deadlock: {only} waits for itself"),
            _ => format!(
                "deadlock: {} waits for {}",
                calls.join(" waits for "),
                calls[0]
            ),
        }
    }
}

/// The cycle that a wait of `lineage` for one of `targets` would close, if it would.
fn find_cycle(
    waits: &[WaitRecord],
    targets: &[Target],
    lineage: Option<&Arc<Lineage>>,
    removed: &mut Vec<Removed>,
) -> Option<Cycle> {
    let mut search = Search::default();
    for target in targets {
        search.visit(target.clone(), None, removed);
    }
    let (first, mut at, mut any) = (search.visited.len(), 0, false);
    while at < search.visited.len() {
        let target = &search.visited[at].target;
        let id = target.id();
        if target.has_ended() {
            // Its waiter has not looked yet.
        } else if holds_up(lineage, id) {
            (search.visited[at].is_held_up, any) = (true, true);
        } else {
            let needs = target.needs().into_iter().map(|need| vec![need]);
            let held_up = waits
                .iter()
                .filter(|w| holds_up(w.lineage.as_ref(), id) && !(w.is_over)());
            let groups: Vec<_> = held_up.map(|w| w.targets.clone()).chain(needs).collect();
            for group in groups {
                let visit = |target| search.visit(target, Some(at), removed);
                let group = group.into_iter().map(visit).collect();
                search.visited[at].needs.push(group);
            }
        }
        at += 1;
    }
    let cycle = (any && !search.can_any_end(first)).then(|| search.cycle());
    removed.extend((search.visited.into_iter()).map(|v| Removed::Target(v.target)));
    cycle
}

/// The wait of a body for futures, until [`end`](Awaiting::end) is called.
pub(crate) struct Awaiting(u64);

/// Adds the wait of an execution that holds `lineage` up for one of some futures.
///
/// # Errors
/// The description of the cycle, if the wait would close one.
pub(crate) fn await_futures(
    claims: Vec<Claim>,
    lineage: &Arc<Lineage>,
    is_over: IsOver,
) -> Result<Awaiting, String> {
    let targets: Vec<Target> = claims.into_iter().map(Target::Future).collect();
    let mut waits = Waits::lock();
    let (cycle, over) = waits.find_cycle(&targets, Some(lineage));
    let number = match cycle {
        Some(cycle) => Err(cycle),
        None => Ok(waits.add(targets, Some(lineage), is_over)),
    };
    drop(waits);
    drop(over);
    number.map(Awaiting).map_err(|cycle| cycle.describe())
}

/// The futures that bodies wait for which hold `claim` up.
pub(crate) fn awaited_by_bodies(claim: &Claim) -> Vec<Claim> {
    let (job, index) = claim.id();
    let id = TargetId::Future { job, index };
    let waits = Waits::lock();
    let all = waits.0.waits.iter();
    let held_up = all.filter(|wait| holds_up(wait.lineage.as_ref(), id) && !(wait.is_over)());
    let targets = held_up.flat_map(|wait| &wait.targets);
    let futures = targets.filter_map(|target| match target {
        Target::Future(claim) => Some(claim.clone()),
        Target::Entry { .. } => None,
    });
    futures.collect()
}

impl Awaiting {
    /// Ends the wait.
    pub(crate) fn end(self) {
        let removed = Waits::lock().remove(self.0);
        drop(removed);
    }
}
