//! The edges of a graph.

use crate::base::buffer_pool::pooled_as;
use crate::task::{Input, Use};

/// An edge: the node that is read and how it is used, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Link(u32);

pooled_as!(Link, u32);

impl Link {
    const SHIFT: u32 = 28;
    const INDEX: u32 = (1 << Self::SHIFT) - 1;

    #[inline]
    pub(crate) fn new(index: usize, how: Use) -> Link {
        Link(index as u32 | (how as u32) << Self::SHIFT)
    }

    /// An edge to the node at `index`, with the use of `input`.
    #[inline]
    pub(crate) fn with(index: u32, input: Input) -> Link {
        Link(index | input.use_bits() << Self::SHIFT)
    }

    #[inline]
    pub(crate) fn is(self, how: Use) -> bool {
        self.0 >> Self::SHIFT == how as u32
    }

    pub(crate) fn index(self) -> usize {
        (self.0 & Self::INDEX) as usize
    }

    pub(crate) fn how(self) -> Use {
        Use::from_bits(self.0 >> Self::SHIFT)
    }

    /// The same use of another node.
    pub(crate) fn to(self, index: usize) -> Link {
        Link(self.0 & !(Self::INDEX) | index as u32)
    }

    /// Sets a bit, while a graph is made.
    #[inline]
    pub(super) fn marked(self, mark: u32) -> Link {
        Link(self.0 | mark)
    }

    #[inline]
    pub(super) fn unmarked(self, mark: u32) -> Link {
        Link(self.0 & !mark)
    }

    #[inline]
    pub(super) fn has_mark(self, mark: u32) -> bool {
        self.0 & mark != 0
    }

    pub(crate) fn word(self) -> u32 {
        self.0
    }

    pub(crate) fn from_word(word: u32) -> Link {
        Link(word)
    }
}
