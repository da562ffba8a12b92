//! The inputs of a node: which nodes it reads, and how.

use super::header::Header;
use super::node::{NodePtr, RawNode};
use std::ptr::NonNull;

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
    /// Takes its result, success or failure.
    Catch = 3,
    /// Only wants it done.
    Order = 4,
}

/// One input: a node and how it is used, in one word (nodes are 8-aligned).
#[derive(Clone, Copy)]
pub(crate) struct Input(usize);

impl Input {
    const USES: usize = 7;

    pub(crate) fn new(node: &NodePtr, how: Use) -> Input {
        Input(node.0.as_ptr() as usize | how as usize)
    }

    /// The number of its use.
    #[inline]
    pub(crate) fn use_bits(self) -> u32 {
        (self.0 & Self::USES) as u32
    }

    /// Whether its value is read or taken, and no more.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.0 & Self::USES <= Use::Ref as usize
    }

    #[inline]
    pub(crate) fn is(self, how: Use) -> bool {
        self.0 & Self::USES == how as usize
    }

    pub(crate) fn how(self) -> Use {
        match self.0 & Self::USES {
            0 => Use::Value,
            1 => Use::Ref,
            2 => Use::Shared,
            3 => Use::Catch,
            _ => Use::Order,
        }
    }

    /// An input whose node has been given a place in a graph: the word of its link, kept here meanwhile.
    pub(crate) fn walked(link: u32) -> Input {
        Input(link as usize)
    }

    /// What `walked` kept.
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

/// The inputs of a node, in the order in which its operands read them.
pub(crate) type Inputs = Vec<Input>;
