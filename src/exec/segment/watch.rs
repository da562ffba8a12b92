//! Which results are alive, for observers: nothing of the execution depends on it.

use crate::base::footprint::Size;
use crate::base::sync::atomic::AtomicU32;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire};
use crate::base::sync::{Mutex, MutexGuard, lock};
use crate::plan::Program;

/// The heap-owning intermediates of a segment that is observed.
pub(super) struct Watch {
    /// How many users of each result have not run yet; 0 for what is not counted, like the outputs.
    readers: Box<[AtomicU32]>,
    alive: Mutex<Vec<Option<Size>>>,
}

impl Watch {
    pub(super) fn of(program: &Program) -> Watch {
        let mut readers = vec![0u32; program.len()];
        for edge in &program.edges {
            readers[edge.index()] += 1;
        }
        for output in &program.outputs {
            readers[output.index()] = 0;
        }
        let counted = program.traits.iter().zip(readers);
        let readers =
            counted.map(|(traits, n)| AtomicU32::new(if traits.counts() { n } else { 0 }));
        Watch {
            readers: readers.collect(),
            alive: Mutex::new(vec![None; program.len()]),
        }
    }

    /// Whether a result that comes to life now is counted.
    pub(super) fn counts(&self, i: usize) -> bool {
        self.readers[i].load(Acquire) != 0
    }

    pub(super) fn born(&self, i: usize, size: Size) {
        self.alive()[i] = Some(size);
    }

    /// One user of a result has run; its size, if it was the last and the result is alive.
    pub(super) fn read(&self, i: usize) -> Option<Size> {
        let last = self.readers[i].fetch_update(AcqRel, Acquire, |n| n.checked_sub(1)) == Ok(1);
        if last { self.alive()[i].take() } else { None }
    }

    /// What is alive although its users will not run.
    pub(super) fn left(&self) -> Vec<(usize, Size)> {
        let alive = std::mem::take(&mut *self.alive());
        let left = alive.into_iter().enumerate();
        left.filter_map(|(i, size)| Some((i, size?))).collect()
    }

    fn alive(&self) -> MutexGuard<'_, Vec<Option<Size>>> {
        lock(&self.alive)
    }
}
