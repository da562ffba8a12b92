//! Who waits for what, over all memos of the process.
//!
//! A wait knows which running entries it holds up (its lineage), so if the entry waited for is held up, through
//! other waits, by one of them, then no one can ever go on. A nested compute may use another memo than the run
//! around it, and two computes one memo: a circle may lead over several of both. So there is one list, which is
//! short, and only touched by those who wait and those who wake them.

use crate::base::sync::{Mutex, MutexGuard, lock};
use std::sync::Arc;

/// An entry of some memo.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) memo: u64,
    pub(super) key: u128,
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

struct Waiting {
    target: Place,
    target_call: String,
    lineage: Option<Arc<Lineage>>,
    is_over: IsOver,
}

/// Whether a wait is over, though what was waited for has not changed: its run was stopped.
pub(crate) type IsOver = Box<dyn Fn() -> bool + Send>;

/// The waits for running entries, while the list is locked.
pub(super) struct Waits(MutexGuard<'static, Vec<Waiting>>);

impl Waits {
    pub(super) fn lock() -> Waits {
        #[cfg(not(lazygraph_shuttle))]
        static ALL: Mutex<Vec<Waiting>> = Mutex::new(Vec::new());
        #[cfg(lazygraph_shuttle)]
        shuttle::lazy_static! { static ref ALL: Mutex<Vec<Waiting>> = Mutex::new(Vec::new()); }
        Waits(lock(&ALL))
    }

    /// Adds a wait of `lineage` for an entry that `call` computes.
    pub(super) fn add(
        &mut self,
        target: Place,
        call: &str,
        lineage: Option<&Arc<Lineage>>,
        is_over: IsOver,
    ) {
        self.0.push(Waiting {
            target,
            target_call: call.to_owned(),
            lineage: lineage.cloned(),
            is_over,
        });
    }

    /// An entry is no longer waited for.
    pub(super) fn end(&mut self, target: Place) {
        self.0.retain(|w| w.target != target);
    }

    /// The circle that a wait of `lineage` for an entry would close, in words.
    pub(super) fn circle(
        &mut self,
        target: Place,
        call: &str,
        lineage: Option<&Arc<Lineage>>,
    ) -> Option<String> {
        self.0.retain(|wait| !(wait.is_over)());
        circle(&self.0, target, call, lineage)
    }

    #[cfg(test)]
    pub(super) fn is_waited_for(&self, target: Place) -> bool {
        self.0.iter().any(|w| w.target == target)
    }
}

/// The circle that a wait of `lineage` for `key` would close, in words.
fn circle(
    waits: &[Waiting],
    target: Place,
    call: &str,
    lineage: Option<&Arc<Lineage>>,
) -> Option<String> {
    // From the entry waited for, along the waits that it holds up, to one that the waiter holds up.
    let mut path = vec![(target, call.to_owned(), None::<usize>)];
    let mut at = 0;
    while at < path.len() {
        let (place, ..) = path[at];
        if holds(lineage, place) {
            let mut calls = Vec::new();
            let mut step = Some(at);
            while let Some(i) = step {
                calls.push(format!("`{}`", path[i].1));
                step = path[i].2;
            }
            calls.reverse();
            let first = calls[0].clone();
            return Some(match calls.len() {
                1 => format!("deadlock: {first} waits for itself"),
                _ => format!("deadlock: {} waits for {first}", calls.join(" waits for ")),
            });
        }
        for wait in waits.iter().filter(|w| holds(w.lineage.as_ref(), place)) {
            if path.iter().all(|(seen, ..)| *seen != wait.target) {
                path.push((wait.target, wait.target_call.clone(), Some(at)));
            }
        }
        at += 1;
    }
    None
}
