//! When it is slow: where the time goes, and what lazygraph is not for.
//!
//! A node costs tens of nanoseconds. So a node should do more than a few additions: put loops over numbers inside it.
//!
//! | symptom | look at |
//! |---|---|
//! | many tiny nodes | gather work: one call for a block of elements |
//! | one thread works | [`Plan::explain`](crate::Plan::explain): a chain has no parallel work |
//! | bodies run more often than expected | [`Counter`](crate::Counter); `#[delayed(pure)]` merges equal calls |
//! | much memory | [`Plan::memory_profile`](crate::Plan::memory_profile); take large arguments by reference |
//! | arguments are expensive to hash | `#[key(skip)]`, or no purity |
//! | threads wait for a disk or a network | a [`Client`](crate::Client) with [`secede`](crate::secede) around the wait |
//!
//! ```
//! use lazygraph::{Counter, Options, compute_with, prelude::*};
//!
//! #[delayed]
//! fn load(x: u64) -> u64 { x }
//!
//! let seen = Counter::new();
//! compute_with(&Options::new().observe(&seen), (load(1), load(1)))?;
//! assert_eq!(seen.executed("load"), 2); // not pure: two calls, two evaluations
//! # Ok::<(), Error>(())
//! ```
//!
//! # What it is not
//!
//! - Not an async runtime. A node that waits for a disk or a network occupies a thread; in a task of a client, `secede` gives
//!   at least its slot to others. `.await` on a future works under any runtime, and async work is handed to yours.
//! - Not able to see every wait. A body that holds its slot (`hold_slot`, or a lock or channel of `std` without `secede`) while
//!   it waits for a task that needs it waits for ever. So does a node that waits for an `Event` which only a later node of the
//!   same compute sets, where one thread runs them one after the other: in a compute on one thread, and in one of two to four
//!   calls without inputs that is nested in a task while no other slot is free. The first of a thousand or more small calls run
//!   alone for a moment: one of them that waits, by means of `std`, for one behind it waits for ever, too.
//! - Not for loops over numbers: a node costs more than a function call, so it should do more than one. Use rayon's
//!   `par_iter` there; inside a node it is welcome.
//! - Not a cache on disk. What pure calls gave is kept in memory, at most 1 GiB or four million results, until the
//!   outermost compute ends; numbers stay in the plan, and do not count. A `Memo` of your own keeps it for as long as you do, within the bounds that you set; `persist`
//!   keeps one value.
//! - Not thrifty at rest. After large graphs the process keeps memory for the next ones: of their nodes up to 64 MiB, of plans,
//!   results and futures up to 128 MiB.
//! - Not able to stop a body. A cancelled or overdue body sees its `CancelToken`; one that does not look runs to its end.
//! - One process. `#[delayed(remote)]` checks that a function could run elsewhere; nothing runs it there.
