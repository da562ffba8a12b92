//! L2: a graph as arrays of indices, in topological order: what the passes work on.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod keys;

pub(crate) use build::build;
pub(crate) use keys::{Keys, Merge, content_key};

use crate::base::error::Culprit;
use crate::task::node::node_of;
use crate::task::{Describe, NodePtr, NodeRef, Purity, RawNode, Settings, Storage, Use};
use ahash::AHashMap;
use std::sync::Arc;

/// An edge: which node is read, and how, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Link(u32);

impl Link {
    const SHIFT: u32 = 28;

    pub(crate) fn new(index: usize, how: Use) -> Link {
        Link(index as u32 | (how as u32) << Self::SHIFT)
    }

    pub(crate) fn index(self) -> usize {
        (self.0 & ((1 << Self::SHIFT) - 1)) as usize
    }

    pub(crate) fn how(self) -> Use {
        match self.0 >> Self::SHIFT {
            0 => Use::Value,
            1 => Use::Ref,
            2 => Use::Shared,
            3 => Use::Catch,
            _ => Use::Order,
        }
    }

    pub(crate) fn to(self, index: usize) -> Link {
        Link::new(index, self.how())
    }

    pub(crate) fn word(self) -> u32 {
        self.0
    }

    pub(crate) fn from_word(word: u32) -> Link {
        Link(word)
    }
}

/// What the passes and the executor need to know of a node without touching it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Traits(pub(crate) u16);

impl Traits {
    /// The result owns something: it has a `Drop`.
    pub(crate) const OWNING: u16 = 1;
    /// The slot holds a pointer to the result.
    pub(crate) const INDIRECT: u16 = 1 << 1;
    /// Equal nodes may be merged.
    pub(crate) const MERGE: u16 = 1 << 2;
    /// The body returns a graph.
    pub(crate) const FLAT: u16 = 1 << 3;
    /// Something was said of the call.
    pub(crate) const SETTINGS: u16 = 1 << 4;
    /// Run again in each consumer.
    pub(crate) const INLINE: u16 = 1 << 5;
    /// A source that is the same in every evaluation.
    pub(crate) const CONSTANT: u16 = 1 << 6;
    /// The result does not fit a slot of 8 bytes, aligned to 8.
    pub(crate) const LARGE: u16 = 1 << 7;
    /// Its result must be wrapped into an `Arc` after the body: shared with a user or the memo.
    pub(crate) const SHARE: u16 = 1 << 8;
    /// Reads an input that may have failed.
    pub(crate) const CATCHES: u16 = 1 << 9;
    /// Barrier to fusion.
    pub(crate) const NO_FUSE: u16 = 1 << 10;
    /// May be tried again, has a deadline, or asks for resources.
    pub(crate) const GUARDED: u16 = 1 << 11;
    /// Remembered in the memo of the run.
    pub(crate) const KEYED: u16 = 1 << 12;
    /// A value put into the graph from outside: not counted among live intermediates.
    pub(crate) const SOURCE: u16 = 1 << 13;
    /// The result lies in a scope's stack frame.
    pub(crate) const BORROWED: u16 = 1 << 15;
    /// In one unit with the node before it, which is its only input and has no other user.
    pub(crate) const JOINED: u16 = 1 << 14;

    pub(crate) fn has(self, flag: u16) -> bool {
        self.0 & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u16) {
        self.0 |= flag;
    }

    pub(crate) fn clear(&mut self, flag: u16) {
        self.0 &= !flag;
    }

    /// A heap-owning intermediate, as promise P7 counts them.
    pub(crate) fn counts(self) -> bool {
        self.has(Self::OWNING) && !self.has(Self::SOURCE)
    }
}

/// A graph in topological order: inputs stand before their users.
pub(crate) struct Graph {
    pub(crate) nodes: Vec<RawNode>,
    pub(crate) traits: Vec<Traits>,
    /// The inputs of node `i` are `links[starts[i]..starts[i + 1]]`.
    pub(crate) starts: Vec<u32>,
    pub(crate) links: Vec<Link>,
    pub(crate) outputs: Vec<Link>,
    pub(crate) settings: AHashMap<u32, Settings>,
    /// Keeps every node alive.
    pub(crate) roots: Vec<NodePtr>,
    /// All traits of all nodes together.
    pub(crate) any: Traits,
    /// Every node is reached from an output.
    pub(crate) culled: bool,
    /// The nodes stand in the order of a depth-first walk from the outputs, operand by operand.
    pub(crate) depth_first: bool,
    /// The content keys of the nodes that are `KEYED`; empty if none is.
    pub(crate) keys: Vec<u128>,
}

impl Graph {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn inputs(&self, i: usize) -> &[Link] {
        &self.links[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    pub(crate) fn node(&self, i: usize) -> NodeRef<'_> {
        node_of(&self.roots, self.nodes[i])
    }

    pub(crate) fn is_joined(&self, i: usize) -> bool {
        self.traits[i].has(Traits::JOINED)
    }

    /// How many units the nodes are gathered in.
    pub(crate) fn units(&self) -> usize {
        self.traits
            .iter()
            .filter(|t| !t.has(Traits::JOINED))
            .count()
    }

    /// How many edges lead to each node, outputs included.
    pub(crate) fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0u32; self.len()];
        for link in self.links.iter().chain(&self.outputs) {
            uses[link.index()] += 1;
        }
        uses
    }

    /// Rebuilds the graph with the nodes of `order`, in that order; each node's inputs stand before it.
    pub(crate) fn permuted(mut self, order: &[u32]) -> Graph {
        let mut place = vec![u32::MAX; self.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old as usize] = new as u32;
        }
        let mut starts = Vec::with_capacity(order.len() + 1);
        let mut links = Vec::with_capacity(self.links.len());
        starts.push(0);
        for &old in order {
            links.extend(
                self.inputs(old as usize)
                    .iter()
                    .map(|l| l.to(place[l.index()] as usize)),
            );
            starts.push(links.len() as u32);
        }
        self.settings = std::mem::take(&mut self.settings)
            .into_iter()
            .filter(|(old, _)| place[*old as usize] != u32::MAX)
            .map(|(old, s)| (place[old as usize], s))
            .collect();
        for output in &mut self.outputs {
            *output = output.to(place[output.index()] as usize);
        }
        Graph {
            nodes: order.iter().map(|&i| self.nodes[i as usize]).collect(),
            traits: order.iter().map(|&i| self.traits[i as usize]).collect(),
            keys: match self.keys.is_empty() {
                true => Vec::new(),
                false => order.iter().map(|&i| self.keys[i as usize]).collect(),
            },
            starts,
            links,
            ..self
        }
    }
}

/// What a node is, for the passes.
pub(crate) fn traits_of(node: NodeRef<'_>, settings: Option<&Settings>) -> Traits {
    let task = node.task();
    let (spec, result) = (task.spec, &task.result);
    let mut traits = Traits::default();
    let purity = settings.and_then(|s| s.purity).unwrap_or(spec.purity);
    let keyed = settings.is_some_and(|s| s.key.is_some());
    if matches!(purity, Purity::Pure | Purity::Structural) || keyed {
        traits.set(Traits::MERGE);
    }
    if node.is_recompute() {
        traits.clear(Traits::MERGE);
    }
    if result.drop.is_some() {
        traits.set(Traits::OWNING);
    }
    if result.storage != Storage::Inline {
        traits.set(Traits::INDIRECT | Traits::CONSTANT | Traits::SOURCE);
    }
    if result.storage == Storage::Borrowed {
        traits.set(Traits::BORROWED);
    }
    if result.size > 8 || result.align > 8 {
        traits.set(Traits::LARGE);
    }
    if task.flat {
        // The graph's result may be shared with others, so it is handed over shared.
        traits.set(Traits::FLAT | Traits::SHARE | Traits::INDIRECT);
    }
    if spec.inline && traits.has(Traits::MERGE) {
        traits.set(Traits::INLINE);
    }
    if spec.retries > 0 || spec.timeout.is_some() || task.awaits() {
        traits.set(Traits::GUARDED);
    }
    if let Some(s) = settings {
        traits.set(Traits::SETTINGS);
        if s.inline && traits.has(Traits::MERGE) {
            traits.set(Traits::INLINE);
        }
        if s.fuse == Some(false) {
            traits.set(Traits::NO_FUSE);
        }
        if s.retries.is_some() || s.timeout.is_some() || !s.resources.is_empty() {
            traits.set(Traits::GUARDED);
        }
    }
    traits
}

/// The text of a call, short: `load("a.csv", <clean>)`.
pub(crate) fn call_text(node: NodeRef<'_>) -> String {
    let mut inputs = Vec::new();
    node.visit(&mut inputs);
    // A list of a million inputs is named by its first few.
    const NAMED: usize = 64;
    let labels: Vec<Arc<str>> = inputs
        .iter()
        .take(NAMED)
        .map(|input| node.input(*input).label())
        .collect();
    let mut text = String::from(&*node.label());
    text.push('(');
    Describe::call(&mut text, &labels, |to| node.describe(to));
    text.push(')');
    text
}

/// Who failed, for an error.
pub(crate) fn culprit(node: NodeRef<'_>) -> Culprit {
    let call = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call_text(node)));
    let task = node.label().to_string();
    let call = call.unwrap_or_else(|_| format!("{task}(..)"));
    Culprit {
        task,
        call,
        at: node.location(),
    }
}
