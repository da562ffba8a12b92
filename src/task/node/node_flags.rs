//! The flags of a node: the facts about a node that need no look at its operands.

use crate::base::buffer_pool::pooled_as;
use crate::task::io::{ResultType, Storage};
use crate::task::spec::{Purity, TaskSpec};

/// What the passes and the executor know of a node without touching it, as flags.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct NodeFlags(pub(crate) u16);

pooled_as!(NodeFlags, u16);

impl NodeFlags {
    /// The result has something to drop.
    pub(crate) const OWNING: u16 = 1;
    /// The slot holds a pointer to the result.
    pub(crate) const INDIRECT: u16 = 1 << 1;
    /// Equal nodes may be merged.
    pub(crate) const MERGE: u16 = 1 << 2;
    /// The body returns a graph.
    pub(crate) const FLAT: u16 = 1 << 3;
    /// The call has settings.
    pub(crate) const SETTINGS: u16 = 1 << 4;
    /// It is run again in each consumer.
    pub(crate) const INLINE: u16 = 1 << 5;
    /// A source that is the same in every evaluation.
    pub(crate) const CONSTANT: u16 = 1 << 6;
    /// The result does not fit a slot of 8 bytes, aligned to 8.
    pub(crate) const LARGE: u16 = 1 << 7;
    /// The result is wrapped into an `Arc` after the body: a user or the memo shares it.
    pub(crate) const SHARE: u16 = 1 << 8;
    /// It reads an input that may have failed.
    pub(crate) const CATCHES: u16 = 1 << 9;
    /// A barrier to fusion.
    pub(crate) const NO_FUSE: u16 = 1 << 10;
    /// It has retries, a deadline, resources or a key of its own.
    pub(crate) const GUARDED: u16 = 1 << 11;
    /// The memo of the run remembers the result.
    pub(crate) const KEYED: u16 = 1 << 12;
    /// A value put into the graph from outside: not counted among live intermediates.
    pub(crate) const SOURCE: u16 = 1 << 13;
    /// The result is borrowed from a scope.
    pub(crate) const BORROWED: u16 = 1 << 15;
    /// It is in one unit with the node before it, which is its only input and has no other user.
    pub(crate) const JOINED: u16 = 1 << 14;

    /// Running the node takes more than calling its body.
    pub(crate) const SPECIAL: u16 = Self::KEYED | Self::GUARDED | Self::CATCHES | Self::FLAT;

    /// Whether running a node of this kind means only calling its body.
    #[inline]
    pub(in crate::task) fn is_plain_call(self) -> bool {
        self.0 & !(NodeFlags::OWNING | NodeFlags::LARGE) == 0
    }

    #[inline]
    pub(crate) fn has(self, flag: u16) -> bool {
        self.0 & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u16) {
        self.0 |= flag;
    }

    pub(crate) fn clear(&mut self, flag: u16) {
        self.0 &= !flag;
    }

    /// Whether it is a heap-owning intermediate, as promise P7 counts them.
    pub(crate) fn counts(self) -> bool {
        self.has(Self::OWNING) && !self.has(Self::SOURCE)
    }

    /// The flags of every node of one kind, without settings.
    pub(in crate::task) const fn new(
        spec: &TaskSpec,
        result: &ResultType,
        flat: bool,
        awaits: bool,
    ) -> NodeFlags {
        let mut flags = 0;
        if matches!(spec.purity, Purity::Pure | Purity::Structural) {
            flags |= NodeFlags::MERGE;
        }
        if spec.inline && flags & NodeFlags::MERGE != 0 {
            flags |= NodeFlags::INLINE;
        }
        if result.drop.is_some() {
            flags |= NodeFlags::OWNING;
        }
        if !matches!(result.storage, Storage::Inline) {
            flags |= NodeFlags::INDIRECT | NodeFlags::CONSTANT | NodeFlags::SOURCE;
        }
        if matches!(result.storage, Storage::Borrowed) {
            flags |= NodeFlags::BORROWED;
        }
        if result.size > 8 || result.align > 8 {
            flags |= NodeFlags::LARGE;
        }
        if flat {
            // The graph's result may be shared with others, so it is passed on as an `Arc`.
            flags |= NodeFlags::FLAT | NodeFlags::SHARE | NodeFlags::INDIRECT;
        }
        if spec.retries > 0 || spec.timeout.is_some() || awaits {
            flags |= NodeFlags::GUARDED;
        }
        NodeFlags(flags)
    }
}
