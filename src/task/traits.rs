//! What is known of a node without looking at its operands.

use super::node::NodeRef;
use super::result::{ResultType, Storage};
use super::settings::Settings;
use super::spec::{Purity, TaskSpec};
use crate::base::buffer_pool::pooled_as;

/// What the passes and the executor need to know of a node without touching it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Traits(pub(crate) u16);

pooled_as!(Traits, u16);

impl Traits {
    /// The result owns something: it has a `Drop`.
    pub(crate) const OWNING: u16 = 1;
    /// The slot holds a pointer to the result.
    pub(crate) const INDIRECT: u16 = 1 << 1;
    /// Equal nodes may be merged.
    pub(crate) const MERGE: u16 = 1 << 2;
    /// The body returns a graph.
    pub(crate) const FLAT: u16 = 1 << 3;
    /// Something was said of the call.
    pub(crate) const SETTINGS: u16 = 1 << 4;
    /// Run again in each consumer.
    pub(crate) const INLINE: u16 = 1 << 5;
    /// A source that is the same in every evaluation.
    pub(crate) const CONSTANT: u16 = 1 << 6;
    /// The result does not fit a slot of 8 bytes, aligned to 8.
    pub(crate) const LARGE: u16 = 1 << 7;
    /// Its result must be wrapped into an `Arc` after the body: shared with a user or the memo.
    pub(crate) const SHARE: u16 = 1 << 8;
    /// Reads an input that may have failed.
    pub(crate) const CATCHES: u16 = 1 << 9;
    /// Barrier to fusion.
    pub(crate) const NO_FUSE: u16 = 1 << 10;
    /// May be tried again, has a deadline, or asks for resources.
    pub(crate) const GUARDED: u16 = 1 << 11;
    /// Remembered in the memo of the run.
    pub(crate) const KEYED: u16 = 1 << 12;
    /// A value put into the graph from outside: not counted among live intermediates.
    pub(crate) const SOURCE: u16 = 1 << 13;
    /// The result lies in a scope's stack frame.
    pub(crate) const BORROWED: u16 = 1 << 15;
    /// In one unit with the node before it, which is its only input and has no other user.
    pub(crate) const JOINED: u16 = 1 << 14;

    /// Those of nodes that need more than to be called.
    pub(crate) const SPECIAL: u16 = Self::KEYED | Self::GUARDED | Self::CATCHES | Self::FLAT;

    /// Whether running a node of this kind is no more than calling its body.
    #[inline]
    pub(super) fn are_bare(self) -> bool {
        self.0 & !(Traits::OWNING | Traits::LARGE) == 0
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

    /// A heap-owning intermediate, as promise P7 counts them.
    pub(crate) fn counts(self) -> bool {
        self.has(Self::OWNING) && !self.has(Self::SOURCE)
    }

    /// Of every node of one kind, but for what was said of its call.
    pub(super) const fn of(
        spec: &TaskSpec,
        result: &ResultType,
        flat: bool,
        awaits: bool,
    ) -> Traits {
        let mut traits = 0;
        if matches!(spec.purity, Purity::Pure | Purity::Structural) {
            traits |= Traits::MERGE;
        }
        if spec.inline && traits & Traits::MERGE != 0 {
            traits |= Traits::INLINE;
        }
        if result.drop.is_some() {
            traits |= Traits::OWNING;
        }
        if !matches!(result.storage, Storage::Inline) {
            traits |= Traits::INDIRECT | Traits::CONSTANT | Traits::SOURCE;
        }
        if matches!(result.storage, Storage::Borrowed) {
            traits |= Traits::BORROWED;
        }
        if result.size > 8 || result.align > 8 {
            traits |= Traits::LARGE;
        }
        if flat {
            // The graph's result may be shared with others, so it is handed over shared.
            traits |= Traits::FLAT | Traits::SHARE | Traits::INDIRECT;
        }
        if spec.retries > 0 || spec.timeout.is_some() || awaits {
            traits |= Traits::GUARDED;
        }
        Traits(traits)
    }

    /// Adds what was said of a node's call, which goes over what its function says.
    pub(crate) fn are_said(&mut self, node: NodeRef<'_>, settings: &Settings) {
        self.set(Traits::SETTINGS);
        self.purity_is_said(node, settings);
        if settings.fuse == Some(false) {
            self.set(Traits::NO_FUSE);
        }
        let resources = !settings.resources.is_empty();
        if settings.retries.is_some() || settings.timeout.is_some() || resources {
            self.set(Traits::GUARDED);
        }
    }

    fn purity_is_said(&mut self, node: NodeRef<'_>, settings: &Settings) {
        if node.is_recompute() || self.has(Traits::SOURCE) {
            // Never one with the first evaluation, or with another value, whatever was said.
            return;
        }
        if let Some(purity) = settings.purity {
            self.clear(Traits::MERGE | Traits::INLINE);
            if matches!(purity, Purity::Pure | Purity::Structural) {
                self.set(Traits::MERGE);
            }
        }
        if settings.key.is_some() {
            self.set(Traits::MERGE);
        }
        if (node.spec().inline || settings.inline) && self.has(Traits::MERGE) {
            self.set(Traits::INLINE);
        }
    }
}
