//! L4: the frozen form: arrays of indices, no pointers chased.

mod consumers;
mod export;
mod foresight;
mod groups;
mod lower;
mod profile;

pub(crate) use consumers::Consumers;
pub use export::PlanNode;
pub(crate) use foresight::Foresight;
pub(crate) use groups::Groups;
pub use profile::MemoryProfile;

pub(crate) use crate::graph::{Traits, culprit};

use crate::base::buffer_pool::{Pooled, pooled_as};
use crate::base::error::{Culprit, Error};
use crate::graph::build;
use crate::task::Edge;
use crate::task::node_of;
use crate::task::{Claim, NodePtr, NodeRef, RawNode, RetryIf, Settings};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pooled_as!(Edge, u32);

/// A plan: what one run executes, any number of times.
///
/// Nodes stand in the order in which one worker runs them; the nodes of a unit stand together.
pub(crate) struct Program {
    pub(crate) nodes: Pooled<RawNode>,
    pub(crate) traits: Pooled<Traits>,
    /// The inputs of node `i` are `edges[starts[i]..starts[i + 1]]`.
    pub(crate) starts: Pooled<u32>,
    pub(crate) edges: Pooled<Edge>,
    pub(crate) outputs: Pooled<Edge>,
    /// How many edges lead to each node, outputs included; empty if no slot is tracked.
    pub(crate) uses: Pooled<u32>,
    /// Where each slot begins, in units of 8 bytes; empty: slot `i` at `8 * i`.
    pub(crate) offsets: Vec<u32>,
    /// Size and alignment of the buffer of all slots, in bytes.
    pub(crate) layout: std::alloc::Layout,
    /// Where each unit begins, with an end; empty: every node is a unit.
    pub(crate) units: Vec<u32>,
    /// The content keys of `KEYED` nodes; empty if there are none.
    pub(crate) keys: Vec<u128>,
    pub(crate) settings: BTreeMap<u32, Settings>,
    /// For each node: its failure is caught on every way to an output. Empty if nothing is caught.
    pub(crate) caught: Vec<bool>,
    /// Some result owns heap memory: run by static priority.
    pub(crate) by_priority: bool,
    pub(crate) any: Traits,
    /// All nodes are known to be calls of one function, and nothing was said of any before it was planned.
    pub(crate) is_uniform: bool,
    /// All results lie in slots of 8 bytes, and own nothing.
    pub(crate) is_direct: bool,
    /// To run a node is to call its body: there is nothing else that must be done for any of them.
    pub(crate) is_plain: bool,
    /// It would be so if nothing had to be remembered.
    pub(crate) is_light: bool,
    /// Some node was given a priority.
    has_priorities: bool,
    /// Keeps every node alive.
    roots: Pooled<NodePtr>,
    consumers: OnceLock<Consumers>,
    peak: OnceLock<usize>,
    foresight: OnceLock<Foresight>,
}

/// What guards the attempts of a node.
#[derive(Default)]
pub(crate) struct Guard<'p> {
    pub(crate) retries: u32,
    pub(crate) backoff: Duration,
    pub(crate) retry_if: Option<&'p RetryIf>,
    pub(crate) timeout: Option<Duration>,
}

impl Program {
    /// Without nodes.
    pub(crate) fn empty() -> Program {
        match build(Vec::new()).and_then(lower) {
            Ok(program) => program,
            Err(_) => unreachable!("there is nothing to refuse"),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    #[inline]
    pub(crate) fn node(&self, i: usize) -> NodeRef<'_> {
        node_of(&self.roots, self.nodes[i])
    }

    /// A node will be run soon, if there is such a one.
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

    /// Who waits for whom, among units; made when the first parallel run wants it. O(V + E).
    pub(crate) fn consumers(&self) -> &Consumers {
        self.consumers.get_or_init(|| Consumers::of(self))
    }

    /// The most heap-owning intermediates that are alive at once if one worker runs it. O(V + E), once.
    pub(crate) fn peak(&self) -> usize {
        *self.peak.get_or_init(|| MemoryProfile::of(self).peak())
    }

    /// What is held unit by unit if one worker runs it; made when a parallel run first gets ahead of the order. O(V + E).
    pub(crate) fn foresight(&self) -> &Foresight {
        self.foresight.get_or_init(|| Foresight::of(self))
    }

    /// What drops the value in a node's slot, if anything must.
    pub(crate) fn dropper(&self, i: usize) -> Option<unsafe fn(*mut u8)> {
        let result = &self.node(i).task().result;
        match result.share {
            Some(share) if self.traits[i].has(Traits::SHARE) => Some(share.drop),
            _ => result.drop,
        }
    }

    pub(crate) fn guard(&self, i: usize) -> Guard<'_> {
        let spec = self.node(i).spec();
        let settings = self.settings.get(&(i as u32));
        Guard {
            retries: settings.and_then(|s| s.retries).unwrap_or(spec.retries),
            backoff: settings.and_then(|s| s.backoff).unwrap_or_default(),
            retry_if: settings.and_then(|s| s.retry_if.as_ref()),
            timeout: settings.and_then(|s| s.timeout).or(spec.timeout),
        }
    }

    /// The resources that node `i` asks for: so much of each.
    pub(crate) fn resources(&self, i: usize) -> &[(Arc<str>, u64)] {
        match self.settings.get(&(i as u32)) {
            Some(settings) => &settings.resources,
            None => &[],
        }
    }

    /// The first node that asks for resources which `refuse` says no to, with what that says.
    pub(crate) fn first_refused<E>(
        &self,
        refuse: impl Fn(&[(Arc<str>, u64)]) -> Option<E>,
    ) -> Option<(usize, E)> {
        let asking = (self.settings.iter()).filter(|(_, s)| !s.resources.is_empty());
        let refused = asking.filter_map(|(i, s)| Some((*i as usize, refuse(&s.resources)?)));
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

    /// Whether a user gave some node a priority.
    pub(crate) fn has_priorities(&self) -> bool {
        self.has_priorities
    }

    /// Whether running it may add work that the plan does not show.
    pub(crate) fn may_grow(&self) -> bool {
        self.any.has(Traits::FLAT)
    }

    /// The future that a node stands for, if it is such a source.
    #[inline]
    pub(crate) fn awaits(&self, i: usize) -> Option<&Claim> {
        let traits = self.traits[i];
        match traits.has(Traits::SOURCE) && traits.has(Traits::GUARDED) {
            true => self.node(i).awaits(),
            false => None,
        }
    }

    /// Lets each output fail on its own: no failure fails a whole run.
    pub(crate) fn with_separate_outputs(mut self) -> Program {
        self.caught = vec![true; self.len()];
        self
    }

    /// Who failed, for an error.
    pub(crate) fn culprit(&self, i: usize) -> Culprit {
        culprit(self.node(i))
    }

    /// Whether the failure of a node fails the run.
    pub(crate) fn is_fatal(&self, i: usize) -> bool {
        !self.caught.get(i).copied().unwrap_or(false)
    }
}

pub(crate) use lower::lower;

/// A program that could not be made.
pub(crate) type Lowered = Result<Program, Error>;
