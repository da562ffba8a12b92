//! Pure results by content key, shared by the runs of a compute, or of many.
//!
//! An entry is `Running` from the moment somebody takes it on until its owner completes, fails or abandons
//! it. Whoever asks meanwhile leaves a waker. Before a wait is entered it is checked for a circle (`waits`).
//!
//! The results of a run's own plan that can be copied are no entries, but stay where they are (`ledger`).
//!
//! A failure is no entry: it belongs to the outermost run that saw it (`ask`), and goes with it. What is
//! completed is kept within bounds (`table`), by what it costs to have it again (`aging`).

mod aging;
mod ask;
mod ledger;
mod table;
mod waits;

pub(crate) use ask::{Begin, RunMemo, Ticket, Wait};
pub(crate) use ledger::{Ledger, Slots};
pub(crate) use table::{Shared, Waker};
pub(crate) use waits::{Awaiting, Lineage, await_futures};

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use table::Table;

/// Remembers what pure calls have given, within bounds, from one compute to the next. Clones are handles to the same memo.
///
/// Every compute remembers the results of pure calls while it lasts, for itself and what is nested in it, in a memo of
/// its own with the bounds of [`Memo::new`]; numbers, `char` and `bool` stay where its plan has put them. Give one to several computes with [`Options::memo`](crate::RunOptions::memo),
/// and they share what they have in common, also when they run at the same time: then the second one that asks for a
/// result waits for the first. Calls are equal by their key; see the [crate's documentation](crate#what-makes-two-nodes-the-same).
///
/// What is never remembered beyond a compute: failures, what a run gave after it was cancelled, and what depends on an
/// impure call or on what a [`scope`](crate::scope()) has lent.
///
/// # Bounds
///
/// A memo never holds more than its budget. A result counts with its `size_of`, what it owns by its
/// [`Footprint`](crate::Footprint), and [`ENTRY_BYTES`](Memo::ENTRY_BYTES) for keeping it. Results whose type has no
/// footprint count too little; [`MemoStats::estimated`] says how many there are. When room is needed, what is cheap to
/// have again, large and seldom asked for goes first (GreedyDual-Size-Frequency). What a result cost is the time its
/// body took, with all that it computed and waited for; while the memo is less than a quarter full the clock is not
/// read and a cost of [`DEFAULT_COST`](Memo::DEFAULT_COST) assumed. A result larger than the budget is not kept. Dropping
/// never changes a result, it only lets a body run again: also for those who waited for what then was not kept. A
/// recursion of which not even the last few results fit runs as often as if it were not pure.
///
/// # Complexity
/// Asking O(1); keeping O(1) until the memo is first full, O(log entries) afterwards.
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
pub struct Memo(Arc<Table>);

impl Memo {
    /// The budget of a memo that is not given one: 1 GiB.
    pub const DEFAULT_BUDGET: usize = 1 << 30;
    /// The most entries of a memo that is not given another bound: 2²².
    pub const DEFAULT_ENTRIES: usize = 1 << 22;
    /// What an entry counts beyond its value.
    pub const ENTRY_BYTES: usize = 128;
    /// What a result is taken to have cost that was not timed.
    pub const DEFAULT_COST: std::time::Duration = std::time::Duration::from_micros(10);

    /// An empty memo with the default bounds.
    pub fn new() -> Memo {
        Memo::with_budget(Memo::DEFAULT_BUDGET)
    }

    /// An empty memo that holds at most so many bytes. Zero keeps nothing: calls in flight are still shared.
    pub fn with_budget(bytes: usize) -> Memo {
        Memo(Arc::new(Table::new(bytes, Memo::DEFAULT_ENTRIES)))
    }

    /// Bounds the number of entries as well, for all handles. A lower bound than before takes effect when the next result comes.
    pub fn set_max_entries(&self, n: usize) {
        self.0.set_max_entries(n);
    }

    /// What it holds and how it was used. While computes run, a moment's picture.
    #[must_use = "the counts are all it does"]
    pub fn stats(&self) -> MemoStats {
        self.0.stats()
    }

    /// Forgets all results; the counts of [`stats`](Self::stats) go on. What is in flight stays.
    ///
    /// # Panics
    /// If the `Drop` of a value panics, after all others have been dropped.
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

/// What a [`Memo`] holds and how it was used: [`Memo::stats`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct MemoStats {
    /// Askers that found a result.
    pub hits: u64,
    /// Askers that waited for a result in flight, and got it.
    pub shared: u64,
    /// Askers that had to compute.
    pub misses: u64,
    /// Results that are kept.
    pub entries: usize,
    /// How many of them own something of unknown size: their type has no [`Footprint`](crate::Footprint).
    pub estimated: usize,
    /// Bytes that they count.
    pub bytes: usize,
    /// Results that were dropped to make room.
    pub evicted: u64,
    /// Results that were not kept, for they count more than the budget.
    pub refused: u64,
}
