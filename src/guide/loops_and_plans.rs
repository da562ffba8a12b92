//! Loops and plans: how to run one graph many times.
//!
//! A compute compiles its graph and drops the plan afterwards. Where the same graph runs often, compile it once with
//! [`Plan`](crate::Plan):
//!
//! ```
//! use lazygraph::{Options, Plan, prelude::*};
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//!
//! static TIME: AtomicU64 = AtomicU64::new(0);
//!
//! #[delayed]
//! fn tick() -> u64 { TIME.fetch_add(1, Relaxed) }
//! #[delayed]
//! fn double(x: u64) -> u64 { 2 * x }
//!
//! let plan = Plan::new(double(tick()), &Options::new())?;
//! let steps: Result<Vec<u64>, Error> = (0..3).map(|_| plan.run()).collect();
//! assert_eq!(steps?, [0, 2, 4]);
//! # Ok::<(), Error>(())
//! ```
//!
//! A loop that feeds each result into the next step needs no plan: compute a step, or keep its result with
//! [`persist`](crate::Delayed::persist). A graph that depends on its own results is written as a nested compute, or by
//! returning a `Delayed` from a body.
//!
//! A plan also shows what will run: [`explain`](crate::Plan::explain), [`order`](crate::Plan::order),
//! [`memory_profile`](crate::Plan::memory_profile), [`to_dot`](crate::Plan::to_dot).
