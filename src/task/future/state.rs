//! The state of a future, in one word; see [`Promise`](super::Promise).

use crate::base::error::Error;

pub(super) const PHASE: u64 = 3;
pub(super) const PENDING: u64 = 0;
pub(super) const NUMBER: u64 = 1;
pub(super) const STORED: u64 = 2;
pub(super) const DISCARDED: u64 = 3;
/// Pending, and a thread is about to complete it.
pub(super) const COMPLETING: u64 = 1 << 2;
pub(super) const STARTED: u64 = 1 << 3;
/// It is about to succeed: too late to cancel.
pub(super) const SEALED: u64 = 1 << 4;
pub(super) const HAS_LISTENERS: u64 = 1 << 5;
pub(super) const DETACHED: u64 = 1 << 6;
/// Four bits: the type of its number.
pub(super) const KIND: u32 = 8;
pub(super) const ROUND: u32 = 32;

/// The state of a future. The upper half is the round it waits for: how often it was retried.
#[derive(Clone, Copy)]
pub(super) struct FutureState(pub(super) u64);

impl FutureState {
    #[inline]
    pub(super) fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    #[inline]
    pub(super) fn is(self, phase: u64) -> bool {
        self.0 & PHASE == phase
    }

    #[inline]
    pub(super) fn round(self) -> u32 {
        (self.0 >> ROUND) as u32
    }

    #[inline]
    pub(super) fn kind(self) -> u8 {
        (self.0 >> KIND) as u8 & 15
    }

    /// Whether it waits for round `round` or an earlier one, and no thread is completing it.
    #[inline]
    pub(super) fn is_pending_in(self, round: u32) -> bool {
        self.is(PENDING) && !self.has(COMPLETING) && self.round() <= round
    }
}

/// What the release of a claim means for a future.
pub(super) enum Released {
    Nothing,
    /// It has not ended, and nobody wants it.
    Unwanted,
    /// It had failed, and nobody has looked at that.
    Unseen(Error),
}
