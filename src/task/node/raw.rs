//! The layout of nodes, and the pointers to them.

mod header;
mod input;
mod node_ptr;
mod node_ref;

use super::node_flags::NodeFlags;
use crate::base::Owners;
use crate::base::buffer_pool::pooled_as;
use crate::base::footprint::Size;
use crate::task::future::SourceClaim;
use crate::task::io::{Describe, Frame, ResultType, TaskError};
use crate::task::memory;
use crate::task::spec::TaskSpec;
use std::any::TypeId;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

/// What every node begins with.
#[repr(C, align(8))]
pub(crate) struct Header {
    /// The number of counted pointers.
    pub(in crate::task::node) refs: Owners,
    /// The place of this node in a graph, written by the walk that holds the marks (see `graph::build`); and what is known of
    /// the node from the beginning: [`ALONE`], [`LEAF`], [`INERT`].
    mark: AtomicU32,
    vtable: &'static Vtable,
    /// The `Location` of the call; or, once the call has settings, what `header.rs` puts there.
    call: AtomicPtr<u8>,
}

const _: () = assert!(align_of::<Header>() == memory::ALIGN);

/// In a mark: the node does not lie in the arena.
pub(in crate::task) const ALONE: u32 = 1 << 31;
/// In a mark: the node has no inputs, and running it means only calling its body.
pub(in crate::task) const LEAF: u32 = 1 << 30;
/// In a mark: dropping its operands does nothing.
pub(in crate::task) const INERT: u32 = 1 << 29;
const KNOWN: u32 = ALONE | LEAF | INERT;

/// The outcome of running a node.
pub(crate) enum Outcome {
    /// The result is in its slot.
    Value,
    /// The result of this graph is the result.
    Graph(NodePtr),
    /// The body returned `Err`; the slot is empty.
    Failed(TaskError),
}

/// What the executor and the compiler call on a node: one table for each kind of node.
pub(crate) struct Vtable {
    pub(crate) spec: &'static TaskSpec,
    pub(crate) result: ResultType,
    /// The flags of every node of this kind, without its settings.
    pub(in crate::task) flags: NodeFlags,
    /// Where nodes of this kind lie.
    pub(in crate::task) home: Home,
    /// The node behind this one, for a `recompute`: see [`NodeRef::task`].
    pub(in crate::task) alias: Option<unsafe fn(*const Header) -> NonNull<Header>>,
    /// Whether it is a source with the result of a future, of a type that may own much memory.
    pub(in crate::task) holds_future: bool,
    /// The future whose value this source has.
    pub(in crate::task) awaits: Option<unsafe fn(*const Header) -> *const SourceClaim>,
    /// What function it calls, with its type arguments, and what the result is: no two such items are of one type.
    pub(in crate::task) identity: fn() -> TypeId,
    /// The same as text, which other compilers make alike.
    pub(in crate::task) identity_name: fn() -> &'static str,
    /// The size of a result, given a pointer to it.
    pub(in crate::task) measure: unsafe fn(*const u8) -> Size,
    pub(in crate::task) list_inputs: unsafe fn(*const Header, &mut Inputs),
    pub(in crate::task) run: unsafe fn(*const Header, &Frame<'_>, *mut u8) -> Outcome,
    pub(in crate::task) describe: unsafe fn(*const Header, &mut Describe<'_>),
    /// Drops the node, and frees its memory if it lies alone.
    pub(in crate::task) free: unsafe fn(*mut Header),
}

/// Where a node lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::task) enum Home {
    /// Among others, in the order in which they were made: see `memory/arena.rs`.
    Arena,
    /// In an allocation of its own.
    Alone,
}

/// A node in an allocation of its own. It begins with its header and its id.
#[repr(C)]
pub(in crate::task) struct Alone<N> {
    header: Header,
    id: u64,
    pub(in crate::task) node: N,
}

/// The id of a node that lies alone: odd, those in the arena have even ones. Unique in the process.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Relaxed) << 1 | 1
}

impl<N> Alone<N> {
    pub(in crate::task) fn alloc(header: Header, node: N) -> NodePtr {
        let id = next_id();
        let alone = Box::into_raw(Box::new(Alone { header, id, node }));
        // SAFETY: a box is never null. It begins with a header.
        NodePtr(unsafe { NonNull::new_unchecked(alone.cast()) })
    }
}

/// A counted pointer to a node.
pub(crate) struct NodePtr(pub(in crate::task::node) NonNull<Header>);

// SAFETY: operands are `Send + Sync` (every constructor requires it) and immutable once built; the
// mutable parts of a header are atomics or behind a mutex.
unsafe impl Send for NodePtr {}
// SAFETY: as above.
unsafe impl Sync for NodePtr {}

/// A pointer to a node that someone else keeps alive: a graph or a plan, by its roots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RawNode(NonNull<Header>);

// SAFETY: as for `NodePtr`.
unsafe impl Send for RawNode {}
// SAFETY: as for `NodePtr`.
unsafe impl Sync for RawNode {}

pooled_as!(RawNode, u64);
pooled_as!(NodePtr, u64);

/// A node that is alive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeRef<'n>(NonNull<Header>, PhantomData<&'n Header>);

/// How a node uses an input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub(crate) enum Use {
    /// Takes the value: moved if this is the last user, else cloned.
    Value = 0,
    /// Reads it in place.
    Ref = 1,
    /// Takes an `Arc` of it.
    Shared = 2,
    /// Takes its outcome, value or error.
    Catch = 3,
    /// Only waits for it.
    Order = 4,
}

/// One input: a node and how it is used, in one word (nodes are aligned to 8 bytes).
#[derive(Clone, Copy)]
pub(crate) struct Input(usize);

/// The inputs of a node, in the order in which its operands read them.
pub(crate) type Inputs = Vec<Input>;

/// A node of a graph or plan that holds counted pointers to its `roots`.
///
/// Sound because graphs and plans keep their roots for as long as they exist, those lead to all their
/// nodes, and a raw node is looked up under the roots of its own graph only.
#[inline]
pub(crate) fn node_of(roots: &[NodePtr], node: RawNode) -> NodeRef<'_> {
    let _ = roots;
    // SAFETY: as above.
    unsafe { node.node() }
}

/// A counted pointer to an input that the caller keeps alive.
///
/// Sound because inputs are only listed from handles and nodes that are alive (`Join::list_inputs`,
/// `NodeRef::list_inputs`), and used before those can be dropped.
pub(crate) fn counted(input: Input) -> NodePtr {
    // SAFETY: as above.
    unsafe { input.raw().node() }.to_ptr()
}
