//! Builds a graph from handles: by a depth-first walk back from the outputs, without recursion; or, if that finds many nodes,
//! by a sweep.

use super::roots::Roots;
use super::sweep::sweep;
use super::{Graph, Link, flags_of};
use crate::base::error::{Error, ErrorKind};
use crate::task::{
    Edge, Input, Inputs, NodeFlags, NodePtr, RawNode, Settings, Use, counted, node_of,
};
use ahash::AHashMap;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Builds the graph of everything that `outputs` need. Each node is asked for its inputs once.
///
/// # Errors
/// `Invalid` if `.after(..)` has closed a cycle, or the graph has more than 2²⁸ nodes.
///
/// # Complexity
/// O(V + E) time, O(V) extra space.
pub(crate) fn build(outputs: Inputs) -> Result<Graph, Error> {
    let roots = outputs.iter().map(|input| counted(*input)).collect();
    build_rooted(outputs, Roots::Own(roots))
}

/// As `build`, with counted pointers that keep the outputs alive.
pub(crate) fn build_rooted(outputs: Inputs, roots: Roots) -> Result<Graph, Error> {
    let mut walk = Walk::new(roots, MANY);
    if walk.run(outputs.clone())? {
        walk.graph.count_uses();
        return Ok(walk.graph);
    }
    let roots = std::mem::take(&mut walk.graph.roots);
    drop(walk);
    let marks = MARKS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(graph) = sweep(&outputs, &roots, &marks) {
        return Ok(Graph { roots, ..graph });
    }
    drop(marks);
    let mut walk = Walk::new(roots, usize::MAX);
    walk.run(outputs)?;
    walk.graph.count_uses();
    Ok(walk.graph)
}

/// Graphs of more nodes are swept. Under `tests/fuzz`, which makes random programs, so are small ones.
const MANY: usize = if cfg!(fuzzing) { 8 } else { 1 << 12 };

/// A node whose inputs are being walked.
struct OpenNode {
    /// `None` for the outputs, at the bottom.
    node: Option<RawNode>,
    /// Where its inputs begin in `pending`. They reach to the end of `pending` when this node is on top.
    first: u32,
    next: u32,
}

struct Walk {
    graph: Graph,
    indices: NodeIndices,
    /// The inputs of all open nodes; those that were walked already are links.
    pending: Inputs,
    open: Vec<OpenNode>,
    /// The settings of open nodes, read once: other threads may change them meanwhile.
    settings: Vec<(RawNode, Settings)>,
    /// Open nodes with an `.after(..)`: every cycle passes through one.
    ordered: BTreeSet<RawNode>,
    entered: usize,
    /// It may enter at most this many nodes.
    most: usize,
}

impl Walk {
    fn new(roots: Roots, most: usize) -> Walk {
        let graph = Graph {
            starts: vec![0].into(),
            roots,
            culled: true,
            ..Graph::default()
        };
        Walk {
            graph,
            indices: NodeIndices::new(),
            pending: Inputs::new(),
            open: Vec::new(),
            settings: Vec::new(),
            ordered: BTreeSet::new(),
            entered: 0,
            most,
        }
    }

    /// Walks the graph; `false` if it stopped because there are more than `most` nodes.
    fn run(&mut self, outputs: Inputs) -> Result<bool, Error> {
        self.pending = outputs;
        self.open.push(OpenNode {
            node: None,
            first: 0,
            next: 0,
        });
        loop {
            let Some(top) = self.open.last_mut() else {
                return Ok(true);
            };
            let at = top.next as usize;
            if at == self.pending.len() {
                self.close()?;
                continue;
            }
            let input = self.pending[at];
            let child = input.raw();
            let found = if node_of(&self.graph.roots, child).is_sole() {
                None
            } else {
                self.indices.get(child, &self.graph)
            };
            match found {
                Some(index) => {
                    self.pending[at] = Input::walked(Link::new(index, input.how()).word());
                    top.next += 1;
                }
                None if self.entered == self.most => return Ok(false),
                None => self.enter(child)?,
            }
        }
    }

    fn enter(&mut self, raw: RawNode) -> Result<(), Error> {
        self.entered += 1;
        let first = self.pending.len() as u32;
        let node = node_of(&self.graph.roots, raw);
        node.list_inputs(&mut self.pending);
        if let Some(settings) = node.settings() {
            if !settings.after.is_empty() && !self.ordered.insert(raw) {
                let message = format!("`.after(..)` has closed a cycle: {}", self.cycle(raw));
                return Err(Error::run(ErrorKind::Invalid, message));
            }
            self.pending
                .extend(settings.after.iter().map(|n| Input::new(n, Use::Order)));
            self.settings.push((raw, settings));
        }
        self.open.push(OpenNode {
            node: Some(raw),
            first,
            next: first,
        });
        Ok(())
    }

    /// Describes the path from an open node back to itself.
    fn cycle(&self, raw: RawNode) -> String {
        let label = |n: RawNode| format!("`{}`", node_of(&self.graph.roots, n).label());
        let path = self
            .open
            .iter()
            .filter_map(|open| open.node)
            .skip_while(|n| *n != raw);
        path.chain([raw])
            .map(label)
            .collect::<Vec<_>>()
            .join(" waits for ")
    }

    /// Closes the top node, whose inputs are all walked: it gets its index.
    fn close(&mut self) -> Result<(), Error> {
        let Some(OpenNode { node, first, .. }) = self.open.pop() else {
            return Ok(());
        };
        let inputs = self
            .pending
            .drain(first as usize..)
            .map(|i| Link::from_word(i.link()));
        let graph = &mut self.graph;
        let Some(raw) = node else {
            graph.outputs = inputs.collect();
            graph.shares |= graph.outputs.iter().any(|l| l.is(Use::Shared));
            return Ok(());
        };
        let from = graph.links.len();
        graph.links.extend(inputs);
        let index = graph.nodes.len();
        if index >= Edge::NODES || graph.links.len() >= u32::MAX as usize {
            return Err(Error::run(
                ErrorKind::Invalid,
                "a graph can have at most 2^28 nodes and 2^32 edges",
            ));
        }
        let node = node_of(&graph.roots, raw);
        let settings = self.settings.pop_if(|(of, _)| *of == raw);
        let settings = settings.map(|(_, settings)| settings);
        let mut flags = flags_of(node, settings.as_ref());
        if graph.links[from..].iter().any(|l| l.how() == Use::Catch) {
            flags.set(NodeFlags::CATCHES);
        }
        graph.shares |= graph.links[from..].iter().any(|l| l.is(Use::Shared));
        let sole = node.is_sole();
        if let Some(settings) = settings {
            if !settings.after.is_empty() {
                self.ordered.remove(&raw);
            }
            graph.settings.insert(index as u32, settings);
        }
        if !sole {
            self.indices.set(raw, index, &graph.roots);
        }
        graph.any.set(flags.0);
        graph.nodes.push(raw);
        graph.flags.push(flags);
        graph.starts.push(graph.links.len() as u32);
        if let Some(parent) = self.open.last_mut() {
            let at = parent.next as usize;
            let how = self.pending[at].how();
            self.pending[at] = Input::walked(Link::new(index, how).word());
            parent.next += 1;
        }
        Ok(())
    }
}

/// The indices of the nodes in the graph.
///
/// One walk at a time writes them into the nodes themselves (`Header::mark`). A mark counts only if
/// the node at that index is the marked one (Briggs & Torczon's sparse set), so stale marks need no
/// clearing. Concurrent walks use a map and do not touch the marks.
enum NodeIndices {
    Marks { _guard: MutexGuard<'static, ()> },
    Map(AHashMap<RawNode, u32>),
}

/// Locked while a thread holds the marks.
pub(super) static MARKS: Mutex<()> = Mutex::new(());

impl NodeIndices {
    fn new() -> NodeIndices {
        match MARKS.try_lock() {
            Ok(guard) => NodeIndices::Marks { _guard: guard },
            Err(std::sync::TryLockError::Poisoned(guard)) => NodeIndices::Marks {
                _guard: guard.into_inner(),
            },
            Err(std::sync::TryLockError::WouldBlock) => NodeIndices::Map(AHashMap::new()),
        }
    }

    #[inline]
    fn get(&self, node: RawNode, graph: &Graph) -> Option<usize> {
        match self {
            NodeIndices::Marks { .. } => {
                let index = node_of(&graph.roots, node).mark() as usize;
                (graph.nodes.get(index) == Some(&node)).then_some(index)
            }
            NodeIndices::Map(map) => map.get(&node).map(|&i| i as usize),
        }
    }

    #[inline]
    fn set(&mut self, node: RawNode, index: usize, roots: &[NodePtr]) {
        match self {
            NodeIndices::Marks { .. } => node_of(roots, node).set_mark(index as u32),
            NodeIndices::Map(map) => _ = map.insert(node, index as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keys, Names};
    use super::*;
    use crate::task::{Function, Purity, TaskSpec, Val, call_node};

    struct Inc;
    impl Function for Inc {
        const SPEC: TaskSpec = TaskSpec::structural("inc", Purity::Pure);
    }

    fn inc(x: u64) -> NodePtr {
        let ops = (Val::literal(x), ());
        call_node::<Inc, u64, _, _, _>(ops, |ops, f| Ok(ops.0.take(f) + 1), |_, _| {})
    }

    #[test]
    fn settings_changed_during_a_walk_are_for_the_next_one() {
        let (call, first) = (inc(1), inc(2));
        let mut walk = Walk::new(Roots::Own(vec![call.clone()].into()), usize::MAX);
        walk.open.push(OpenNode {
            node: None,
            first: 0,
            next: 0,
        });
        walk.pending.push(Input::new(&call, Use::Value));
        call.configure(|s| s.name = Some("early".into()));
        walk.enter(call.raw()).unwrap();
        call.configure(|s| {
            s.name = Some("late".into());
            s.after.push(first.clone());
        });
        walk.close().unwrap();
        assert_eq!(walk.graph.inputs(0), []);
        assert_eq!(walk.graph.settings[&0].name.as_deref(), Some("early"));
        assert_eq!(walk.graph.settings[&0].after.len(), 0);
        assert_eq!(
            Keys::compute(&walk.graph, Names::OfThisProcess)
                .unwrap()
                .keys
                .len(),
            1
        );
    }
}
