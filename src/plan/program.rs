//! A compiled plan, as the executor runs it.

mod derived;
mod export;

use super::{Consumers, Lookahead, NodeFlags, culprit};
use crate::base::buffer_pool::{Pooled, pooled_as};
use crate::base::error::Culprit;
use crate::graph::Roots;
use crate::task::{
    Claim, ContentKey, Edge, Guard, NodeRef, RawNode, Settings, SourceClaim, node_of,
};
use ahash::AHashSet;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pooled_as!(Edge, u32);

/// A compiled plan, which can be run any number of times.
///
/// Nodes stand in the order in which one worker runs them; the nodes of a unit stand together.
pub(crate) struct Program {
    pub(crate) nodes: Pooled<RawNode>,
    pub(crate) flags: Pooled<NodeFlags>,
    /// The inputs of node `i` are `edges[starts[i]..starts[i + 1]]`.
    pub(crate) starts: Pooled<u32>,
    pub(crate) edges: Pooled<Edge>,
    pub(crate) outputs: Pooled<Edge>,
    /// The number of edges to each node, outputs included; empty if no slot is tracked.
    pub(crate) uses: Pooled<u32>,
    /// Where each slot begins, in units of 8 bytes; empty if slot `i` is at `8 * i`.
    pub(crate) offsets: Vec<u32>,
    /// Size and alignment of the buffer of all slots, in bytes.
    pub(crate) layout: std::alloc::Layout,
    /// Where each unit begins, and the end of the last; empty if every node is a unit.
    pub(crate) units: Vec<u32>,
    /// The content keys of `KEYED` nodes; empty if there are none.
    pub(crate) keys: Vec<u128>,
    pub(crate) settings: BTreeMap<u32, Settings>,
    /// For each node: whether its failure is caught on every path to an output. Empty if nothing is caught.
    pub(crate) caught: Vec<bool>,
    /// Some result owns heap memory, or a node has a priority: units run by their place in the order.
    pub(crate) by_priority: bool,
    /// The union of the flags of all nodes.
    pub(crate) any: NodeFlags,
    /// All nodes are known to be calls of one function, without settings when it was planned.
    pub(crate) is_uniform: bool,
    /// All results are stored in slots of 8 bytes, and own nothing.
    pub(crate) is_direct: bool,
    /// Running a node means only calling its body, for all nodes.
    pub(crate) is_plain: bool,
    /// The same, except that the memo remembers some results.
    pub(crate) is_light: bool,
    /// Some node has a priority.
    pub(crate) has_priorities: bool,
    /// Keeps every node alive.
    pub(super) roots: Roots,
    pub(super) consumers: OnceLock<Consumers>,
    pub(super) peak: OnceLock<usize>,
    pub(super) lookahead: OnceLock<Lookahead>,
    pub(super) holds_futures: OnceLock<bool>,
}

impl Program {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    #[inline]
    pub(crate) fn node(&self, i: usize) -> NodeRef<'_> {
        node_of(&self.roots, self.nodes[i])
    }

    /// Brings a node into the cache, if there is such a one: it will be run soon.
    #[inline]
    pub(crate) fn prefetch(&self, i: usize) {
        if let Some(node) = self.nodes.get(i) {
            node.prefetch();
        }
    }

    #[inline]
    pub(crate) fn inputs(&self, i: usize) -> &[Edge] {
        &self.edges[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    pub(crate) fn unit_count(&self) -> usize {
        if self.units.is_empty() {
            self.len()
        } else {
            self.units.len() - 1
        }
    }

    /// The nodes of a unit.
    #[inline]
    pub(crate) fn unit(&self, unit: usize) -> std::ops::Range<usize> {
        match self.units.is_empty() {
            true => unit..unit + 1,
            false => self.units[unit] as usize..self.units[unit + 1] as usize,
        }
    }

    /// For each node: whether it is an output.
    pub(super) fn output_nodes(&self) -> Vec<bool> {
        let mut is_output = vec![false; self.len()];
        for output in &self.outputs {
            is_output[output.index()] = true;
        }
        is_output
    }

    /// Drops the value in a node's slot; `None` if there is nothing to drop.
    pub(crate) fn dropper(&self, i: usize) -> Option<unsafe fn(*mut u8)> {
        let result = &self.node(i).task().result;
        match result.share {
            Some(share) if self.flags[i].has(NodeFlags::SHARE) => Some(share.drop),
            _ => result.drop,
        }
    }

    pub(crate) fn guard(&self, i: usize) -> Guard<'_> {
        Guard::new(self.node(i).spec(), self.settings.get(&(i as u32)))
    }

    /// The key of a node that the memo remembers.
    pub(crate) fn content_key(&self, i: usize) -> ContentKey {
        let settings = self.settings.get(&(i as u32));
        ContentKey {
            hash: self.keys[i],
            identity: self.node(i).identity(),
            explicit: settings.and_then(|s| s.explicit.clone()),
        }
    }

    /// The resources that node `i` needs, with their amounts.
    pub(crate) fn resources(&self, i: usize) -> &[(Arc<str>, u64)] {
        match self.settings.get(&(i as u32)) {
            Some(settings) => &settings.resources,
            None => &[],
        }
    }

    /// The first node whose resources `refuse` refuses, with what it returns.
    pub(crate) fn first_refused<E>(
        &self,
        refuse: impl Fn(&[(Arc<str>, u64)]) -> Option<E>,
    ) -> Option<(usize, E)> {
        let with_resources = (self.settings.iter()).filter(|(_, s)| !s.resources.is_empty());
        let refused =
            with_resources.filter_map(|(i, s)| Some((*i as usize, refuse(&s.resources)?)));
        refused.min_by_key(|(i, _)| *i)
    }

    pub(crate) fn priority(&self, i: usize) -> i32 {
        self.settings.get(&(i as u32)).map_or(0, |s| s.priority)
    }

    /// The highest priority in a unit.
    pub(crate) fn unit_priority(&self, unit: usize) -> i32 {
        if self.settings.is_empty() {
            return 0;
        }
        self.unit(unit).map(|i| self.priority(i)).max().unwrap_or(0)
    }

    /// Whether running it may add work that the plan does not show.
    pub(crate) fn may_grow(&self) -> bool {
        self.any.has(NodeFlags::FLAT)
    }

    /// The future whose value a node has, if it is such a source.
    #[inline]
    pub(crate) fn awaits(&self, i: usize) -> Option<&Claim> {
        let flags = self.flags[i];
        match flags.has(NodeFlags::SOURCE) && flags.has(NodeFlags::GUARDED) {
            true => self.node(i).awaits().map(SourceClaim::get),
            false => None,
        }
    }

    /// An output is there, and nobody will ask for it again: results of futures that only it needed are let go.
    #[inline]
    pub(crate) fn release_futures(&self, output: usize) {
        if self.any.has(NodeFlags::SOURCE) && !self.uses.is_empty() && self.holds_futures() {
            self.release_futures_of(output);
        }
    }

    #[inline(never)]
    fn release_futures_of(&self, output: usize) {
        let mut stack = SmallVec::<[usize; 8]>::from_slice(&[output]);
        while let Some(i) = stack.pop() {
            let node = self.node(i);
            if !node.is_sole() {
                // Another graph may read it.
                continue;
            }
            if node.holds_future()
                && let Some(claim) = node.awaits()
            {
                claim.release();
            }
            let inputs = self.inputs(i).iter().map(|edge| edge.index());
            stack.extend(inputs.filter(|input| self.uses[*input] == 1));
        }
    }

    /// Calls `visit` with a node and all that it needs, directly or not.
    pub(crate) fn visit_inputs(&self, node: usize, mut visit: impl FnMut(usize)) {
        let (mut stack, mut seen) = (vec![node], AHashSet::from([node]));
        while let Some(i) = stack.pop() {
            let inputs = self.inputs(i).iter().map(|edge| edge.index());
            stack.extend(inputs.filter(|input| seen.insert(*input)));
            visit(i);
        }
    }

    /// Whether some source has the result of a future, of a type that may own much memory.
    fn holds_futures(&self) -> bool {
        *self.holds_futures.get_or_init(|| {
            let is_source = |i: &usize| self.flags[*i].has(NodeFlags::SOURCE);
            let mut sources = (0..self.len()).filter(is_source);
            sources.any(|i| self.node(i).holds_future())
        })
    }

    /// Whether the first node of a unit reads the result of a future, which owns memory.
    pub(crate) fn uses_future(&self, unit: usize) -> bool {
        if !self.any.has(NodeFlags::SOURCE) || !self.holds_futures() {
            return false;
        }
        let first = self.unit(unit).start;
        let is_future =
            |i: usize| self.flags[i].has(NodeFlags::SOURCE) && self.node(i).holds_future();
        is_future(first)
            || self
                .inputs(first)
                .iter()
                .any(|edge| is_future(edge.index()))
    }

    /// Lets each output fail on its own: no failure fails a whole run.
    pub(crate) fn with_separate_outputs(mut self) -> Program {
        self.caught = vec![true; self.len()];
        self
    }

    /// Describes a failed node, for an error.
    pub(crate) fn culprit(&self, i: usize) -> Culprit {
        culprit(self.node(i))
    }

    /// Whether the failure of a node fails the run.
    pub(crate) fn is_fatal(&self, i: usize) -> bool {
        !self.caught.get(i).copied().unwrap_or(false)
    }
}
