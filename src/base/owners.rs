//! A count of owners, as that of an `Arc`.
//!
//! Nodes and the chunks of memory that they lie in are counted so. The memory orders are tried in `tests/models/nodes.rs`.

use super::host::atomic::AtomicU32;
use super::host::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// How many owners something has. The last of them may do with it what it likes: all that the others did with it happened
/// before.
pub(crate) struct Owners(AtomicU32);

impl Owners {
    #[inline]
    pub(crate) fn new(owners: u32) -> Owners {
        Owners(AtomicU32::new(owners))
    }

    /// One more, made by one that stays meanwhile; returns how many there were before. Ends the process if there are too many to
    /// count, as `Arc` does: a count that wraps would free what has owners.
    #[inline]
    pub(crate) fn add(&self) -> u32 {
        Owners::check(self.0.fetch_add(1, Relaxed))
    }

    /// The count there was before one more: ends the process if there are too many.
    #[inline]
    pub(crate) fn check(before: u32) -> u32 {
        /// Half of what can be counted: so many threads may add one more before the process has ended.
        const MOST: u32 = u32::MAX / 2;
        if before > MOST {
            std::process::abort();
        }
        before
    }

    /// `n` of them give it up; `true` if these were all.
    #[inline]
    pub(crate) fn leave(&self, n: u32) -> bool {
        self.0.fetch_sub(n, AcqRel) == n
    }

    /// As `leave(1)`. The count stays at one where it is that of the caller.
    #[inline]
    pub(crate) fn leave_or_keep(&self) -> bool {
        // A count of one is the caller's own: no one else can raise it any more.
        self.is_sole() || self.leave(1)
    }

    /// Whether the caller is the only one.
    #[inline]
    pub(crate) fn is_sole(&self) -> bool {
        self.0.load(Acquire) == 1
    }
}
