//! The erased node: one allocation, `Header` and typed operands.

use super::describe::Describe;
use super::frame::Frame;
use super::future::Claim;
use super::input::{Input, Inputs};
use super::outcome::TaskError;
use super::result::ResultType;
use super::settings::Settings;
use super::spec::TaskSpec;
use crate::base::footprint::Size;
use std::any::TypeId;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicPtr, AtomicU32};
use std::sync::{Arc, Mutex, PoisonError};

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
    /// The body returns a graph.
    pub(crate) flat: bool,
    /// Another node stands behind this one (`recompute`): see [`NodeRef::task`].
    pub(super) alias: Option<unsafe fn(*const Header) -> *const Header>,
    /// The future whose result it is: a source that is not there yet.
    pub(super) awaits: Option<unsafe fn(*const Header) -> *const Claim>,
    pub(super) identity: fn() -> TypeId,
    /// How large a result is, from a pointer to it.
    pub(super) measure: unsafe fn(*const u8) -> Size,
    pub(super) visit: unsafe fn(*const Header, &mut Inputs),
    pub(super) run: unsafe fn(*const Header, &Frame<'_>, *mut u8) -> Outcome,
    pub(super) describe: unsafe fn(*const Header, &mut Describe<'_>),
    pub(super) free: unsafe fn(*mut Header),
}

impl Vtable {
    /// Whether it is a source that may have to be waited for.
    pub(crate) fn awaits(&self) -> bool {
        self.awaits.is_some()
    }
}

/// What every node begins with.
#[repr(C, align(8))]
pub(crate) struct Header {
    refs: AtomicU32,
    /// Where a lowering that holds the marks has put this node; see `graph::build`.
    mark: AtomicU32,
    vtable: &'static Vtable,
    location: &'static Location<'static>,
    /// Unique in the process: the identity of an impure node in the keys of its users.
    id: u64,
    /// Null until something is said of the call.
    settings: AtomicPtr<Mutex<Settings>>,
}

impl Header {
    pub(super) fn new(vtable: &'static Vtable, location: &'static Location<'static>) -> Header {
        Header {
            refs: AtomicU32::new(1),
            mark: AtomicU32::new(0),
            vtable,
            location,
            id: next_id(),
            settings: AtomicPtr::new(std::ptr::null_mut()),
        }
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        let settings = *self.settings.get_mut();
        if !settings.is_null() {
            // SAFETY: made by `Box::into_raw` in `settings_mut`, and nobody else holds the node any more.
            drop(unsafe { Box::from_raw(settings) });
        }
    }
}

/// Hands out process-wide unique ids, a block at a time to each thread.
fn next_id() -> u64 {
    use std::sync::atomic::AtomicU64;
    static NEXT: AtomicU64 = AtomicU64::new(0);
    const BLOCK: u64 = 1 << 12;
    thread_local! {
        static IDS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    }
    IDS.with(|ids| {
        let (mut next, mut end) = ids.get();
        if next == end {
            next = NEXT.fetch_add(BLOCK, Relaxed);
            end = next + BLOCK;
        }
        ids.set((next + 1, end));
        next
    })
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

    pub(super) fn of<N>(node: Box<N>) -> NodePtr {
        // SAFETY: a box is never null. `N` is one of the node types below: `repr(C)`, header first.
        NodePtr(unsafe { NonNull::new_unchecked(Box::into_raw(node).cast()) })
    }

    /// The node without its count.
    pub(crate) fn raw(&self) -> RawNode {
        RawNode(self.0)
    }

    pub(crate) fn node(&self) -> NodeRef<'_> {
        NodeRef(self.header())
    }

    /// Says something of this call.
    pub(crate) fn configure(&self, f: impl FnOnce(&mut Settings)) {
        let header = self.header();
        let mut settings = header.settings.load(Acquire);
        if settings.is_null() {
            let fresh = Box::into_raw(Box::<Mutex<Settings>>::default());
            match header
                .settings
                .compare_exchange(std::ptr::null_mut(), fresh, AcqRel, Acquire)
            {
                Ok(_) => settings = fresh,
                Err(theirs) => {
                    // SAFETY: `fresh` was not published.
                    drop(unsafe { Box::from_raw(fresh) });
                    settings = theirs;
                }
            }
        }
        // SAFETY: once set it stays until the node is freed, and `self` keeps the node.
        let settings = unsafe { &*settings };
        f(&mut settings.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A node whose life is somebody else's business: a plan's, which keeps the roots.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RawNode(pub(super) NonNull<Header>);

// SAFETY: as for `NodePtr`.
unsafe impl Send for RawNode {}
// SAFETY: as for `NodePtr`.
unsafe impl Sync for RawNode {}

impl RawNode {
    /// # Safety
    /// Somebody holds a counted pointer to this node, or to one that leads to it, for `'n`.
    pub(crate) unsafe fn node<'n>(self) -> NodeRef<'n> {
        // SAFETY: as promised by the caller.
        NodeRef(unsafe { &*self.0.as_ptr() })
    }
}

/// A node of a graph or plan that holds counted pointers to its `roots`.
///
/// Sound because graphs and plans keep their roots for as long as they exist, those lead to all their
/// nodes, and a raw node is looked up under the roots of its own graph only.
pub(crate) fn node_of(roots: &[NodePtr], node: RawNode) -> NodeRef<'_> {
    let _ = roots;
    // SAFETY: as above.
    unsafe { node.node() }
}

/// One of the outputs of a compute, while the caller holds them: sound as `held` is.
pub(crate) fn output_of(outputs: &[Input], i: usize) -> NodeRef<'_> {
    // SAFETY: as below.
    unsafe { outputs[i].raw().node() }
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
#[derive(Clone, Copy)]
pub(crate) struct NodeRef<'n>(&'n Header);

impl<'n> NodeRef<'n> {
    /// Another counted pointer to it.
    pub(crate) fn counted(self) -> NodePtr {
        let borrowed = std::mem::ManuallyDrop::new(NodePtr(NonNull::from(self.0)));
        NodePtr::clone(&borrowed)
    }

    /// The node whose operands and body this one runs: itself, unless it is a `recompute`.
    pub(super) fn behind(self) -> &'n Header {
        match self.0.vtable.alias {
            None => self.0,
            // SAFETY: the node is of the kind its table belongs to, and keeps the other one alive.
            Some(behind) => unsafe { &*behind(self.0) },
        }
    }

    /// What to call on this node.
    pub(crate) fn task(self) -> &'static Vtable {
        self.behind().vtable
    }

    pub(crate) fn spec(self) -> &'static TaskSpec {
        self.task().spec
    }

    /// One of the inputs that `visit` on this node has listed.
    pub(crate) fn input(self, input: Input) -> NodeRef<'n> {
        // SAFETY: this node's operands hold its inputs.
        unsafe { input.raw().node() }
    }

    pub(crate) fn id(self) -> u64 {
        self.0.id
    }

    /// Whether a second evaluation of another node's call was asked for: never merged with the first.
    pub(crate) fn is_recompute(self) -> bool {
        self.0.vtable.alias.is_some()
    }

    pub(crate) fn location(self) -> &'static Location<'static> {
        self.0.location
    }

    pub(crate) fn identity(self) -> TypeId {
        (self.task().identity)()
    }

    /// Whether one handle or edge alone holds it.
    pub(crate) fn is_sole(self) -> bool {
        self.0.refs.load(Acquire) == 1
    }

    pub(crate) fn mark(self) -> &'n AtomicU32 {
        &self.0.mark
    }

    /// The future whose result this source has, once that has ended.
    pub(crate) fn awaits(self) -> Option<&'n Claim> {
        let header = self.behind();
        let awaits = header.vtable.awaits?;
        // SAFETY: the table belongs to the node, which is alive for `'n`.
        unsafe { awaits(header).as_ref() }
    }

    /// Whether anything was said of this call.
    pub(crate) fn has_settings(self) -> bool {
        !self.0.settings.load(Acquire).is_null()
    }

    /// What was said of this call, if anything.
    pub(crate) fn settings(self) -> Option<Settings> {
        let settings = self.0.settings.load(Acquire);
        if settings.is_null() {
            return None;
        }
        // SAFETY: once set it stays until the node is freed, which `'n` rules out.
        let settings = unsafe { &*settings };
        Some(
            settings
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }

    /// The label: what the call was named, else its function's name.
    pub(crate) fn label(self) -> Arc<str> {
        let named = self.settings().and_then(|s| s.name);
        named.unwrap_or_else(|| self.spec().name.into())
    }

    /// Appends the inputs its operands read, in order.
    #[inline]
    pub(crate) fn visit(self, inputs: &mut Inputs) {
        let header = self.behind();
        // SAFETY: the table belongs to the node.
        unsafe { (header.vtable.visit)(header, inputs) }
    }

    /// Runs the body, writing the result into `out`.
    ///
    /// # Safety
    /// `frame` reads the inputs that `visit` lists, each written by a run of its node; `out` is empty and
    /// fits the result's type.
    #[inline]
    pub(crate) unsafe fn run(self, frame: &Frame<'_>, out: *mut u8) -> Outcome {
        let header = self.behind();
        // SAFETY: the table belongs to the node; the rest is the caller's promise.
        unsafe { (header.vtable.run)(header, frame, out) }
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
        let header = self.behind();
        // SAFETY: the table belongs to the node.
        unsafe { (header.vtable.describe)(header, to) }
    }
}

// ------------------------------------------------------------------ letting go

thread_local! {
    /// The list of the outermost drop under way on this thread; null outside.
    static DYING: Cell<*mut Vec<NonNull<Header>>> = const { Cell::new(std::ptr::null_mut()) };
}

impl Drop for NodePtr {
    #[inline]
    fn drop(&mut self) {
        let refs = &self.header().refs;
        if refs.fetch_sub(1, Release) == 1 {
            // Sees what all others did before they let go. No fence: ThreadSanitizer does not understand them.
            refs.load(Acquire);
            bury(self.0);
        }
    }
}

/// Frees a node nobody holds, and all that only it held, without recursion: the drop of an operand that
/// holds the last pointer to another node puts that node on the list of the outermost `bury`.
#[cold]
fn bury(first: NonNull<Header>) {
    let list = DYING.get();
    if !list.is_null() {
        // SAFETY: the list lives on the stack of the outermost `bury` of this thread, further up this
        // very stack; it takes no reference to it across a call of `free`.
        unsafe { (*list).push(first) };
        return;
    }
    let mut dying = vec![first];
    let list: *mut Vec<NonNull<Header>> = &mut dying;
    DYING.set(list);
    let mut panic = None;
    loop {
        let freed = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: `dying` outlives the loop; the reference ends before `free` is called.
            while let Some(node) = unsafe { (*list).pop() } {
                // SAFETY: its count has reached zero, so this is the only pointer to it.
                unsafe { (node.as_ref().vtable.free)(node.as_ptr()) };
            }
        }));
        match freed {
            Ok(()) => break,
            Err(payload) => match panic {
                None => panic = Some(payload),
                Some(_) => crate::base::error::drop_payload(payload),
            },
        }
    }
    DYING.set(std::ptr::null_mut());
    if let Some(payload) = panic {
        if std::thread::panicking() {
            crate::base::error::drop_payload(payload);
        } else {
            resume_unwind(payload);
        }
    }
}
