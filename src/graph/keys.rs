//! Content keys: which nodes are equal.

use super::{Graph, Link, build, call_text};
use crate::base::error::{Error, ErrorKind};
use crate::base::token::{Hasher128, StdHasher, with_locality};
use crate::task::{Describe, Input, NodeFlags, NodePtr, NodeRef, Purity, Settings, Use, node_of};
use ahash::AHashMap;
use std::any::TypeId;
use std::hash::Hash;

/// Where a node's key is valid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum KeyScope {
    /// The node is impure: equal only to itself.
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
pub(crate) enum Retention {
    /// Not at all: the key means nothing later, or running the node again costs less.
    None,
    /// As a copy.
    Copied,
    /// As an `Arc`.
    Shared,
}

/// The keys of all nodes of a graph.
pub(crate) struct Keys {
    pub(crate) keys: Vec<u128>,
    pub(crate) retention: Vec<Retention>,
    scopes: Vec<KeyScope>,
}

impl Keys {
    /// Computes the keys. O(V + E), and the size of the plain arguments of pure nodes.
    ///
    /// # Errors
    /// `Invalid` if a call was made `.pure()` but has an argument without a key; `KeyConflict` if the same
    /// explicit key was given to two different computations.
    pub(crate) fn compute(graph: &Graph) -> Result<Keys, Error> {
        let mut this = Keys {
            keys: Vec::with_capacity(graph.len()),
            retention: Vec::with_capacity(graph.len()),
            scopes: Vec::with_capacity(graph.len()),
        };
        let mut explicit = AHashMap::new();
        let (mut hasher, mut inputs) = (Hasher128::new(0), Vec::new());
        let nodes = graph.nodes.iter().zip(&graph.flags);
        let ends = graph.starts.iter().zip(&graph.starts[1..]);
        for ((raw, flags), (start, end)) in nodes.zip(ends) {
            let node = node_of(&graph.roots, *raw);
            let (key, scope);
            if !flags.has(NodeFlags::MERGE) {
                key = identity(node);
                scope = match () {
                    () if flags.has(NodeFlags::BORROWED) => KeyScope::Run,
                    () if flags.has(NodeFlags::CONSTANT) => KeyScope::Anywhere,
                    () => KeyScope::Never,
                };
            } else {
                inputs.clear();
                scope = this.add_inputs(&graph.links[*start as usize..*end as usize], &mut inputs);
                let content = match flags.has(NodeFlags::SETTINGS) {
                    false => content(node, &mut hasher, &inputs)?,
                    true => {
                        let i = this.keys.len() as u32;
                        let settings = &graph.settings[&i];
                        configured_content(
                            node,
                            settings,
                            scope,
                            &mut hasher,
                            &mut inputs,
                            &mut explicit,
                        )?
                    }
                };
                key = with_locality(content, scope != KeyScope::Anywhere);
            }
            this.keys.push(key);
            // While the node is in the cache.
            this.retention.push(retention(node, *flags, scope));
            this.scopes.push(scope);
        }
        Ok(this)
    }

    /// Appends the keys of a node's inputs; returns the scope of a key that is made of them.
    #[inline]
    fn add_inputs(&self, links: &[Link], inputs: &mut Vec<u128>) -> KeyScope {
        let mut scope = KeyScope::Anywhere;
        for link in links {
            inputs.push(self.keys[link.index()]);
            scope = scope.min(self.scopes[link.index()].max(KeyScope::Here));
        }
        scope
    }
}

/// The content of a pure node with settings.
#[inline(never)]
fn configured_content(
    node: NodeRef<'_>,
    settings: &Settings,
    scope: KeyScope,
    hasher: &mut Hasher128,
    inputs: &mut Vec<u128>,
    explicit: &mut AHashMap<u128, Explicit>,
) -> Result<u128, Error> {
    // A node with `.after(..)` is equal only to nodes that come after the same ones.
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
        content: (scope >= KeyScope::Run).then_some(content),
        after,
        call: call_name(node),
    };
    match explicit.get(&given) {
        Some(before) => before.check_equal(&now)?,
        None => _ = explicit.insert(given, now),
    }
    Ok(hasher.finish())
}

/// How the memo keeps the result of a node with a key of this scope.
#[inline]
fn retention(node: NodeRef<'_>, flags: NodeFlags, scope: KeyScope) -> Retention {
    if !flags.has(NodeFlags::MERGE) || scope < KeyScope::Run {
        return Retention::None;
    }
    let task = node.task();
    match task.result.share {
        Some(_) if task.spec.purity == Purity::Structural => Retention::None,
        Some(share) if !flags.has(NodeFlags::FLAT) && (share.copies)() => Retention::Copied,
        Some(_) => Retention::Shared,
        None => Retention::None,
    }
}

/// A node with an explicit key.
struct Explicit {
    identity: TypeId,
    /// Its content, if that is valid in other graphs.
    content: Option<u128>,
    /// The sorted keys of the nodes that it comes after.
    after: Vec<u128>,
    call: String,
}

impl Explicit {
    /// Only one of them will run, so both must come after the same nodes. Neither order could be imposed on the other: the
    /// nodes that the second comes after may need the first.
    ///
    /// # Errors
    /// `KeyConflict` if they are not the same computation.
    fn check_equal(&self, other: &Explicit) -> Result<(), Error> {
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
    format!("`{}` at {}", call_text(node), node.location())
}

/// The key of an impure node: its identity.
fn identity(node: NodeRef<'_>) -> u128 {
    // Ids are unique in the process; the high half keeps them apart from content keys in practice.
    u128::from(node.id()) | 0x6964_656e_7469_7479 << 64
}

/// The content of a pure node: function, arguments, keys of the inputs.
#[inline]
fn content(node: NodeRef<'_>, hasher: &mut Hasher128, inputs: &[u128]) -> Result<u128, Error> {
    write_content(node, hasher, inputs);
    match hasher.failure() {
        None => Ok(hasher.finish()),
        Some(why) => Err(cannot_be_keyed(node, why)),
    }
}

/// Writes the content of a pure node; returns the type of an argument that has no key, if there is one.
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

/// Returns the content key of one node; `None` if it is impure.
pub(crate) fn content_key(node: &NodePtr) -> Option<u128> {
    let graph = build(vec![Input::new(node, Use::Order)]).ok()?;
    let index = graph.outputs.first()?.index();
    if !graph.flags[index].has(NodeFlags::MERGE) {
        return None;
    }
    Some(Keys::compute(&graph).ok()?.keys[index])
}
