//! Who waits for what, over all memos of the process.
//!
//! A wait knows which running entries it holds up (its lineage), so if the entry waited for is held up, through
//! other waits, by one of them, then no one can ever go on. A nested compute may use another memo than the run
//! around it, and two computes one memo: a circle may lead over several of both. So there is one list, which is
//! short, and only touched by those who wait and those who wake them.

use crate::base::sync::{Mutex, MutexGuard, lock};
use crate::task::Claim;
use ahash::AHashSet;
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
    target: Target,
    lineage: Option<Arc<Lineage>>,
    is_over: IsOver,
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
        target: Target,
        lineage: Option<&Arc<Lineage>>,
        is_over: IsOver,
    ) -> u64 {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        // Under the lock: the list is in their order.
        let number = NUMBERS.fetch_add(1, Relaxed);
        self.0.waits.push(Waiting {
            number,
            target,
            lineage: lineage.cloned(),
            is_over,
        });
        number
    }

    /// An entry is no longer waited for.
    pub(super) fn end(&mut self, target: Place) {
        self.0.waits.retain(|w| w.target.place() != target);
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

    /// The circle that a wait of `lineage` would close, in words; else the waits that are over and were taken away.
    pub(super) fn circle(
        &mut self,
        target: &Target,
        lineage: Option<&Arc<Lineage>>,
    ) -> (Option<String>, Vec<Gone>) {
        let mut gone = Vec::new();
        if self.0.waits.len() >= self.0.purge_at {
            let over = self.0.waits.extract_if(.., |wait| (wait.is_over)());
            gone.extend(over.map(Gone::Wait));
            self.0.purge_at = (2 * self.0.waits.len()).max(PURGE);
        }
        let circle = circle(&self.0.waits, target, lineage, &mut gone);
        (circle, gone)
    }

    #[cfg(test)]
    pub(super) fn is_waited_for(&self, target: Place) -> bool {
        self.0.waits.iter().any(|w| w.target.place() == target)
    }
}

/// What is dropped when the list is no longer locked: it may be the last to hold a future.
#[allow(dead_code)]
pub(super) enum Gone {
    Wait(Waiting),
    Step(Target),
}

/// The circle that a wait of `lineage` would close, in words.
fn circle(
    waits: &[Waiting],
    target: &Target,
    lineage: Option<&Arc<Lineage>>,
    gone: &mut Vec<Gone>,
) -> Option<String> {
    // From what is waited for, along the waits that it holds up and what it needs, to something that the waiter
    // holds up.
    let mut path = vec![(target.clone(), None::<usize>)];
    let mut seen = AHashSet::from_iter([target.place()]);
    let mut at = 0;
    let mut found = None;
    while at < path.len() {
        let place = path[at].0.place();
        if holds(lineage, place) {
            let mut calls = Vec::new();
            let mut step = Some(at);
            while let Some(i) = step {
                calls.push(format!("`{}`", path[i].0.call()));
                step = path[i].1;
            }
            calls.reverse();
            let first = calls[0].clone();
            found = Some(match calls.len() {
                1 => format!("deadlock: {first} waits for itself"),
                _ => format!("deadlock: {} waits for {first}", calls.join(" waits for ")),
            });
            break;
        }
        let held_up = waits
            .iter()
            .filter(|w| holds(w.lineage.as_ref(), place) && !(w.is_over)());
        let next = held_up.map(|w| w.target.clone()).chain(path[at].0.needs());
        for target in next.collect::<Vec<_>>() {
            match seen.insert(target.place()) {
                true => path.push((target, Some(at))),
                false => gone.push(Gone::Step(target)),
            }
        }
        at += 1;
    }
    gone.extend(path.into_iter().map(|(target, _)| Gone::Step(target)));
    found
}

/// A body waits for a future: until this is dropped.
pub(crate) struct Awaiting(u64);

/// Enters the wait of an execution that holds up `lineage`, unless it would close a circle: that, in words.
pub(crate) fn await_future(
    claim: &Claim,
    lineage: &Arc<Lineage>,
    is_over: IsOver,
) -> Result<Awaiting, String> {
    let target = Target::Future(claim.clone());
    let mut waits = Waits::lock();
    let (circle, over) = waits.circle(&target, Some(lineage));
    let number = match circle {
        Some(circle) => Err(circle),
        None => Ok(waits.add(target, Some(lineage), is_over)),
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
