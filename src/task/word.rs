//! Where a future stands, in one word; see [`Promise`](super::promise::Promise).

/// Where a future stands. From bit 32 on: how often it was tried before, for which of its tries it waits.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u64);

impl Word {
    pub(super) const PHASE: u64 = 3;
    pub(super) const PENDING: u64 = 0;
    pub(super) const NUMBER: u64 = 1;
    pub(super) const KEPT: u64 = 2;
    pub(super) const FORGOTTEN: u64 = 3;
    /// Pending, and somebody is about to say what came of it.
    pub(super) const ENDING: u64 = 1 << 2;
    pub(super) const BEGUN: u64 = 1 << 3;
    /// It is about to end well: too late to cancel.
    pub(super) const SEALED: u64 = 1 << 4;
    /// Somebody is to be told.
    pub(super) const LISTENED: u64 = 1 << 5;
    pub(super) const DETACHED: u64 = 1 << 6;
    /// Four bits: what kind of number came of it.
    pub(super) const KIND: u32 = 8;
    pub(super) const ROUND: u32 = 32;

    #[inline]
    pub(super) fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    #[inline]
    pub(super) fn is(self, phase: u64) -> bool {
        self.0 & Self::PHASE == phase
    }

    #[inline]
    pub(super) fn round(self) -> u32 {
        (self.0 >> Self::ROUND) as u32
    }

    #[inline]
    pub(super) fn kind(self) -> u8 {
        (self.0 >> Self::KIND) as u8 & 15
    }

    /// Whether it waits for what comes of the `round`th try, or of one before, and nobody is about to say.
    #[inline]
    pub(super) fn is_pending_in(self, round: u32) -> bool {
        self.is(Self::PENDING) && !self.has(Self::ENDING) && self.round() <= round
    }
}
