//! Pure results by content key, shared by the runs of one compute, or of several.
//!
//! An entry is `Running` from the moment a run claims it until its owner completes, fails or abandons it. Others that ask for
//! it meanwhile leave a waker. Before a wait begins it is checked for a deadlock (`wait_graph`).
//!
//! Results of a run's own plan that can be copied are no entries, but stay in their slots (`ledger`).
//!
//! A failure is no entry either: it belongs to the outermost run that saw it (`run_memo`), and ends with it. Completed
//! results are kept within bounds (`table`), by what it costs to compute them again (`eviction`).

mod eviction;
mod ledger;
mod memo;
mod run_memo;
mod stats;
mod table;
mod wait_graph;

pub(crate) use crate::base::Shared;
pub(crate) use ledger::{Ledger, RunSlots};
pub use memo::Memo;
pub(crate) use run_memo::{Lookup, RunMemo, Ticket, Wait};
pub use stats::MemoStats;
pub(crate) use table::Waker;
pub(crate) use wait_graph::{Awaiting, IsOver, Lineage, await_futures};
