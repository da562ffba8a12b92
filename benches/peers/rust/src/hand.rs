//! By hand: the code of the other benches.

use crate::common::hand::{Closures, Csr, plain_loop};
use crate::common::{pool, tasks};
use crate::sample::{Sample, checksum, timed};
use crate::{Job, Peer, Work};
use std::hint::black_box;

/// The arithmetic alone.
pub(crate) fn plain(work: &Work) -> Option<Peer> {
    Some(match work.job {
        Job::Graph(shape) => Box::new(move || {
            let (values, run) = timed(|| plain_loop(black_box(shape)));
            Sample::phases(&[("run", run)], checksum(values))
        }),
        Job::Fib(n) => Box::new(move || {
            let (value, run) = timed(|| tasks::plain_fib(black_box(n)));
            Sample::phases(&[("run", run)], value)
        }),
    })
}

/// Boxed closures in a list, run from the first to the last.
pub(crate) fn closures(work: &Work) -> Option<Peer> {
    let shape = work.graph()?;
    Some(Box::new(move || {
        let (bodies, build) = timed(|| Closures::build(shape));
        let (values, run) = timed(|| bodies.run());
        let ((), drop) = timed(|| drop(bodies));
        Sample::phases(
            &[("build", build), ("run", run), ("drop", drop)],
            checksum(values),
        )
    }))
}

/// Arrays of indices and counters, ready nodes spawned on rayon or run on.
pub(crate) fn csr(work: &Work) -> Option<Peer> {
    let shape = work.graph()?;
    let pool = pool(work.threads);
    Some(Box::new(move || {
        let (graph, build) = timed(|| Csr::build(shape));
        let (values, run) = timed(|| graph.run(&pool));
        let ((), drop) = timed(|| drop(graph));
        Sample::phases(
            &[("build", build), ("run", run), ("drop", drop)],
            checksum(values),
        )
    }))
}
