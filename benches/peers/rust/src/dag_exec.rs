//! dag_exec: closures over shared inputs, threads of its own for each run.

use crate::common::shapes::Shape;
use crate::sample::{Sample, checksum, timed, value_of};
use crate::{Peer, Work};
use dag_exec::{Dag, DagBuilder, Executor, ExecutorConfig};
use std::sync::Arc;

pub(crate) fn peer(work: &Work) -> Option<Peer> {
    let shape = work.graph()?;
    let threads = work.threads;
    Some(Box::new(move || once(shape, threads)))
}

/// On one thread its sequential executor, for that is the faster one.
fn once(shape: &'static Shape, threads: usize) -> Sample {
    let (dag, build) = timed(|| build(shape));
    let outputs: Vec<u32> = shape.outputs().map(|i| i as u32).collect();
    let (results, run) = timed(|| {
        let executor = Executor::new(ExecutorConfig {
            max_workers: threads,
            ..ExecutorConfig::default()
        });
        let results = if threads == 1 {
            executor.run_sequential(&dag, outputs.iter().copied())
        } else {
            executor.run_parallel(&dag, outputs.iter().copied())
        };
        results.unwrap_or_else(|_| panic!("a task has failed"))
    });
    let sum = checksum(outputs.iter().map(|i| *results[i]));
    let ((), drop) = timed(|| drop((dag, results)));
    Sample::phases(&[("build", build), ("run", run), ("drop", drop)], sum)
}

fn build(shape: &'static Shape) -> Dag<u32, u64, ()> {
    let mut dag = DagBuilder::<u32, u64, ()>::new();
    for i in 0..shape.len() {
        let task = move |inputs: &[Arc<u64>]| {
            let mut values = [0; 16];
            for (value, input) in values.iter_mut().zip(inputs) {
                *value = **input;
            }
            Ok(value_of(shape, i, &values[..inputs.len()]))
        };
        let added = dag.add_task(i as u32, shape.inputs(i).to_vec(), task);
        added.unwrap_or_else(|_| panic!("node {i} cannot be added"));
    }
    dag.build()
        .unwrap_or_else(|_| panic!("a graph without cycles"))
}
