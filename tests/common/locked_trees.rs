//! Random trees, each told by its seed, whose bodies hold locks while they wait for those below.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{LockResult, Mutex, MutexGuard};

use crate::Chance;

const LEVELS: usize = 5;

/// How many nodes the tree of `seed` has.
pub fn size(seed: u64, level: usize) -> usize {
    let below = children(seed, level).map(|seed| size(seed, level + 1));
    below.sum::<usize>() + 1
}

/// The seeds of the trees right below.
pub fn children(seed: u64, level: usize) -> impl Iterator<Item = u64> {
    let mut chance = Chance(seed ^ 0x5eed);
    let many = match level < LEVELS {
        true => chance.below(4),
        false => 0,
    };
    (0..many).map(move |_| chance.draw())
}

/// A row for each level, so that locks are always taken in the same order.
#[derive(Default)]
pub struct Locks {
    rows: [[Mutex<()>; 3]; LEVELS + 1],
    reentries: AtomicUsize,
}

thread_local! {
    /// The locks that bodies on this thread's stack hold.
    static HELD: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
}

impl Locks {
    /// Half of the bodies hold one of their level's. Met again on the stack that holds it, taking it would be the end of the
    /// test: that is counted.
    pub fn hold(&self, chance: &mut Chance, level: usize) -> Option<Held<'_>> {
        let at = (level, chance.below(3));
        let is_met = HELD.with_borrow(|held| held.contains(&at));
        self.reentries.fetch_add(usize::from(is_met), SeqCst);
        (chance.below(2) == 0 && !is_met).then(|| {
            let guard = self.rows[at.0][at.1].lock();
            HELD.with_borrow_mut(|held| held.push(at));
            Held { at, _guard: guard }
        })
    }

    /// How many were met again by the thread that held them.
    pub fn reentries(&self) -> usize {
        self.reentries.load(SeqCst)
    }
}

pub struct Held<'l> {
    at: (usize, usize),
    _guard: LockResult<MutexGuard<'l, ()>>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        HELD.with_borrow_mut(|held| held.retain(|at| *at != self.at));
    }
}
