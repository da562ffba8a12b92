//! dagrs: a Tokio task for each node, a channel for each edge.

use crate::common::shapes::Shape;
use crate::sample::{Sample, checksum, timed, value_of};
use crate::{Peer, Work};
use dagrs::{
    Action, Content, DefaultNode, EnvVar, Graph, InChannels, Node, NodeId, NodeTable, OutChannels,
    Output,
};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

struct Task {
    shape: &'static Shape,
    i: usize,
    inputs: Vec<NodeId>,
}

#[async_trait::async_trait]
impl Action for Task {
    async fn run(
        &self,
        incoming: &mut InChannels,
        outgoing: &mut OutChannels,
        _: Arc<EnvVar>,
    ) -> Output {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for from in &self.inputs {
            let content = incoming.recv_from(from).await.expect("an input");
            inputs.push(*content.into_inner::<u64>().expect("a number"));
        }
        let value = value_of(self.shape, self.i, &inputs);
        outgoing.broadcast(Content::new(value)).await;
        Output::Out(Some(Content::new(value)))
    }
}

pub(crate) fn peer(work: &Work) -> Option<Peer> {
    let shape = work.graph()?;
    let runtime = runtime(work.threads);
    Some(Box::new(move || once(shape, &runtime)))
}

/// So many workers, all started.
fn runtime(threads: usize) -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(threads).build();
    let runtime = runtime.expect("threads for Tokio");
    runtime.block_on(async { tokio::spawn(async {}).await.expect("a task that ends") });
    runtime
}

fn once(shape: &'static Shape, runtime: &Runtime) -> Sample {
    let ((mut graph, ids), build) = timed(|| build(shape));
    let (_, run) = timed(|| {
        runtime
            .block_on(graph.async_start())
            .expect("no task fails")
    });
    let results = graph.get_results::<u64>();
    let value = |i: usize| *results[&ids[i]].clone().expect("a result");
    let sum = checksum(shape.outputs().map(value));
    let ((), drop) = timed(|| drop((results, graph)));
    Sample::phases(&[("build", build), ("run", run), ("drop", drop)], sum)
}

fn build(shape: &'static Shape) -> (Graph, Vec<NodeId>) {
    let mut table = NodeTable::default();
    let mut graph = Graph::new();
    let mut ids: Vec<NodeId> = Vec::with_capacity(shape.len());
    for i in 0..shape.len() {
        let inputs = shape.inputs(i).iter().map(|&k| ids[k as usize]).collect();
        let task = Task { shape, i, inputs };
        let node = DefaultNode::with_action(i.to_string(), task, &mut table);
        ids.push(node.id());
        graph.add_node(node).expect("a new node");
    }
    for i in 0..shape.len() {
        for &k in shape.inputs(i) {
            graph
                .add_edge(ids[k as usize], [ids[i]])
                .expect("two nodes");
        }
    }
    graph.set_env(EnvVar::new(table));
    (graph, ids)
}
