//! The erased node: a header and typed operands, side by side.

use super::ahead::prefetch;
use super::arena::{self, Place};
use super::bury::bury;
use super::describe::Describe;
use super::frame::Frame;
use super::future::Claim;
use super::header::{ALONE, BARE, Header};
use super::input::{Input, Inputs};
use super::outcome::TaskError;
use super::result::ResultType;
use super::settings::Settings;
use super::spec::TaskSpec;
use super::traits::Traits;
use crate::base::buffer_pool::pooled_as;
use crate::base::footprint::Size;
use std::any::TypeId;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::{Arc, PoisonError};

/// What running a node came to.
pub(crate) enum Outcome {
    /// The result is in its slot.
    Value,
    /// The result is the result of this graph.
    Graph(NodePtr),
    /// The body returned `Err`; the slot is empty.
    Failed(TaskError),
}

/// What the executor and the compiler call on a node, one table per kind of node.
pub(crate) struct Vtable {
    pub(crate) spec: &'static TaskSpec,
    pub(crate) result: ResultType,
    /// Of every node of this kind, but for what was said of its call.
    pub(super) traits: Traits,
    /// Where nodes of this kind lie.
    pub(super) home: Home,
    /// Another node stands behind this one (`recompute`): see [`NodeRef::task`].
    pub(super) alias: Option<unsafe fn(*const Header) -> NonNull<Header>>,
    /// The future whose result it is: a source that is not there yet.
    pub(super) awaits: Option<unsafe fn(*const Header) -> *const Claim>,
    pub(super) identity: fn() -> TypeId,
    /// How large a result is, from a pointer to it.
    pub(super) measure: unsafe fn(*const u8) -> Size,
    pub(super) visit: unsafe fn(*const Header, &mut Inputs),
    pub(super) run: unsafe fn(*const Header, &Frame<'_>, *mut u8) -> Outcome,
    pub(super) describe: unsafe fn(*const Header, &mut Describe<'_>),
    /// Drops the node, and of an `Alone` one gives its memory back.
    pub(super) free: unsafe fn(*mut Header),
}

/// Where a node lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// Among others, in the order in which they were made: see `arena.rs`.
    Arena,
    /// In an allocation of its own, with its id behind the header.
    Alone,
}

/// The id of a node that lies alone: odd, those in an arena have even ones. Unique in the process.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Relaxed) << 1 | 1
}

/// A node that lies alone: its header and its id come first.
#[repr(C)]
pub(super) struct Alone<N> {
    header: Header,
    id: u64,
    pub(super) node: N,
}

impl<N> Alone<N> {
    pub(super) fn placed(header: Header, node: N) -> NodePtr {
        let id = next_id();
        let alone = Box::into_raw(Box::new(Alone { header, id, node }));
        // SAFETY: a box is never null. It begins with a header.
        NodePtr(unsafe { NonNull::new_unchecked(alone.cast()) })
    }
}

/// A counted pointer to a node.
pub(crate) struct NodePtr(pub(super) NonNull<Header>);

// SAFETY: operands are `Send + Sync` (every constructor asks for it) and immutable once built; the
// mutable parts of a header are atomics or behind a mutex.
unsafe impl Send for NodePtr {}
// SAFETY: as above.
unsafe impl Sync for NodePtr {}

impl Clone for NodePtr {
    fn clone(&self) -> NodePtr {
        let before = self.header().refs.fetch_add(1, Relaxed);
        assert!(
            before < u32::MAX / 2,
            "too many handles to one delayed value"
        );
        NodePtr(self.0)
    }
}

impl NodePtr {
    fn header(&self) -> &Header {
        // SAFETY: alive as long as this counted pointer.
        unsafe { self.0.as_ref() }
    }

    /// A node in the arena. `N` is `repr(C)` and begins with its header.
    #[inline]
    pub(super) fn placed<N>(make: impl FnOnce() -> N) -> NodePtr {
        NodePtr(arena::place(make).cast())
    }

    /// It will be dropped soon.
    #[inline]
    pub(super) fn prefetch(&self) {
        prefetch(self.0.as_ptr());
    }

    /// The node without its count.
    pub(crate) fn raw(&self) -> RawNode {
        RawNode(self.0)
    }

    #[inline]
    pub(crate) fn node(&self) -> NodeRef<'_> {
        NodeRef(self.0, PhantomData)
    }

    /// Says something of this call.
    pub(crate) fn configure(&self, f: impl FnOnce(&mut Settings)) {
        let settings = &self.header().configure().settings;
        f(&mut settings.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A node whose life is somebody else's business: a plan's, which keeps the roots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RawNode(pub(super) NonNull<Header>);

// SAFETY: as for `NodePtr`.
unsafe impl Send for RawNode {}
// SAFETY: as for `NodePtr`.
unsafe impl Sync for RawNode {}

pooled_as!(RawNode, u64);
pooled_as!(NodePtr, u64);

impl RawNode {
    /// It will be looked at soon.
    #[inline]
    pub(crate) fn prefetch(self) {
        prefetch(self.0.as_ptr());
    }

    /// # Safety
    /// Somebody holds a counted pointer to this node, or to one that leads to it, for `'n`.
    #[inline]
    pub(crate) unsafe fn node<'n>(self) -> NodeRef<'n> {
        NodeRef(self.0, PhantomData)
    }
}

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

/// A counted pointer to an output, while the caller holds it.
///
/// Sound because inputs are only gathered from handles and nodes that are alive (`Join::visit`,
/// `NodeRef::visit`), and used before those can be dropped.
pub(crate) fn held(input: Input) -> NodePtr {
    // SAFETY: as above.
    unsafe { input.raw().node() }.counted()
}

/// A node that is alive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeRef<'n>(NonNull<Header>, PhantomData<&'n Header>);

impl<'n> NodeRef<'n> {
    #[inline]
    fn header(self) -> &'n Header {
        // SAFETY: the node is alive for `'n`.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn raw(self) -> NonNull<Header> {
        self.0
    }

    /// Another counted pointer to it.
    pub(crate) fn counted(self) -> NodePtr {
        let borrowed = ManuallyDrop::new(NodePtr(self.0));
        NodePtr::clone(&borrowed)
    }

    /// The node whose operands and body this one runs: itself, unless it is a `recompute`.
    #[inline]
    pub(super) fn behind(self) -> NodeRef<'n> {
        match self.header().vtable().alias {
            None => self,
            // SAFETY: the node is of the kind its table belongs to, and keeps the other one alive.
            Some(behind) => NodeRef(unsafe { behind(self.0.as_ptr()) }, PhantomData),
        }
    }

    /// What to call on this node.
    #[inline]
    pub(crate) fn task(self) -> &'static Vtable {
        self.behind().header().vtable()
    }

    /// What it shares with all nodes of its kind.
    #[inline]
    pub(crate) fn kind(self) -> &'static Vtable {
        self.header().vtable()
    }

    /// What is known of it, but for what was said of its call.
    #[inline]
    pub(crate) fn traits(self) -> Traits {
        let vtable = self.kind();
        match vtable.alias {
            None => vtable.traits,
            Some(_) => {
                let mut traits = self.task().traits;
                // Never one with the first evaluation.
                traits.clear(Traits::MERGE | Traits::INLINE);
                traits
            }
        }
    }

    /// Where it lies in the arena; `None`: it lies alone.
    #[inline]
    pub(crate) fn place(self) -> Option<Place<'n>> {
        match self.header().is_known(ALONE) {
            // SAFETY: it is in the arena, and alive for `'n`.
            false => Some(unsafe { Place::of(self.0) }),
            true => None,
        }
    }

    pub(crate) fn spec(self) -> &'static TaskSpec {
        self.task().spec
    }

    /// One of the inputs that `visit` on this node has listed.
    pub(crate) fn input(self, input: Input) -> NodeRef<'n> {
        // SAFETY: this node's operands hold its inputs.
        unsafe { input.raw().node() }
    }

    /// Unique in the process: the identity of an impure node in the keys of its users.
    pub(crate) fn id(self) -> u64 {
        match self.place() {
            Some(place) => place.number() << 1,
            // SAFETY: a node that lies alone is an `Alone`, whose id comes first behind the header.
            None => unsafe { (*self.0.as_ptr().cast::<Alone<()>>()).id },
        }
    }

    /// Whether a second evaluation of another node's call was asked for: never merged with the first.
    pub(crate) fn is_recompute(self) -> bool {
        self.header().vtable().alias.is_some()
    }

    pub(crate) fn location(self) -> &'static Location<'static> {
        self.header().location()
    }

    pub(crate) fn identity(self) -> TypeId {
        (self.task().identity)()
    }

    /// Whether one handle or edge alone holds it.
    pub(crate) fn is_sole(self) -> bool {
        self.header().refs.load(Acquire) == 1
    }

    /// What was last put there, by whoever held the marks then.
    #[inline]
    pub(crate) fn mark(self) -> u32 {
        self.header().mark()
    }

    /// For who holds the marks.
    #[inline]
    pub(crate) fn set_mark(self, mark: u32) {
        self.header().set_mark(mark);
    }

    /// The future whose result this source has, once that has ended.
    pub(crate) fn awaits(self) -> Option<&'n Claim> {
        let node = self.behind();
        let awaits = node.header().vtable().awaits?;
        // SAFETY: the table belongs to the node, which is alive for `'n`.
        unsafe { awaits(node.0.as_ptr()).as_ref() }
    }

    /// Whether running it is no more than calling its body: it has no inputs, is not pure, and nothing was said of it.
    #[inline]
    pub(crate) fn is_bare(self) -> bool {
        self.is_inline() && !self.has_settings()
    }

    /// Whether it has no inputs, and its body writes its result, and nothing else, into its slot.
    #[inline]
    pub(crate) fn is_inline(self) -> bool {
        self.header().is_known(BARE)
    }

    /// Whether anything was said of this call.
    #[inline]
    pub(crate) fn has_settings(self) -> bool {
        self.header().is_configured()
    }

    /// What was said of this call, if anything.
    #[inline]
    pub(crate) fn settings(self) -> Option<Settings> {
        let settings = &self.header().configured()?.settings;
        let settings = settings.lock().unwrap_or_else(PoisonError::into_inner);
        Some(settings.clone())
    }

    /// The label: what the call was named, else its function's name.
    pub(crate) fn label(self) -> Arc<str> {
        let named = self.settings().and_then(|s| s.name);
        named.unwrap_or_else(|| self.spec().name.into())
    }

    /// Appends the inputs its operands read, in order.
    #[inline]
    pub(crate) fn visit(self, inputs: &mut Inputs) {
        // SAFETY: the table belongs to the node.
        unsafe { (self.header().vtable().visit)(self.0.as_ptr(), inputs) }
    }

    /// Runs the body, writing the result into `out`.
    ///
    /// # Safety
    /// `frame` reads the inputs that `visit` lists, each written by a run of its node; `out` is empty and
    /// fits the result's type.
    #[inline]
    pub(crate) unsafe fn run(self, frame: &Frame<'_>, out: *mut u8) -> Outcome {
        // SAFETY: the table belongs to the node; the rest is the caller's promise.
        unsafe { (self.header().vtable().run)(self.0.as_ptr(), frame, out) }
    }

    /// How large its result is. Unwinds if the result's `Footprint` does.
    ///
    /// # Safety
    /// `result` points to a result of this node, which stays there during the call.
    pub(crate) unsafe fn measure(self, result: *const u8) -> Size {
        // SAFETY: the table belongs to the node; the rest is the caller's promise.
        unsafe { (self.task().measure)(result) }
    }

    /// Tells what its arguments are.
    pub(crate) fn describe(self, to: &mut Describe<'_>) {
        // SAFETY: the table belongs to the node.
        unsafe { (self.header().vtable().describe)(self.0.as_ptr(), to) }
    }
}

impl Drop for NodePtr {
    #[inline]
    fn drop(&mut self) {
        let refs = &self.header().refs;
        // A count of one is this pointer's own: nobody can raise it any more.
        let is_last = refs.load(Acquire) == 1 || refs.fetch_sub(1, AcqRel) == 1;
        if is_last {
            // SAFETY: as above.
            unsafe { bury(self.0) };
        }
    }
}
