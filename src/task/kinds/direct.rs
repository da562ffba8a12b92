//! Direct calls: nodes without inputs and settings, whose bodies may run where their values are asked for, each result on
//! the stack.

use crate::base::error::drop_payload;
use crate::task::io::Value;
use crate::task::node::{NodePtr, NodeRef};
use std::mem::{ManuallyDrop, needs_drop};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A few direct calls, each once; the last comes first.
pub(crate) struct DirectCalls<'n>([Option<NodeRef<'n>>; DirectCalls::MOST]);

impl<'n> DirectCalls<'n> {
    const MOST: usize = 4;

    #[inline]
    pub(crate) fn none() -> DirectCalls<'n> {
        DirectCalls([None; DirectCalls::MOST])
    }

    /// Adds a node; `false` if it is not a direct call, is there already, or there are too many.
    #[inline]
    pub(crate) fn add(&mut self, node: NodeRef<'n>) -> bool {
        let [a, b, c, d] = self.0;
        let is_new = [a, b, c].iter().all(|known| *known != Some(node));
        self.0 = [Some(node), a, b, c];
        is_new && d.is_none() && node.is_direct_call()
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

/// Makes direct calls, one after the other.
pub(crate) trait Caller<'n> {
    /// The result of a node, or `None` if it has none and no other may be called.
    fn value<T: Value>(&mut self, node: &'n NodePtr) -> Option<T>;
}

/// A result that waits for those after it. If it is not wanted in the end, a panic of its `Drop` is ignored.
#[doc(hidden)]
#[allow(unreachable_pub)]
pub struct PendingResult<T>(ManuallyDrop<T>);

impl<T> PendingResult<T> {
    #[inline]
    pub(crate) fn new(value: T) -> PendingResult<T> {
        PendingResult(ManuallyDrop::new(value))
    }

    #[inline]
    pub(crate) fn take(self) -> T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: it is not dropped, and not looked at any more.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }
}

impl<T> Drop for PendingResult<T> {
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
