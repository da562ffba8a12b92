//! Content keys: which nodes are equal.

use super::{Graph, Traits, build};
use crate::base::error::{Error, ErrorKind};
use crate::base::token::{Hasher128, StdHasher, with_locality};
use crate::task::{Describe, Input, NodePtr, NodeRef, Purity, Settings, Use};
use ahash::AHashMap;
use std::any::TypeId;
use std::hash::Hash;

/// What a node's key is good for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Merge {
    /// Impure: equal to itself alone.
    Never,
    /// Equal to nodes of the same key in this graph: it depends on an impure node of this evaluation.
    Here,
    /// Equal to nodes of the same key in any graph of the same outermost run: it depends on what a scope lends.
    Run,
    /// Equal to nodes of the same key in any graph.
    Anywhere,
}

/// The keys of all nodes of a graph.
pub(crate) struct Keys {
    pub(crate) keys: Vec<u128>,
    pub(crate) merge: Vec<Merge>,
}

impl Keys {
    /// O(V + E), and the size of the plain arguments of pure nodes.
    ///
    /// # Errors
    /// `Invalid` if a call was made `.pure()` but has an argument without a key; `KeyConflict` if one
    /// explicit key was given to two different computations.
    pub(crate) fn of(graph: &Graph) -> Result<Keys, Error> {
        let mut this = Keys {
            keys: Vec::with_capacity(graph.len()),
            merge: Vec::with_capacity(graph.len()),
        };
        let mut explicit = AHashMap::new();
        let (mut hasher, mut inputs) = (Hasher128::new(0), Vec::new());
        for i in 0..graph.len() {
            let (key, merge) = this.key(graph, i, &mut hasher, &mut inputs, &mut explicit)?;
            this.keys.push(key);
            this.merge.push(merge);
        }
        Ok(this)
    }

    fn key(
        &self,
        graph: &Graph,
        i: usize,
        hasher: &mut Hasher128,
        inputs: &mut Vec<u128>,
        explicit: &mut AHashMap<u128, Explicit>,
    ) -> Result<(u128, Merge), Error> {
        let (node, traits) = (graph.node(i), graph.traits[i]);
        if !traits.has(Traits::MERGE) {
            let merge = match () {
                () if traits.has(Traits::BORROWED) => Merge::Run,
                () if traits.has(Traits::CONSTANT) => Merge::Anywhere,
                () => Merge::Never,
            };
            return Ok((identity(node), merge));
        }
        inputs.clear();
        let mut merge = Merge::Anywhere;
        for link in graph.inputs(i) {
            inputs.push(self.keys[link.index()]);
            merge = merge.min(self.merge[link.index()].max(Merge::Here));
        }
        let settings = graph.settings.get(&(i as u32));
        let content = content(node, settings, hasher, inputs)?;
        let Some(given) = settings.and_then(|s| s.key) else {
            return Ok((with_locality(content, merge != Merge::Anywhere), merge));
        };
        let content = (merge >= Merge::Run).then_some(content);
        hasher.reset(given);
        hasher.u128(node.spec().id);
        node.identity().hash(&mut StdHasher::new(hasher));
        let now = Explicit {
            identity: node.identity(),
            content,
            call: call_name(node),
        };
        match explicit.get(&given) {
            Some(before) if before.differs(&now) => {
                let message = format!(
                    "one explicit key was given to two different computations: {} and {}",
                    before.call, now.call
                );
                return Err(Error::run(ErrorKind::KeyConflict, message));
            }
            Some(_) => {}
            None => _ = explicit.insert(given, now),
        }
        let key = with_locality(hasher.finish(), merge != Merge::Anywhere);
        Ok((key, merge))
    }
}

/// A node with an explicit key.
struct Explicit {
    identity: TypeId,
    /// Its key by content, where it has one.
    content: Option<u128>,
    call: String,
}

impl Explicit {
    fn differs(&self, other: &Explicit) -> bool {
        self.identity != other.identity
            || matches!((self.content, other.content), (Some(a), Some(b)) if a != b)
    }
}

fn call_name(node: NodeRef<'_>) -> String {
    format!("`{}` at {}", super::call_text(node), node.location())
}

/// The key of an impure node: itself.
fn identity(node: NodeRef<'_>) -> u128 {
    // Ids are unique in the process; the high half keeps them apart from content keys in practice.
    u128::from(node.id()) | 0x6964_656e_7469_7479 << 64
}

/// The key of a pure node: function, arguments, keys of the inputs.
fn content(
    node: NodeRef<'_>,
    settings: Option<&Settings>,
    hasher: &mut Hasher128,
    inputs: &[u128],
) -> Result<u128, Error> {
    let spec = node.spec();
    hasher.reset(spec.id);
    if spec.generic {
        node.identity().hash(&mut StdHasher::new(hasher));
    }
    let keyless = Describe::key(hasher, inputs, node.id(), |to| node.describe(to));
    // A node that comes after others is equal only to those that come after the same.
    let after = settings.map_or(0, |s| s.after.len());
    for key in &inputs[inputs.len() - after..] {
        hasher.u128(*key);
    }
    if let Some(message) = hasher.failure() {
        let message = format!(
            "{} has an argument that cannot be keyed: {message}",
            call_name(node)
        );
        return Err(Error::run(ErrorKind::Invalid, message));
    }
    let by_call = settings.is_some_and(|s| s.purity == Some(Purity::Pure));
    if let (Some(of), true) = (keyless, by_call && spec.purity != Purity::Pure) {
        let message = format!(
            "{} was made `.pure()`, but its argument of type `{of}` has no content key: \
             derive `Token` for it, or pass it as `value(..)`",
            call_name(node)
        );
        return Err(Error::run(ErrorKind::Invalid, message));
    }
    Ok(hasher.finish())
}

/// The content key of one node; `None` if it is impure.
pub(crate) fn content_key(node: &NodePtr) -> Option<u128> {
    let graph = build(vec![Input::new(node, Use::Order)]).ok()?;
    let index = graph.outputs.first()?.index();
    if !graph.traits[index].has(Traits::MERGE) {
        return None;
    }
    Some(Keys::of(&graph).ok()?.keys[index])
}
