//! Looking at nodes.

use super::super::node_flags::NodeFlags;
use super::super::place::is_foreign;
use super::super::settings::Settings;
use super::{
    ALONE, Alone, Header, Input, Inputs, LEAF, NodePtr, NodeRef, Outcome, RawNode, Vtable,
};
use crate::base::footprint::Size;
use crate::task::future::SourceClaim;
use crate::task::io::{Describe, Frame};
use crate::task::memory::{Position, prefetch};
use crate::task::spec::TaskSpec;
use std::any::TypeId;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError};

impl RawNode {
    /// Brings it into the cache: it will be looked at soon.
    #[inline]
    pub(crate) fn prefetch(self) {
        prefetch(self.0.as_ptr());
    }

    /// The node at a position in the arena.
    #[inline]
    pub(crate) fn at(position: Position<'_>) -> RawNode {
        RawNode(position.address().cast())
    }

    #[inline]
    pub(crate) fn address(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// # Safety
    /// A counted pointer to this node, or to one that leads to it, exists for `'n`.
    #[inline]
    pub(crate) unsafe fn node<'n>(self) -> NodeRef<'n> {
        NodeRef(self.0, PhantomData)
    }
}

impl<'n> NodeRef<'n> {
    #[inline]
    fn header(self) -> &'n Header {
        // SAFETY: the node is alive for `'n`.
        unsafe { self.0.as_ref() }
    }

    pub(in crate::task) fn raw(self) -> NonNull<Header> {
        self.0
    }

    /// A new counted pointer to it.
    pub(crate) fn to_ptr(self) -> NodePtr {
        let borrowed = ManuallyDrop::new(NodePtr(self.0));
        NodePtr::clone(&borrowed)
    }

    /// The node whose operands and body this one runs: itself, unless it is a `recompute`.
    #[inline]
    pub(in crate::task) fn behind(self) -> NodeRef<'n> {
        match self.header().vtable().alias {
            None => self,
            // SAFETY: the node is of the kind its table belongs to, and keeps the other one alive.
            Some(behind) => NodeRef(unsafe { behind(self.0.as_ptr()) }, PhantomData),
        }
    }

    /// The vtable of the node behind this one: what to call.
    #[inline]
    pub(crate) fn task(self) -> &'static Vtable {
        self.behind().header().vtable()
    }

    /// The vtable of this node itself: equal for all nodes of its kind.
    #[inline]
    pub(crate) fn kind(self) -> &'static Vtable {
        self.header().vtable()
    }

    /// Its flags, without its settings.
    #[inline]
    pub(crate) fn flags(self) -> NodeFlags {
        let vtable = self.kind();
        match vtable.alias {
            None => vtable.flags,
            Some(_) => {
                let mut flags = self.task().flags;
                // It is never merged with the first evaluation.
                flags.clear(NodeFlags::MERGE | NodeFlags::INLINE);
                flags
            }
        }
    }

    /// Where it lies in the arena; `None` if it lies alone.
    #[inline]
    pub(crate) fn position(self) -> Option<Position<'n>> {
        match self.header().is_known(ALONE) {
            // SAFETY: it is in the arena, and alive for `'n`.
            false => Some(unsafe { Position::from_address(self.0.cast()) }),
            true => None,
        }
    }

    pub(crate) fn spec(self) -> &'static TaskSpec {
        self.task().spec
    }

    /// One of the inputs that `list_inputs` on this node has listed.
    pub(crate) fn input(self, input: Input) -> NodeRef<'n> {
        // SAFETY: this node's operands hold its inputs.
        unsafe { input.raw().node() }
    }

    /// Unique in the process: the identity of an impure node in the keys of its users.
    pub(crate) fn id(self) -> u64 {
        match self.position() {
            Some(position) => position.number() << 1,
            // SAFETY: a node that lies alone is an `Alone`, whose id comes right behind the header.
            None => unsafe { (*self.0.as_ptr().cast::<Alone<()>>()).id },
        }
    }

    /// Whether it is a second evaluation of another node's call, which is never merged with the first.
    pub(crate) fn is_recompute(self) -> bool {
        self.header().vtable().alias.is_some()
    }

    /// Where the call was built, in the user's code: where it is not known, the function's definition, or what it is over.
    pub(crate) fn location(self) -> &'static Location<'static> {
        const FOLLOWED: usize = 100;
        let own = self.header().location();
        let mut node = self;
        for _ in 0..FOLLOWED {
            let location = node.header().location();
            if !is_foreign(location) {
                return location;
            }
            if let Some(definition) = node.spec().place {
                return definition;
            }
            let mut inputs = Inputs::new();
            node.list_inputs(&mut inputs);
            match inputs.first() {
                Some(input) => node = node.input(*input),
                None => return own,
            }
        }
        own
    }

    /// What function it calls, and what the result is.
    pub(crate) fn identity(self) -> TypeId {
        (self.task().identity)()
    }

    /// The identity as text.
    pub(crate) fn identity_name(self) -> &'static str {
        (self.task().identity_name)()
    }

    /// Whether there is only one counted pointer to it.
    pub(crate) fn is_sole(self) -> bool {
        self.header().refs.is_sole()
    }

    /// The last mark that was set.
    #[inline]
    pub(crate) fn mark(self) -> u32 {
        self.header().mark()
    }

    /// Sets the mark. Only the thread that holds the marks may do so.
    #[inline]
    pub(crate) fn set_mark(self, mark: u32) {
        self.header().set_mark(mark);
    }

    /// Whether it is a source with the result of a future, of a type that may own much memory.
    pub(crate) fn holds_future(self) -> bool {
        self.task().holds_future
    }

    /// The future whose value this source has, if it is such a source.
    pub(crate) fn awaits(self) -> Option<&'n SourceClaim> {
        let node = self.behind();
        let awaits = node.header().vtable().awaits?;
        // SAFETY: the table belongs to the node, which is alive for `'n`.
        unsafe { awaits(node.0.as_ptr()).as_ref() }
    }

    /// Whether running it means only calling its body: it has no inputs and no settings, and is not pure.
    #[inline]
    pub(crate) fn is_direct_call(self) -> bool {
        self.is_leaf_call() && !self.has_settings()
    }

    /// Whether it has no inputs, and its body only writes the result into the slot.
    #[inline]
    pub(crate) fn is_leaf_call(self) -> bool {
        self.header().is_known(LEAF)
    }

    /// Whether the call has settings.
    #[inline]
    pub(crate) fn has_settings(self) -> bool {
        self.header().is_configured()
    }

    /// The settings of the call, if it has any.
    #[inline]
    pub(crate) fn settings(self) -> Option<Settings> {
        match self.has_settings() {
            true => self.clone_settings(),
            false => None,
        }
    }

    #[cold]
    fn clone_settings(self) -> Option<Settings> {
        let settings = &self.header().configured()?.settings;
        let settings = settings.lock().unwrap_or_else(PoisonError::into_inner);
        Some(settings.clone())
    }

    /// The name given to the call, or else the name of its function.
    pub(crate) fn label(self) -> Arc<str> {
        let named = self.settings().and_then(|s| s.name);
        named.unwrap_or_else(|| self.spec().name.into())
    }

    /// Appends the inputs that its operands read, in order.
    #[inline]
    pub(crate) fn list_inputs(self, inputs: &mut Inputs) {
        // SAFETY: the table belongs to the node.
        unsafe { (self.header().vtable().list_inputs)(self.0.as_ptr(), inputs) }
    }

    /// Runs the body, writing the result into `out`.
    ///
    /// # Safety
    /// `frame` reads the inputs that `list_inputs` lists, each written by a run of its node; `out` is empty and
    /// fits the result's type.
    #[inline]
    pub(crate) unsafe fn run(self, frame: &Frame<'_>, out: *mut u8) -> Outcome {
        // SAFETY: the table belongs to the node; the rest is the caller's promise.
        unsafe { (self.header().vtable().run)(self.0.as_ptr(), frame, out) }
    }

    /// The size of its result. Unwinds if the result's `Footprint` does.
    ///
    /// # Safety
    /// `result` points to a result of this node, which stays there during the call.
    pub(crate) unsafe fn measure(self, result: *const u8) -> Size {
        // SAFETY: the table belongs to the node; the rest is the caller's promise.
        unsafe { (self.task().measure)(result) }
    }

    /// Describes its arguments.
    pub(crate) fn describe(self, to: &mut Describe<'_>) {
        // SAFETY: the table belongs to the node.
        unsafe { (self.header().vtable().describe)(self.0.as_ptr(), to) }
    }
}
