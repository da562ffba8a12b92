//! lazygraph, written as a user writes it.

use crate::common::tasks;
use crate::sample::{Sample, checksum, timed};
use crate::{Job, Peer, Work};
use lazygraph::{Options, Plan};
use std::hint::black_box;

/// Built, computed and dropped, as a whole.
pub(crate) fn total(work: &Work) -> Option<Peer> {
    let options = Options::new().threads(work.threads);
    Some(match work.job {
        Job::Graph(shape) => Box::new(move || {
            let (values, total) = timed(|| shape.lazygraph(&options).expect("no task fails"));
            Sample::whole(total, checksum(values))
        }),
        Job::Fib(n) => Box::new(move || {
            let (value, total) = timed(|| tasks::fib(black_box(n)).compute_with(&options));
            Sample::whole(total, value.expect("no task fails"))
        }),
    })
}

/// One after the other. In a process of its own, for what the allocator has put off in one graph, the next one pays.
pub(crate) fn phases(work: &Work) -> Option<Peer> {
    let options = Options::new().threads(work.threads);
    let shape = work.graph()?;
    Some(Box::new(move || {
        let (outputs, build) = timed(|| shape.delayed());
        let (plan, planned) = timed(|| Plan::new(outputs, &options).expect("no cycles"));
        let (values, run) = timed(|| plan.run().expect("no task fails"));
        let ((), drop) = timed(|| drop(plan));
        let phases = [
            ("build", build),
            ("plan", planned),
            ("run", run),
            ("drop", drop),
        ];
        Sample::phases(&phases, checksum(values))
    }))
}

/// A plan that was made before and is run again.
pub(crate) fn kept_plan(work: &Work) -> Option<Peer> {
    let options = Options::new().threads(work.threads);
    let plan = Plan::new(work.graph()?.delayed(), &options).expect("no cycles");
    Some(Box::new(move || {
        let (values, run) = timed(|| plan.run().expect("no task fails"));
        Sample::phases(&[("run", run)], checksum(values))
    }))
}
