//! Inputs: which nodes a node reads, and how.

use super::{Header, Input, NodePtr, RawNode, Use};
use std::ptr::NonNull;

impl Use {
    /// The use of a number; see [`Input::use_bits`].
    pub(crate) fn from_bits(bits: u32) -> Use {
        match bits {
            0 => Use::Value,
            1 => Use::Ref,
            2 => Use::Shared,
            3 => Use::Catch,
            _ => Use::Order,
        }
    }
}

impl Input {
    const USES: usize = 7;

    pub(crate) fn new(node: &NodePtr, how: Use) -> Input {
        Input(node.0.as_ptr() as usize | how as usize)
    }

    /// Its use, as a number.
    #[inline]
    pub(crate) fn use_bits(self) -> u32 {
        (self.0 & Self::USES) as u32
    }

    /// Whether its value is only read or taken.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.0 & Self::USES <= Use::Ref as usize
    }

    #[inline]
    pub(crate) fn is(self, how: Use) -> bool {
        self.0 & Self::USES == how as usize
    }

    pub(crate) fn how(self) -> Use {
        Use::from_bits(self.use_bits())
    }

    /// An input whose node has its place in a graph already: stores the word of its link instead.
    pub(crate) fn walked(link: u32) -> Input {
        Input(link as usize)
    }

    /// The link that `walked` stored.
    pub(crate) fn link(self) -> u32 {
        self.0 as u32
    }

    /// The same node, its value unused.
    pub(crate) fn only_order(self) -> Input {
        Input(self.0 & !Self::USES | Use::Order as usize)
    }

    pub(crate) fn raw(self) -> RawNode {
        // SAFETY: the word was made of a non-null pointer; its low bits are the use's.
        RawNode(unsafe { NonNull::new_unchecked((self.0 & !Self::USES) as *mut Header) })
    }
}
