//! The statistics of a memo.

/// The contents of a [`Memo`](crate::Memo) and how it was used.
///
/// Returned by [`Memo::stats`](crate::Memo::stats).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct MemoStats {
    /// Lookups that found a result.
    pub hits: u64,
    /// Lookups that waited for a result in flight, and got it.
    pub shared: u64,
    /// Lookups that had to compute.
    pub misses: u64,
    /// The number of results in the memo.
    pub entries: usize,
    /// The number of results of unknown size: their type has no [`Footprint`](crate::Footprint).
    pub estimated: usize,
    /// The number of bytes that the results count.
    pub bytes: usize,
    /// Results that were dropped to make room.
    pub evicted: u64,
    /// Results that were not kept, because they count more than the budget.
    pub refused: u64,
}
