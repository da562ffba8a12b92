//! L2: a graph as arrays of indices, in topological order: what the passes work on.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod keys;
mod sweep;
mod text;
mod traits;

pub(crate) use build::build;
pub(crate) use keys::{Keep, Keys, content_key};
pub(crate) use text::{call_text, culprit};
pub(crate) use traits::traits_of;

use crate::base::buffer_pool::{Pooled, pooled_as};
use crate::task::node_of;
use crate::task::{Input, NodePtr, NodeRef, RawNode, Settings, Use};

pub(crate) use crate::task::Traits;
use std::collections::BTreeMap;

/// An edge: which node is read, and how, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Link(u32);

pooled_as!(Link, u32);

impl Link {
    const SHIFT: u32 = 28;
    const INDEX: u32 = (1 << Self::SHIFT) - 1;

    #[inline]
    pub(crate) fn new(index: usize, how: Use) -> Link {
        Link(index as u32 | (how as u32) << Self::SHIFT)
    }

    /// To the node at `index`, used as an input is.
    #[inline]
    pub(crate) fn with(index: u32, input: Input) -> Link {
        Link(index | input.use_bits() << Self::SHIFT)
    }

    #[inline]
    pub(crate) fn is(self, how: Use) -> bool {
        self.0 >> Self::SHIFT == how as u32
    }

    pub(crate) fn index(self) -> usize {
        (self.0 & Self::INDEX) as usize
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
        Link(self.0 & !(Self::INDEX) | index as u32)
    }

    /// With a bit set, for who makes a graph.
    #[inline]
    pub(super) fn marked(self, mark: u32) -> Link {
        Link(self.0 | mark)
    }

    #[inline]
    pub(super) fn unmarked(self, mark: u32) -> Link {
        Link(self.0 & !mark)
    }

    #[inline]
    pub(super) fn has_mark(self, mark: u32) -> bool {
        self.0 & mark != 0
    }

    pub(crate) fn word(self) -> u32 {
        self.0
    }

    pub(crate) fn from_word(word: u32) -> Link {
        Link(word)
    }
}

/// In which of the topological orders the nodes stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// That of a depth-first walk from the outputs, operand by operand: the same for the same graph, however made.
    DepthFirst,
    /// That in which they were made.
    AsMade,
    /// The same, and the nodes of some unit do not stand together.
    Apart,
    /// Some other.
    Otherwise,
}

/// A graph in topological order: inputs stand before their users.
pub(crate) struct Graph {
    pub(crate) nodes: Pooled<RawNode>,
    pub(crate) traits: Pooled<Traits>,
    /// The inputs of node `i` are `links[starts[i]..starts[i + 1]]`.
    pub(crate) starts: Pooled<u32>,
    pub(crate) links: Pooled<Link>,
    pub(crate) outputs: Pooled<Link>,
    pub(crate) settings: BTreeMap<u32, Settings>,
    /// How many edges lead to each node, outputs included.
    pub(crate) uses: Pooled<u32>,
    /// Keeps every node alive.
    pub(crate) roots: Pooled<NodePtr>,
    /// All traits of all nodes together.
    pub(crate) any: Traits,
    /// Some result is wanted as an `Arc`.
    pub(crate) shares: bool,
    /// All nodes are known to be calls of one function, none of them a `recompute`, and nothing was said of any.
    pub(crate) alike: bool,
    /// Every node is reached from an output.
    pub(crate) culled: bool,
    pub(crate) standing: Standing,
    /// The content keys of the nodes that are `KEYED`; empty if none is.
    pub(crate) keys: Vec<u128>,
}

impl Standing {
    /// After edges have changed.
    pub(crate) fn rewired(self) -> Standing {
        match self {
            Standing::AsMade | Standing::Apart => Standing::AsMade,
            Standing::DepthFirst | Standing::Otherwise => Standing::Otherwise,
        }
    }
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

    /// Counts the `uses` anew, after edges have changed.
    pub(crate) fn count_uses(&mut self) {
        let len = self.len();
        self.uses.clear();
        self.uses.resize(len, 0);
        for links in [&self.links, &self.outputs] {
            for link in links {
                self.uses[link.index()] += 1;
            }
        }
    }

    /// Rebuilds the graph with the nodes of `order`, in that order; each node's inputs stand before it.
    pub(crate) fn permuted(mut self, order: &[u32]) -> Graph {
        let mut place = vec![u32::MAX; self.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old as usize] = new as u32;
        }
        let mut starts = Pooled::with_capacity(order.len() + 1);
        let mut links = Pooled::with_capacity(self.links.len());
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
        for output in self.outputs.iter_mut() {
            *output = output.to(place[output.index()] as usize);
        }
        let all = order.len() == self.len();
        let mut graph = Graph {
            nodes: order.iter().map(|&i| self.nodes[i as usize]).collect(),
            traits: order.iter().map(|&i| self.traits[i as usize]).collect(),
            keys: match self.keys.is_empty() {
                true => Vec::new(),
                false => order.iter().map(|&i| self.keys[i as usize]).collect(),
            },
            uses: order.iter().map(|&i| self.uses[i as usize]).collect(),
            starts,
            links,
            ..self
        };
        if !all {
            graph.count_uses();
        }
        graph
    }
}
