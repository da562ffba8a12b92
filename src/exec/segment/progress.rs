//! Which units of a segment wait for what.

use super::groups::UnitGroups;
use crate::base::sync::atomic::AtomicU32;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::AcqRel;
use crate::plan::{Consumers, Groups, Program};
use std::ops::Range;
use std::sync::Arc;

/// The units of a segment that several threads may work on: those of its plan, or groups of tiny nodes.
pub(in crate::exec) struct Progress {
    program: Arc<Program>,
    groups: Option<UnitGroups>,
    /// How many edges each unit still waits for.
    waits: Box<[AtomicU32]>,
    /// Units that have not finished.
    remaining: AtomicUsize,
    /// The next of the sources that nobody has taken.
    pub(in crate::exec) sources: AtomicUsize,
}

impl Progress {
    /// The units of a plan, or these groups of its nodes.
    pub(super) fn new(program: &Arc<Program>, groups: Option<Groups>) -> Progress {
        let program = program.clone();
        let waits = match &groups {
            Some(_) => Box::default(),
            None => {
                let waits = program.consumers().waits.iter();
                waits.map(|n| AtomicU32::new(*n)).collect()
            }
        };
        Progress {
            remaining: AtomicUsize::new(program.unit_count()),
            program,
            groups: groups.map(UnitGroups::new),
            waits,
            sources: AtomicUsize::new(0),
        }
    }

    /// Before anybody else takes part: counts the first `done` units as finished, and those up to `begun` as begun. Lists
    /// the others that only waited for them.
    pub(super) fn advance(&mut self, done: usize, begun: usize) -> Vec<u32> {
        let mut ready = Vec::new();
        for unit in 0..done {
            let consumers = self.program.consumers();
            for &w in consumers
                .of_unit(unit)
                .iter()
                .filter(|w| **w as usize >= begun)
            {
                let waits = self.waits[w as usize].get_mut();
                *waits -= 1;
                if *waits == 0 {
                    ready.push(w);
                }
            }
        }
        *self.remaining.get_mut() -= done;
        let sources = &self.program.consumers().sources;
        *self.sources.get_mut() = sources.partition_point(|u| (*u as usize) < begun);
        ready
    }

    /// The nodes of a unit.
    #[inline]
    pub(in crate::exec) fn nodes(&self, unit: usize) -> Range<usize> {
        match &self.groups {
            Some(groups) => groups.nodes(unit),
            None => self.program.unit(unit),
        }
    }

    #[inline]
    pub(in crate::exec) fn consumers(&self) -> &Consumers {
        match &self.groups {
            Some(groups) => groups.consumers(),
            None => self.program.consumers(),
        }
    }

    /// Its units, if they are groups, which have an order of their own.
    #[inline]
    pub(in crate::exec) fn groups(&self) -> Option<&UnitGroups> {
        self.groups.as_ref()
    }

    /// One of the edges that a unit waits for has been served; `true` if it was the last.
    #[inline]
    pub(in crate::exec) fn serve_edge(&self, unit: usize) -> bool {
        self.consumers().waits[unit] == 1 || self.waits[unit].fetch_sub(1, AcqRel) == 1
    }

    /// Counts a unit as finished; `true` if it was the last.
    pub(in crate::exec) fn finish_unit(&self) -> bool {
        self.remaining.fetch_sub(1, AcqRel) == 1
    }
}
