//! The shapes by hand: a plain loop, boxed closures, and a flat graph on rayon.

use super::shapes::{Rule, Shape, by_rule};
use rayon::{Scope, ThreadPool};
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::atomic::{AtomicU32, AtomicU64};

// ------------------------------------------------------------------ a loop

/// The floor: no graph, one value after the other.
pub(crate) fn plain_loop(shape: &Shape) -> Vec<u64> {
    fn sweep<R: Rule>(shape: &Shape) -> Vec<u64> {
        let mut values = vec![0; shape.len()];
        for i in 0..shape.len() {
            values[i] = R::value(shape, i, |k| values[k]);
        }
        values.split_off(shape.outputs().start)
    }
    by_rule!(shape, sweep(shape))
}

// ------------------------------------------------------------------ closures

type Body<'s> = Box<dyn Fn(&mut [u64]) + Send + 's>;

/// One boxed closure per node, run in the order in which they were made.
pub(crate) struct Closures<'s> {
    shape: &'s Shape,
    bodies: Vec<Body<'s>>,
}

impl<'s> Closures<'s> {
    pub(crate) fn build(shape: &'s Shape) -> Closures<'s> {
        fn bodies<R: Rule>(shape: &Shape) -> Vec<Body<'_>> {
            let mut bodies: Vec<Body<'_>> = Vec::new();
            for i in 0..shape.len() {
                bodies.push(Box::new(move |values| {
                    values[i] = R::value(shape, i, |k| values[k])
                }));
            }
            bodies
        }
        Closures {
            shape,
            bodies: by_rule!(shape, bodies(shape)),
        }
    }

    pub(crate) fn run(&self) -> Vec<u64> {
        let mut values = vec![0; self.shape.len()];
        for body in &self.bodies {
            body(&mut values);
        }
        values.split_off(self.shape.outputs().start)
    }
}

// ------------------------------------------------------------------ a flat graph on rayon

/// What somebody who knows the whole graph beforehand would write: no closures, consumers as one flat list
/// (CSR), a count of missing inputs per node. The last finished input runs its consumer; further ready
/// ones are spawned; leaves come 256 to a task.
pub(crate) struct Csr {
    shape: Shape,
    /// The consumers of node `i` are `consumers[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    consumers: Vec<u32>,
    missing: Vec<AtomicU32>,
    values: Vec<AtomicU64>,
}

impl Csr {
    pub(crate) fn build(shape: &Shape) -> Csr {
        let shape = shape.clone();
        let n = shape.len();
        let mut starts = vec![0u32; n + 1];
        for i in 0..n {
            for &k in shape.inputs(i) {
                starts[k as usize + 1] += 1;
            }
        }
        for i in 0..n {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut consumers = vec![0u32; shape.edges()];
        let mut missing = Vec::with_capacity(n);
        for i in 0..n {
            for &k in shape.inputs(i) {
                let at = &mut next[k as usize];
                consumers[*at as usize] = i as u32;
                *at += 1;
            }
            missing.push(AtomicU32::new(shape.inputs(i).len() as u32));
        }
        let values = (0..n).map(|_| AtomicU64::new(0)).collect();
        Csr {
            shape,
            starts,
            consumers,
            missing,
            values,
        }
    }

    /// Runs it, once.
    pub(crate) fn run(&self, pool: &ThreadPool) -> Vec<u64> {
        by_rule!(self.shape, start(self, pool));
        self.values[self.shape.outputs()]
            .iter()
            .map(|v| v.load(Relaxed))
            .collect()
    }
}

fn start<R: Rule>(graph: &Csr, pool: &ThreadPool) {
    const CHUNK: usize = 256;
    pool.scope(|scope| {
        for first in (0..graph.shape.leaves).step_by(CHUNK) {
            let leaves = first..(first + CHUNK).min(graph.shape.leaves);
            scope.spawn(move |scope| leaves.for_each(|leaf| follow::<R>(graph, scope, leaf)));
        }
    });
}

/// Runs node `i`, then what that makes ready.
fn follow<'g, R: Rule>(graph: &'g Csr, scope: &Scope<'g>, mut i: usize) {
    loop {
        // Relaxed will do: counting down `missing` orders each value before its users.
        let value = R::value(&graph.shape, i, |k| graph.values[k].load(Relaxed));
        graph.values[i].store(value, Relaxed);
        let mut next = None;
        for &consumer in &graph.consumers[graph.starts[i] as usize..graph.starts[i + 1] as usize] {
            let consumer = consumer as usize;
            if graph.missing[consumer].fetch_sub(1, AcqRel) == 1 {
                match next {
                    None => next = Some(consumer),
                    Some(_) => scope.spawn(move |scope| follow::<R>(graph, scope, consumer)),
                }
            }
        }
        match next {
            Some(consumer) => i = consumer,
            None => return,
        }
    }
}
