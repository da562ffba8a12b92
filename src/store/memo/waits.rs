//! Who waits for what, over all memos of the process.
//!
//! A wait knows which running entries it holds up (its lineage), so if the entry waited for is held up, through
//! other waits, by one of them, then no one can ever go on. A wait for one of several goes on while one of them can. A nested compute may use another memo than the run
//! around it, and two computes one memo: a circle may lead over several of both. So there is one list, which is
//! short, and only touched by those who wait and those who wake them.

use crate::base::sync::{Mutex, MutexGuard, lock};
use crate::task::Claim;
use ahash::AHashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// What can be waited for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// An entry of some memo.
    Entry { memo: u64, key: u128 },
    /// A future: which of which job.
    Future { job: u64, index: u32 },
}

/// What is waited for.
pub(super) enum Target {
    /// An entry that `call` computes.
    Entry {
        place: Place,
        call: String,
    },
    Future(Claim),
}

impl Target {
    fn place(&self) -> Place {
        match self {
            Target::Entry { place, .. } => *place,
            Target::Future(claim) => {
                let (job, index) = claim.id();
                Place::Future { job, index }
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

    /// What must end before it can, whoever works on it.
    fn needs(&self) -> Vec<Target> {
        match self {
            Target::Entry { .. } => Vec::new(),
            Target::Future(claim) => claim
                .work()
                .needs()
                .into_iter()
                .map(Target::Future)
                .collect(),
        }
    }
}

impl Clone for Target {
    fn clone(&self) -> Target {
        match self {
            Target::Entry { place, call } => Target::Entry {
                place: *place,
                call: call.clone(),
            },
            Target::Future(claim) => Target::Future(claim.clone()),
        }
    }
}

/// The running entries that a node's execution holds up, innermost first.
pub(crate) struct Lineage {
    place: Place,
    above: Option<Arc<Lineage>>,
}

impl Lineage {
    pub(super) fn new(place: Place, above: Option<Arc<Lineage>>) -> Arc<Lineage> {
        Arc::new(Lineage { place, above })
    }

    /// What is held up by whoever works on a future, and by what is above.
    pub(crate) fn of_future(job: u64, index: usize, above: Option<Arc<Lineage>>) -> Arc<Lineage> {
        let index = index as u32;
        Lineage::new(Place::Future { job, index }, above)
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

fn holds(lineage: Option<&Arc<Lineage>>, place: Place) -> bool {
    std::iter::successors(lineage, |l| l.above.as_ref()).any(|l| l.place == place)
}

pub(super) struct Waiting {
    number: u64,
    /// One of these must end.
    targets: Vec<Target>,
    lineage: Option<Arc<Lineage>>,
    is_over: IsOver,
}

impl Waiting {
    fn is_for(&self, place: Place) -> bool {
        self.targets.iter().any(|target| target.place() == place)
    }
}

/// Whether a wait is over, though what was waited for has not changed: its run was stopped.
pub(crate) type IsOver = Box<dyn Fn() -> bool + Send>;

/// All waits, in the order of their numbers.
pub(super) struct List {
    waits: Vec<Waiting>,
    /// At this length those that are over are taken away.
    purge_at: usize,
}

const PURGE: usize = 64;

impl List {
    const fn new() -> List {
        List {
            waits: Vec::new(),
            purge_at: PURGE,
        }
    }
}

/// The waits, while the list is locked.
pub(super) struct Waits(MutexGuard<'static, List>);

impl Waits {
    pub(super) fn lock() -> Waits {
        #[cfg(not(lazygraph_shuttle))]
        static ALL: Mutex<List> = Mutex::new(List::new());
        #[cfg(lazygraph_shuttle)]
        shuttle::lazy_static! { static ref ALL: Mutex<List> = Mutex::new(List::new()); }
        Waits(lock(&ALL))
    }

    /// Adds a wait of `lineage`; its number is for taking it away.
    pub(super) fn add(
        &mut self,
        targets: Vec<Target>,
        lineage: Option<&Arc<Lineage>>,
        is_over: IsOver,
    ) -> u64 {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        // Under the lock: the list is in their order.
        let number = NUMBERS.fetch_add(1, Relaxed);
        self.0.waits.push(Waiting {
            number,
            targets,
            lineage: lineage.cloned(),
            is_over,
        });
        number
    }

    /// An entry is no longer waited for.
    pub(super) fn end(&mut self, target: Place) {
        self.0.waits.retain(|w| !w.is_for(target));
    }

    /// One wait is over.
    pub(super) fn remove(&mut self, number: u64) -> Option<Gone> {
        let at = self
            .0
            .waits
            .binary_search_by_key(&number, |w| w.number)
            .ok()?;
        Some(Gone::Wait(self.0.waits.remove(at)))
    }

    /// The circle that a wait of `lineage` for one of `targets` would close, in words; and the waits that are over and
    /// were taken away.
    pub(super) fn circle(
        &mut self,
        targets: &[Target],
        lineage: Option<&Arc<Lineage>>,
    ) -> (Option<String>, Vec<Gone>) {
        let mut gone = Vec::new();
        if self.0.waits.len() >= self.0.purge_at {
            let over = self.0.waits.extract_if(.., |wait| (wait.is_over)());
            gone.extend(over.map(Gone::Wait));
            self.0.purge_at = (2 * self.0.waits.len()).max(PURGE);
        }
        let circle = circle(&self.0.waits, targets, lineage, &mut gone);
        (circle, gone)
    }

    #[cfg(test)]
    pub(super) fn is_waited_for(&self, target: Place) -> bool {
        self.0.waits.iter().any(|w| w.is_for(target))
    }
}

/// What is dropped when the list is no longer locked: it may be the last to hold a future.
#[allow(dead_code)]
pub(super) enum Gone {
    Wait(Waiting),
    Step(Target),
}

/// What is found on the way from what is waited for, along the waits that it holds up and what it needs.
struct Found {
    target: Target,
    /// From where.
    from: Option<usize>,
    /// Of each of these one must end first: places of what was found.
    needs: Vec<Vec<usize>>,
    /// The waiter holds it up.
    is_held: bool,
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
    places: AHashMap<Place, usize>,
}

impl Search {
    fn visit(&mut self, target: Target, from: Option<usize>, gone: &mut Vec<Gone>) -> usize {
        let (place, next) = (target.place(), self.found.len());
        let at = *self.places.entry(place).or_insert(next);
        if at < next {
            gone.push(Gone::Step(target));
            return at;
        }
        self.found.push(Found {
            target,
            from,
            needs: Vec::new(),
            is_held: false,
        });
        at
    }

    /// Whether one of the first `n` can end though what is held cannot.
    fn can_any_end(&self, n: usize) -> bool {
        let mut can = vec![false; self.found.len()];
        loop {
            let mut changed = false;
            // What a place needs was mostly found after it.
            for (at, found) in self.found.iter().enumerate().rev() {
                let may = |needed: &Vec<usize>| needed.iter().any(|at| can[*at]);
                if !can[at] && !found.is_held && found.needs.iter().all(may) {
                    can[at] = true;
                    changed = true;
                }
            }
            if !changed {
                return can[..n].contains(&true);
            }
        }
    }

    /// The way to the first that is held.
    fn told(&self) -> Option<String> {
        let mut calls = Vec::new();
        let mut step = self.found.iter().position(|found| found.is_held);
        while let Some(at) = step {
            calls.push(format!("`{}`", self.found[at].target.call()));
            step = self.found[at].from;
        }
        calls.reverse();
        let first = calls.first()?;
        Some(match calls.len() {
            1 => format!("deadlock: {first} waits for itself"),
            _ => format!("deadlock: {} waits for {first}", calls.join(" waits for ")),
        })
    }
}

/// The circle that a wait of `lineage` for one of `targets` would close, in words.
fn circle(
    waits: &[Waiting],
    targets: &[Target],
    lineage: Option<&Arc<Lineage>>,
    gone: &mut Vec<Gone>,
) -> Option<String> {
    let mut search = Search::default();
    for target in targets {
        search.visit(target.clone(), None, gone);
    }
    let (first, mut at, mut any) = (search.found.len(), 0, false);
    while at < search.found.len() {
        let target = &search.found[at].target;
        let place = target.place();
        if target.has_ended() {
            // Who waits for it has not looked yet.
        } else if holds(lineage, place) {
            (search.found[at].is_held, any) = (true, true);
        } else {
            let needs = target.needs().into_iter().map(|need| vec![need]);
            let held_up = waits
                .iter()
                .filter(|w| holds(w.lineage.as_ref(), place) && !(w.is_over)());
            let groups: Vec<_> = held_up.map(|w| w.targets.clone()).chain(needs).collect();
            for group in groups {
                let visit = |target| search.visit(target, Some(at), gone);
                let group = group.into_iter().map(visit).collect();
                search.found[at].needs.push(group);
            }
        }
        at += 1;
    }
    let circle = (any && !search.can_any_end(first)).then(|| search.told());
    gone.extend(search.found.into_iter().map(|f| Gone::Step(f.target)));
    circle.flatten()
}

/// A body waits for a future: until this is dropped.
pub(crate) struct Awaiting(u64);

/// Enters the wait of an execution that holds up `lineage` for one of some futures, unless it would close a circle: that,
/// in words.
pub(crate) fn await_futures(
    claims: Vec<Claim>,
    lineage: &Arc<Lineage>,
    is_over: IsOver,
) -> Result<Awaiting, String> {
    let targets: Vec<Target> = claims.into_iter().map(Target::Future).collect();
    let mut waits = Waits::lock();
    let (circle, over) = waits.circle(&targets, Some(lineage));
    let number = match circle {
        Some(circle) => Err(circle),
        None => Ok(waits.add(targets, Some(lineage), is_over)),
    };
    drop(waits);
    drop(over);
    number.map(Awaiting)
}

impl Awaiting {
    /// The wait is over.
    pub(crate) fn end(self) {
        let gone = Waits::lock().remove(self.0);
        drop(gone);
    }
}
