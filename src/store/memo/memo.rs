//! The handle that users have of a memo.

use super::MemoStats;
use super::eviction::DEFAULT_COST;
use super::table::{self, ENTRY_BYTES, Table};
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

/// A bounded cache of the results of pure calls, shared by several computes. Clones are handles to the same memo.
///
/// Every compute remembers the results of its pure calls, nested ones included, until it ends: in a memo of its own with the
/// bounds of [`Memo::new`], except that numbers, `char` and `bool` stay in the slots of its plan. Pass one memo to several
/// computes with [`Options::memo`](crate::RunOptions::memo) to share their results. If computes run at the same time, the
/// second one that needs a result waits for the first. Calls with equal keys are equal; see the
/// [crate's documentation](crate#what-makes-two-nodes-the-same).
///
/// Never remembered beyond a compute are failures, results of a cancelled run, and results that depend on an impure call or
/// on a value borrowed from a [`scope`](crate::scope()).
///
/// # Bounds
///
/// A memo never exceeds its budget. A result counts with its `size_of`, the memory it owns according to its
/// [`Footprint`](crate::Footprint), and [`ENTRY_BYTES`](Memo::ENTRY_BYTES) for the entry. Results whose type has no footprint
/// count too little; [`MemoStats::estimated`] is their number. A result larger than the budget is not kept.
///
/// When room is needed, results that are cheap to compute, large and rarely used are evicted first
/// (GreedyDual-Size-Frequency). The cost of a result is the time that its body took, including everything that it computed
/// and waited for. While the memo is less than a quarter full, the clock is not read and the cost is assumed to be
/// [`DEFAULT_COST`](Memo::DEFAULT_COST).
///
/// Eviction never changes a result. It only makes a body run again, also for computes that waited for a result that then was
/// not kept. A recursion whose last few results do not fit runs as often as if it were not pure.
///
/// # Complexity
/// A lookup takes O(1). Adding a result takes O(1) until the memo is full for the first time, O(log entries) afterwards.
///
/// Sources: P. Cao, S. Irani, *Cost-Aware WWW Proxy Caching Algorithms*, USITS 1997; L. Cherkasova, *Improving WWW Proxies
/// Performance with Greedy-Dual-Size-Frequency Caching Policy*, HP Labs 1998.
///
/// # Examples
/// ```
/// use lazygraph::{Memo, Options, prelude::*};
///
/// #[delayed(pure)]
/// fn primes(below: u64) -> Vec<u64> {
///     (2..below).filter(|n| (2..*n).all(|d| n % d != 0)).collect()
/// }
///
/// let memo = Memo::with_budget(1 << 20);
/// let options = Options::new().memo(&memo);
/// assert_eq!(primes(20).compute_with(&options)?.len(), 8);
/// assert_eq!(primes(20).compute_with(&options)?.len(), 8); // remembered
/// let stats = memo.stats();
/// assert_eq!((stats.hits, stats.misses, stats.entries), (1, 1, 1));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Memo(pub(super) Arc<Table>);

impl Memo {
    /// The default budget: 1 GiB.
    pub const DEFAULT_BUDGET: usize = 1 << 30;
    /// The default bound on the number of entries: 2²².
    pub const DEFAULT_ENTRIES: usize = 1 << 22;
    /// The number of bytes that an entry counts in addition to its value.
    pub const ENTRY_BYTES: usize = ENTRY_BYTES;
    /// The assumed cost of a result that was not timed: 10 µs.
    pub const DEFAULT_COST: Duration = DEFAULT_COST;

    /// Creates an empty memo with the default bounds.
    pub fn new() -> Memo {
        Memo::with_budget(Memo::DEFAULT_BUDGET)
    }

    /// Creates an empty memo that holds at most `bytes` bytes.
    ///
    /// With 0 it keeps nothing; calls in flight are still shared.
    pub fn with_budget(bytes: usize) -> Memo {
        Memo(Arc::new(Table::new(bytes, Memo::DEFAULT_ENTRIES)))
    }

    /// Bounds the number of entries to `n` as well, for all handles to this memo.
    ///
    /// A lower bound than before takes effect when the next result is added.
    pub fn set_max_entries(&self, n: usize) {
        self.0.set_max_entries(n);
    }

    /// Returns the contents of this memo and how it was used.
    ///
    /// While computes run, the numbers may not belong to one point in time.
    #[must_use = "the counts are all it does"]
    pub fn stats(&self) -> MemoStats {
        self.0.stats()
    }

    /// Drops all results. Calls in flight stay, and the counters of [`stats`](Self::stats) are not reset.
    ///
    /// # Panics
    /// Panics if the `Drop` of a value panics, after all others have been dropped.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Memo, Options, prelude::*};
    ///
    /// #[delayed(pure)]
    /// fn square(x: i64) -> i64 { x * x }
    ///
    /// let memo = Memo::new();
    /// square(3).compute_with(&Options::new().memo(&memo))?;
    /// memo.clear();
    /// assert_eq!((memo.stats().entries, memo.stats().bytes), (0, 0));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn clear(&self) {
        if let Some(payload) = table::drop_all(self.0.clear()) {
            resume_unwind(payload);
        }
    }
}

impl Default for Memo {
    fn default() -> Memo {
        Memo::new()
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo")
            .field("budget", &self.0.budget())
            .field("stats", &self.stats())
            .finish()
    }
}
