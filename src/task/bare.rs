//! Nodes that are no more than a call: they have no inputs, and nothing was said of them. Their bodies may run where they
//! are asked for, each result on the stack.

use super::frame::Frame;
use super::node::{NodePtr, NodeRef, Outcome};
use super::value::Value;
use crate::base::error::drop_payload;
use std::mem::{ManuallyDrop, MaybeUninit, needs_drop};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A few bare nodes, each once; the last first.
pub(crate) struct Bare<'n>([Option<NodeRef<'n>>; Bare::MOST]);

impl<'n> Bare<'n> {
    /// How many, at the most.
    const MOST: usize = 4;

    #[inline]
    pub(crate) fn none() -> Bare<'n> {
        Bare([None; Bare::MOST])
    }

    /// Adds a node; `false` if it is not bare, is there already, or there are too many.
    #[inline]
    pub(crate) fn add(&mut self, node: NodeRef<'n>) -> bool {
        let [a, b, c, d] = self.0;
        let is_new = [a, b, c].iter().all(|known| *known != Some(node));
        self.0 = [Some(node), a, b, c];
        is_new && d.is_none() && node.is_bare()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    #[inline]
    pub(crate) fn is_one(&self) -> bool {
        self.0[0].is_some() && self.0[1].is_none()
    }
}

/// Who calls bare nodes, one after the other.
pub(crate) trait Caller<'n> {
    /// The result of a node, or `None`: it has none, and no other is to be called.
    fn value<T: Value>(&mut self, node: &'n NodePtr) -> Option<T>;
}

impl NodePtr {
    /// Runs the body of a node without inputs.
    ///
    /// Sound because only `Delayed<T>` has it called, of whose node it is promised that the result is a `T`
    /// (`Delayed::from_node`).
    #[inline]
    pub(crate) fn produce<T: Value>(&self) -> Result<T, Outcome> {
        assert!(self.node().is_inline(), "a result that is not in its slot");
        let mut slot = MaybeUninit::<T>::uninit();
        // SAFETY: the slot fits a `T`, as above. What reads an input finds none in the frame, and unwinds. A node that comes to
        // a value has written it.
        unsafe {
            match self.node().run(Frame::nothing(), slot.as_mut_ptr().cast()) {
                Outcome::Value => Ok(slot.assume_init()),
                other => Err(other),
            }
        }
    }
}

/// A result that waits for those after it: if it is not wanted in the end, its `Drop` may panic.
#[doc(hidden)]
#[allow(unreachable_pub)]
pub struct Waiting<T>(ManuallyDrop<T>);

impl<T> Waiting<T> {
    #[inline]
    pub(crate) fn new(value: T) -> Waiting<T> {
        Waiting(ManuallyDrop::new(value))
    }

    #[inline]
    pub(crate) fn take(self) -> T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: it is not dropped, and not looked at any more.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }
}

impl<T> Drop for Waiting<T> {
    #[inline]
    fn drop(&mut self) {
        if needs_drop::<T>() {
            // SAFETY: dropped once, here.
            let dropped = catch_unwind(AssertUnwindSafe(|| unsafe {
                ManuallyDrop::drop(&mut self.0)
            }));
            if let Err(payload) = dropped {
                drop_payload(payload);
            }
        }
    }
}
