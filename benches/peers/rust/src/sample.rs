//! What one run took, and what came of it.

use crate::common::shapes::{Rule, Shape, by_rule};
use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

pub(crate) struct Sample {
    /// In order; the last one is `total`.
    pub(crate) phases: Vec<(&'static str, Duration)>,
    pub(crate) checksum: u64,
}

impl Sample {
    /// One phase after the other, and their sum.
    pub(crate) fn phases(phases: &[(&'static str, Duration)], checksum: u64) -> Sample {
        let total = phases.iter().map(|(_, took)| took).sum();
        let phases = phases.iter().copied().chain([("total", total)]).collect();
        Sample { phases, checksum }
    }

    /// All in one.
    pub(crate) fn whole(total: Duration, checksum: u64) -> Sample {
        Sample {
            phases: vec![("total", total)],
            checksum,
        }
    }
}

/// Runs and times one phase.
#[inline(never)]
pub(crate) fn timed<T>(phase: impl FnOnce() -> T) -> (T, Duration) {
    let since = Instant::now();
    let result = black_box(phase());
    (result, since.elapsed())
}

/// One number for all outputs, the same in every program of this folder.
pub(crate) fn checksum(outputs: impl IntoIterator<Item = u64>) -> u64 {
    outputs.into_iter().fold(0, |sum: u64, value| {
        sum.wrapping_mul(0x100_0000_01b3).wrapping_add(value)
    })
}

/// The value of node `i` from those of its inputs, in their order: for peers through whose edges values flow.
#[allow(dead_code, reason = "of peers that may be left out")]
pub(crate) fn value_of(shape: &Shape, i: usize, inputs: &[u64]) -> u64 {
    fn value<R: Rule>(shape: &Shape, i: usize, inputs: &[u64]) -> u64 {
        // Every rule reads its inputs once each, from the first to the last.
        let next = Cell::new(0);
        R::value(shape, i, |_| inputs[next.replace(next.get() + 1)])
    }
    by_rule!(shape, value(shape, i, inputs))
}
