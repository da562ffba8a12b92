//! petgraph: what most graphs in Rust are made of. It has no executor: closures as weights, sorted, run in that order.

use crate::common::shapes::Shape;
use crate::sample::{Sample, checksum, timed, value_of};
use crate::{Peer, Work};
use petgraph::Direction::Incoming;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

type Body = Box<dyn Fn(&[u64]) -> u64>;
/// The weight of an edge says which input it is.
type Graph = DiGraph<Body, u32>;

pub(crate) fn peer(work: &Work) -> Option<Peer> {
    let shape = work.graph()?;
    Some(Box::new(move || {
        let (graph, build) = timed(|| build(shape));
        let (values, run) = timed(|| run(&graph));
        let sum = checksum(values[shape.outputs()].iter().copied());
        let ((), drop) = timed(|| drop((graph, values)));
        Sample::phases(&[("build", build), ("run", run), ("drop", drop)], sum)
    }))
}

fn build(shape: &'static Shape) -> Graph {
    let mut graph = Graph::new();
    for i in 0..shape.len() {
        let body: Body = Box::new(move |inputs| value_of(shape, i, inputs));
        let node = graph.add_node(body);
        for (at, &k) in shape.inputs(i).iter().enumerate() {
            graph.add_edge(NodeIndex::new(k as usize), node, at as u32);
        }
    }
    graph
}

fn run(graph: &Graph) -> Vec<u64> {
    let order = toposort(graph, None).expect("a graph without cycles");
    let mut values = vec![0; graph.node_count()];
    let mut inputs = [0; 16];
    for node in order {
        let mut count = 0;
        for edge in graph.edges_directed(node, Incoming) {
            inputs[*edge.weight() as usize] = values[edge.source().index()];
            count += 1;
        }
        values[node.index()] = graph[node](&inputs[..count]);
    }
    values
}
