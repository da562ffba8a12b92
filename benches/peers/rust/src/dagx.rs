//! dagx: typed async tasks, up to eight inputs each. A sum of more is made of several.
#![allow(
    clippy::too_many_arguments,
    reason = "an input is an argument, and up to eight of them are used"
)]

use crate::common::shapes::Shape;
use crate::common::shapes::sum;
use crate::sample::{Sample, checksum, timed, value_of};
use crate::{Peer, Work};
use dagx::{DagRunner, Task, TaskHandle, task};
use tokio::runtime::{Builder, Runtime};

struct Node0(&'static Shape, usize);
struct Node1(&'static Shape, usize);
struct Node2(&'static Shape, usize);
struct Node3(&'static Shape, usize);
struct Node4(&'static Shape, usize);
struct Sum2;
struct Sum4;
struct Sum8;

#[task]
impl Node0 {
    async fn run(&self) -> u64 {
        value_of(self.0, self.1, &[])
    }
}

#[task]
impl Node1 {
    async fn run(&self, a: &u64) -> u64 {
        value_of(self.0, self.1, &[*a])
    }
}

#[task]
impl Node2 {
    async fn run(&self, a: &u64, b: &u64) -> u64 {
        value_of(self.0, self.1, &[*a, *b])
    }
}

#[task]
impl Node3 {
    async fn run(&self, a: &u64, b: &u64, c: &u64) -> u64 {
        value_of(self.0, self.1, &[*a, *b, *c])
    }
}

#[task]
impl Node4 {
    async fn run(&self, a: &u64, b: &u64, c: &u64, d: &u64) -> u64 {
        value_of(self.0, self.1, &[*a, *b, *c, *d])
    }
}

#[task]
impl Sum2 {
    async fn run(a: &u64, b: &u64) -> u64 {
        sum::now(&[*a, *b])
    }
}

#[task]
impl Sum4 {
    async fn run(a: &u64, b: &u64, c: &u64, d: &u64) -> u64 {
        sum::now(&[*a, *b, *c, *d])
    }
}

#[task]
impl Sum8 {
    async fn run(a: &u64, b: &u64, c: &u64, d: &u64, e: &u64, f: &u64, g: &u64, h: &u64) -> u64 {
        sum::now(&[*a, *b, *c, *d, *e, *f, *g, *h])
    }
}

pub(crate) fn peer(work: &Work) -> Option<Peer> {
    let shape = work.graph()?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(work.threads)
        .build();
    let runtime = runtime.expect("threads for Tokio");
    runtime.block_on(async { tokio::spawn(async {}).await.expect("a task that ends") });
    Some(Box::new(move || once(shape, &runtime)))
}

fn once(shape: &'static Shape, runtime: &Runtime) -> Sample {
    let ((dag, nodes), build) = timed(|| build(shape));
    let spawn = |future| {
        tokio::spawn(future);
    };
    let ((), run) = timed(|| runtime.block_on(dag.run(spawn)).expect("no task fails"));
    let value = |i: usize| dag.get(nodes[i]).expect("a result");
    let sum = checksum(shape.outputs().map(value));
    let ((), drop) = timed(|| drop((dag, nodes)));
    Sample::phases(&[("build", build), ("run", run), ("drop", drop)], sum)
}

fn build(shape: &'static Shape) -> (DagRunner, Vec<TaskHandle<u64>>) {
    let dag = DagRunner::new();
    let mut nodes: Vec<TaskHandle<u64>> = Vec::with_capacity(shape.len());
    for i in 0..shape.len() {
        let input = |k: &u32| &nodes[*k as usize];
        let node = match shape.inputs(i) {
            [] => dag.add_task(Node0(shape, i)).into(),
            [a] => dag.add_task(Node1(shape, i)).depends_on(input(a)),
            [a, b] => {
                let task = dag.add_task(Node2(shape, i));
                task.depends_on((input(a), input(b)))
            }
            [a, b, c] => {
                let task = dag.add_task(Node3(shape, i));
                task.depends_on((input(a), input(b), input(c)))
            }
            [a, b, c, d] => {
                let task = dag.add_task(Node4(shape, i));
                task.depends_on((input(a), input(b), input(c), input(d)))
            }
            many => add_up(&dag, &many.iter().map(input).collect::<Vec<_>>()),
        };
        nodes.push(node);
    }
    (dag, nodes)
}

/// Only sums have so many.
fn add_up(dag: &DagRunner, inputs: &[&TaskHandle<u64>]) -> TaskHandle<u64> {
    match *inputs {
        [a, b] => dag.add_task(Sum2).depends_on((a, b)),
        [a, b, c, d] => dag.add_task(Sum4).depends_on((a, b, c, d)),
        [a, b, c, d, e, f, g, h] => dag.add_task(Sum8).depends_on((a, b, c, d, e, f, g, h)),
        _ => {
            let at = [8, 4, 2, 1].into_iter().find(|at| *at < inputs.len());
            let (first, rest) = inputs.split_at(at.expect("two inputs or more"));
            let part = |part: &[&TaskHandle<u64>]| (part.len() > 1).then(|| add_up(dag, part));
            let (a, b) = (part(first), part(rest));
            let a = a.as_ref().unwrap_or(first[0]);
            let b = b.as_ref().unwrap_or(rest[0]);
            dag.add_task(Sum2).depends_on((a, b))
        }
    }
}
