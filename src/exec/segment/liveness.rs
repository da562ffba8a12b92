//! Which results that own heap memory are alive: for the budget of a parallel run, and for observers.

use crate::base::footprint::Size;
use crate::base::sync::atomic::AtomicU32;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire};
use crate::base::sync::{Mutex, lock};
use crate::plan::Program;

/// The heap-owning intermediates of a segment.
pub(in crate::exec) struct Liveness {
    /// How many users of each result have not run yet; 0 for what is not counted, like the outputs.
    readers: Box<[AtomicU32]>,
    /// What is alive and how large it is, if observers are told.
    alive: Option<Mutex<Vec<Option<Size>>>>,
    is_budgeted: bool,
}

impl Liveness {
    pub(super) fn of_plan(program: &Program, is_observed: bool, is_budgeted: bool) -> Liveness {
        let mut readers = vec![0u32; program.len()];
        for edge in &program.edges {
            readers[edge.index()] += 1;
        }
        for output in &program.outputs {
            readers[output.index()] = 0;
        }
        let counted = program.flags.iter().zip(readers);
        let readers = counted.map(|(flags, n)| AtomicU32::new(if flags.counts() { n } else { 0 }));
        Liveness {
            readers: readers.collect(),
            alive: is_observed.then(|| Mutex::new(vec![None; program.len()])),
            is_budgeted,
        }
    }

    /// Whether live results are limited by a budget.
    pub(in crate::exec) fn is_budgeted(&self) -> bool {
        self.is_budgeted
    }

    /// Whether observers are told of a result that comes to life now.
    pub(in crate::exec) fn is_observed(&self, i: usize) -> bool {
        self.alive.is_some() && self.readers[i].load(Acquire) != 0
    }

    /// A result that observers are told of has come to life.
    pub(in crate::exec) fn begin(&self, i: usize, size: Size) {
        if let Some(alive) = &self.alive {
            lock(alive)[i] = Some(size);
        }
    }

    /// Node `i` has run, with a result or without: the inputs of which it was the last user.
    pub(in crate::exec) fn last_inputs<'l>(
        &'l self,
        program: &'l Program,
        i: usize,
    ) -> impl Iterator<Item = usize> + 'l {
        let inputs = program.inputs(i).iter().map(|edge| edge.index());
        inputs.filter(|k| {
            let less = |n: u32| n.checked_sub(1);
            self.readers[*k].fetch_update(AcqRel, Acquire, less) == Ok(1)
        })
    }

    /// A result has ended: its size, if observers were told of its life.
    pub(in crate::exec) fn end(&self, i: usize) -> Option<Size> {
        lock(self.alive.as_ref()?)[i].take()
    }

    /// What is alive although its users will not run.
    pub(in crate::exec) fn end_all(&self) -> Vec<(usize, Size)> {
        let alive = self.alive.as_ref();
        let alive = alive.map_or_else(Vec::new, |alive| std::mem::take(&mut *lock(alive)));
        let left = alive.into_iter().enumerate();
        left.filter_map(|(i, size)| Some((i, size?))).collect()
    }
}
