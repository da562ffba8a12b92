//! Counted pointers.

use super::super::settings::Settings;
use super::{Header, NodePtr, NodeRef, Outcome, RawNode};
use crate::task::io::{Frame, Value};
use crate::task::memory::{alloc_with, prefetch};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::Location;
use std::sync::PoisonError;

impl Clone for NodePtr {
    fn clone(&self) -> NodePtr {
        self.header().refs.add();
        NodePtr(self.0)
    }
}

impl NodePtr {
    #[inline]
    pub(in crate::task::node) fn header(&self) -> &Header {
        // SAFETY: alive as long as this counted pointer.
        unsafe { self.0.as_ref() }
    }

    /// Makes a node in the arena. `N` is `repr(C)` and begins with its header.
    #[inline]
    pub(in crate::task) fn alloc_with<N>(make: impl FnOnce() -> N) -> NodePtr {
        NodePtr(alloc_with(make).cast())
    }

    /// Brings the node into the cache: the pointer will be dropped soon.
    #[inline]
    pub(in crate::task::node) fn prefetch(&self) {
        prefetch(self.0.as_ptr());
    }

    /// The node, without a count.
    pub(crate) fn raw(&self) -> RawNode {
        RawNode(self.0)
    }

    #[inline]
    pub(crate) fn node(&self) -> NodeRef<'_> {
        NodeRef(self.0, PhantomData)
    }

    /// Changes the settings of the call.
    ///
    /// The settings are locked while `f` runs: it calls no code of users, and returns what that could be dropped with.
    pub(crate) fn configure<R>(&self, f: impl FnOnce(&mut Settings) -> R) -> R {
        let settings = &self.header().configure().settings;
        f(&mut settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets where the call was built, if that was not in the user's code.
    pub(crate) fn place_at(&self, location: &'static Location<'static>) {
        self.header().place_at(location);
    }

    /// Runs the body of a node without inputs.
    ///
    /// Sound because only `Delayed<T>` has it called, of whose node it is promised that the result is a `T`
    /// (`Delayed::from_node`).
    #[inline]
    pub(crate) fn produce<T: Value>(&self) -> Result<T, Outcome> {
        assert!(
            self.node().is_leaf_call(),
            "a result that is not in its slot"
        );
        let mut slot = MaybeUninit::<T>::uninit();
        // SAFETY: the slot fits a `T`, as above. A body that reads an input finds none in the frame, and unwinds. A node
        // whose outcome is a value has written it.
        unsafe {
            match self.node().run(Frame::nothing(), slot.as_mut_ptr().cast()) {
                Outcome::Value => Ok(slot.assume_init()),
                other => Err(other),
            }
        }
    }
}
