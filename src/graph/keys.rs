//! Content keys: which nodes are equal.

use super::{Graph, Link, Traits, build};
use crate::base::error::{Error, ErrorKind};
use crate::base::token::{Hasher128, StdHasher, with_locality};
use crate::task::node_of;
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

/// How the memo of a run keeps a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keep {
    /// It does not: the key means nothing later, or doing it again costs less.
    Not,
    /// As a copy.
    Copied,
    /// As a share of the one value.
    Shared,
}

/// The keys of all nodes of a graph.
pub(crate) struct Keys {
    pub(crate) keys: Vec<u128>,
    pub(crate) keep: Vec<Keep>,
    merge: Vec<Merge>,
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
            keep: Vec::with_capacity(graph.len()),
            merge: Vec::with_capacity(graph.len()),
        };
        let mut explicit = AHashMap::new();
        let (mut hasher, mut inputs) = (Hasher128::new(0), Vec::new());
        let nodes = graph.nodes.iter().zip(&graph.traits);
        let ends = graph.starts.iter().zip(&graph.starts[1..]);
        for ((raw, traits), (start, end)) in nodes.zip(ends) {
            let node = node_of(&graph.roots, *raw);
            let (key, merge);
            if !traits.has(Traits::MERGE) {
                key = identity(node);
                merge = match () {
                    () if traits.has(Traits::BORROWED) => Merge::Run,
                    () if traits.has(Traits::CONSTANT) => Merge::Anywhere,
                    () => Merge::Never,
                };
            } else {
                inputs.clear();
                merge = this.of_inputs(&graph.links[*start as usize..*end as usize], &mut inputs);
                let content = match traits.has(Traits::SETTINGS) {
                    false => content(node, &mut hasher, &inputs)?,
                    true => {
                        let i = this.keys.len() as u32;
                        let settings = &graph.settings[&i];
                        said(
                            node,
                            settings,
                            merge,
                            &mut hasher,
                            &mut inputs,
                            &mut explicit,
                        )?
                    }
                };
                key = with_locality(content, merge != Merge::Anywhere);
            }
            this.keys.push(key);
            // While the node is at hand.
            this.keep.push(keep(node, *traits, merge));
            this.merge.push(merge);
        }
        Ok(this)
    }

    /// Appends the keys of a node's inputs; gives what a key made of them is good for.
    #[inline]
    fn of_inputs(&self, links: &[Link], inputs: &mut Vec<u128>) -> Merge {
        let mut merge = Merge::Anywhere;
        for link in links {
            inputs.push(self.keys[link.index()]);
            merge = merge.min(self.merge[link.index()].max(Merge::Here));
        }
        merge
    }
}

/// The key of a pure node of which something was said.
#[inline(never)]
fn said(
    node: NodeRef<'_>,
    settings: &Settings,
    merge: Merge,
    hasher: &mut Hasher128,
    inputs: &mut Vec<u128>,
    explicit: &mut AHashMap<u128, Explicit>,
) -> Result<u128, Error> {
    // A node that comes after others is equal only to those that come after the same.
    let mut after = inputs.split_off(inputs.len() - settings.after.len());
    after.sort_unstable();
    after.dedup();
    let keyless = write_content(node, hasher, inputs);
    after.iter().for_each(|key| hasher.u128(*key));
    if let Some(why) = hasher.failure() {
        return Err(cannot_be_keyed(node, why));
    }
    let by_call = settings.purity == Some(Purity::Pure);
    if let (Some(of), true) = (keyless, by_call && node.spec().purity != Purity::Pure) {
        let message = format!(
            "{} was made `.pure()`, but its argument of type `{of}` has no content key: \
             derive `Token` for it, or pass it as `value(..)`",
            call_name(node)
        );
        return Err(Error::run(ErrorKind::Invalid, message));
    }
    let content = hasher.finish();
    let Some(given) = settings.key else {
        return Ok(content);
    };
    hasher.reset(given);
    hasher.u128(node.spec().id);
    node.identity().hash(&mut StdHasher::new(hasher));
    let now = Explicit {
        identity: node.identity(),
        content: (merge >= Merge::Run).then_some(content),
        after,
        call: call_name(node),
    };
    match explicit.get(&given) {
        Some(before) => before.agrees(&now)?,
        None => _ = explicit.insert(given, now),
    }
    Ok(hasher.finish())
}

/// How the memo keeps the result of a node whose key is good for `merge`.
#[inline]
fn keep(node: NodeRef<'_>, traits: Traits, merge: Merge) -> Keep {
    if !traits.has(Traits::MERGE) || merge < Merge::Run {
        return Keep::Not;
    }
    let task = node.task();
    match task.result.share {
        Some(_) if task.spec.purity == Purity::Structural => Keep::Not,
        Some(share) if !traits.has(Traits::FLAT) && (share.copies)() => Keep::Copied,
        Some(_) => Keep::Shared,
        None => Keep::Not,
    }
}

/// A node with an explicit key.
struct Explicit {
    identity: TypeId,
    /// Its key by content, where it has one.
    content: Option<u128>,
    /// The keys of what it comes after, in their order.
    after: Vec<u128>,
    call: String,
}

impl Explicit {
    /// Only one of them will run, so the order that was asked for must be the same for both. It cannot be that of either:
    /// what the second comes after may need the first.
    fn agrees(&self, other: &Explicit) -> Result<(), Error> {
        let what = if self.identity != other.identity {
            "two different computations"
        } else if self.after != other.after {
            "two calls that come after different nodes"
        } else if matches!((self.content, other.content), (Some(a), Some(b)) if a != b) {
            "two different computations"
        } else {
            return Ok(());
        };
        let (first, second) = (&self.call, &other.call);
        let message = format!("one explicit key was given to {what}: {first} and {second}");
        Err(Error::run(ErrorKind::KeyConflict, message))
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
#[inline]
fn content(node: NodeRef<'_>, hasher: &mut Hasher128, inputs: &[u128]) -> Result<u128, Error> {
    write_content(node, hasher, inputs);
    match hasher.failure() {
        None => Ok(hasher.finish()),
        Some(why) => Err(cannot_be_keyed(node, why)),
    }
}

/// Writes what makes up the key of a pure node; gives the type of an argument that has none.
#[inline(always)]
fn write_content(
    node: NodeRef<'_>,
    hasher: &mut Hasher128,
    inputs: &[u128],
) -> Option<&'static str> {
    let spec = node.spec();
    hasher.reset(spec.id);
    if spec.generic {
        node.identity().hash(&mut StdHasher::new(hasher));
    }
    let keyless = Describe::key(hasher, inputs, |to| node.describe(to));
    if keyless.is_some() {
        hasher.u64(node.id());
    }
    keyless
}

#[cold]
fn cannot_be_keyed(node: NodeRef<'_>, why: &str) -> Error {
    let message = format!(
        "{} has an argument that cannot be keyed: {why}",
        call_name(node)
    );
    Error::run(ErrorKind::Invalid, message)
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
