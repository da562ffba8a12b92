//! Content keys: which nodes are equal.

use super::{Graph, Link, build, call_text};
use crate::base::error::{Error, ErrorKind};
use crate::base::token::{Hasher128, StdHasher, with_locality};
use crate::task::{
    Describe, ExplicitKey, Input, NodeFlags, NodePtr, NodeRef, Purity, Settings, Use, Vtable,
    node_of,
};
use ahash::AHashMap;
use std::any::TypeId;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a node's key is valid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum KeyScope {
    /// The node is impure: equal only to itself.
    Never,
    /// Equal to nodes of the same key in this graph: it depends on an impure node of this evaluation, or on whether one fails.
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
    /// The calls with an explicit key, by index.
    pub(crate) explicit: Vec<(u32, Arc<ExplicitKey>)>,
    scopes: Vec<KeyScope>,
}

impl Keys {
    /// Computes the keys. O(V + E), and the size of the plain arguments of pure nodes.
    ///
    /// # Errors
    /// `Invalid` if a call was made `.pure()` but has an argument without a key; `KeyConflict` if the same
    /// explicit key was given to two different computations.
    pub(crate) fn compute(graph: &Graph, names: Names) -> Result<Keys, Error> {
        let mut this = Keys {
            keys: Vec::with_capacity(graph.len()),
            retention: Vec::with_capacity(graph.len()),
            explicit: Vec::new(),
            scopes: Vec::with_capacity(graph.len()),
        };
        let mut given = AHashMap::new();
        let (mut writer, mut inputs) = (Writer::new(names), Vec::new());
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
                let links = &graph.links[*start as usize..*end as usize];
                let of_inputs = this.add_inputs(links, &mut inputs);
                scope = match flags.has(NodeFlags::CATCHES) {
                    // Whether an input fails may be a matter of its limits, or of chance.
                    true => KeyScope::Here,
                    false => of_inputs,
                };
                let content = match flags.has(NodeFlags::SETTINGS) {
                    false => writer.content(node, &inputs)?,
                    true => {
                        let i = this.keys.len() as u32;
                        let settings = &graph.settings[&i];
                        let (content, explicit) =
                            writer.configured_content(node, settings, &mut inputs)?;
                        if let Some((key, explicit)) = explicit {
                            let first: &Arc<ExplicitKey> =
                                given.entry(key).or_insert_with(|| explicit.clone());
                            first.check_equal(&explicit)?;
                            this.explicit.push((i, explicit));
                        }
                        content
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

/// What functions are called in a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Names {
    /// By what the compiler says they are: different in different functions, whatever their names.
    OfThisProcess,
    /// By name and text, which other builds of the same source have, too. Two functions that these do not tell apart have no
    /// key.
    OfAnyBuild,
}

const SEEDS: usize = 16;

fn seed_place(function: *const Vtable) -> usize {
    // Tables of functions lie side by side, each of more than 128 bytes.
    (function.addr() >> 7) % SEEDS
}

/// Writes the contents of nodes.
struct Writer {
    names: Names,
    hasher: Hasher128,
    /// Functions that were written lately, and the seeds of their keys.
    seeds: [(*const Vtable, u128); SEEDS],
}

impl Writer {
    fn new(names: Names) -> Writer {
        let hasher = Hasher128::new(0);
        Writer {
            names,
            hasher,
            seeds: [(std::ptr::null(), 0); SEEDS],
        }
    }

    /// The content of a pure node: function, arguments, keys of the inputs.
    #[inline]
    fn content(&mut self, node: NodeRef<'_>, inputs: &[u128]) -> Result<u128, Error> {
        self.write(node, inputs);
        self.finish(node)
    }

    #[inline]
    fn finish(&self, node: NodeRef<'_>) -> Result<u128, Error> {
        match self.hasher.failure() {
            None => Ok(self.hasher.finish()),
            Some(why) => Err(cannot_be_keyed(node, why)),
        }
    }

    /// Writes the content of a pure node; returns the type of an argument that has no key, if there is one.
    #[inline(always)]
    fn write(&mut self, node: NodeRef<'_>, inputs: &[u128]) -> Option<&'static str> {
        self.write_function(node);
        let keyless = Describe::key(&mut self.hasher, inputs, |to| node.describe(to));
        if keyless.is_some() {
            self.hasher.u64(node.id());
        }
        keyless
    }

    #[inline(always)]
    fn write_function(&mut self, node: NodeRef<'_>) {
        let function: *const Vtable = node.task();
        match self.seeds[seed_place(function)] {
            (known, seed) if known == function => self.hasher.reset(seed),
            _ => self.write_new_function(node),
        }
    }

    #[inline(never)]
    fn write_new_function(&mut self, node: NodeRef<'_>) {
        let spec = node.spec();
        self.hasher.reset(spec.id);
        let mut is_unnamed = false;
        match self.names {
            Names::OfThisProcess => node.identity().hash(&mut StdHasher::new(&mut self.hasher)),
            Names::OfAnyBuild => {
                let name = node.identity_name();
                self.hasher.bytes(name.as_bytes());
                let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
                let known = *named.entry((spec.id, name)).or_insert(node.identity());
                is_unnamed = known != node.identity();
            }
        }
        let seed = self.hasher.finish();
        self.hasher.reset(seed);
        match is_unnamed {
            true => (self.hasher).poison("another function of this program has its name and text"),
            false => self.seeds[seed_place(node.task())] = (node.task(), seed),
        }
    }

    /// The content of a pure node with settings; and if it has an explicit key, that and what is known of the call.
    #[inline(never)]
    fn configured_content(
        &mut self,
        node: NodeRef<'_>,
        settings: &Settings,
        inputs: &mut Vec<u128>,
    ) -> Result<(u128, Option<(u128, Arc<ExplicitKey>)>), Error> {
        // A node with `.after(..)` is equal only to nodes that come after the same ones.
        let mut after = inputs.split_off(inputs.len() - settings.after.len());
        after.sort_unstable();
        after.dedup();
        let keyless = self.write(node, inputs);
        after.iter().for_each(|key| self.hasher.u128(*key));
        let content = self.finish(node)?;
        let by_call = settings.purity == Some(Purity::Pure);
        if let (Some(of), true) = (keyless, by_call && node.spec().purity != Purity::Pure) {
            let message = format!(
                "{} was made `.pure()`, but its argument of type `{of}` has no content key: \
                 derive `Token` for it, or pass it as `value(..)`",
                call_name(node)
            );
            return Err(Error::run(ErrorKind::Invalid, message));
        }
        let Some(given) = settings.key else {
            return Ok((content, None));
        };
        let explicit = Arc::new(ExplicitKey {
            identity: node.identity(),
            content: keyless.is_none().then_some(content),
            after,
            call: call_name(node),
        });
        Ok((given, Some((given, explicit))))
    }
}

/// The functions that keys for any build were made of.
static NAMED: Mutex<BTreeMap<(u128, &'static str), TypeId>> = Mutex::new(BTreeMap::new());

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

fn call_name(node: NodeRef<'_>) -> String {
    format!("`{}` at {}", call_text(node), node.location())
}

/// The key of an impure node: its identity.
fn identity(node: NodeRef<'_>) -> u128 {
    // Ids are unique in the process; the high half keeps them apart from content keys in practice.
    u128::from(node.id()) | 0x6964_656e_7469_7479 << 64
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
    Some(Keys::compute(&graph, Names::OfAnyBuild).ok()?.keys[index])
}
