//! Purity: when equal calls run once, and for how long their results are kept.
//!
//! By default every call is a node of its own and runs once in each compute. With `#[delayed(pure)]` you promise that the
//! result depends on the arguments alone. Then equal calls run once in a compute, and in all computes nested in it:
//!
//! ```
//! use lazygraph::{Counter, Options, prelude::*};
//!
//! #[delayed(pure)]
//! fn fib(n: u64) -> u64 {
//!     if n < 2 { return n }
//!     let (a, b) = get!(fib(n - 1), fib(n - 2));
//!     a + b
//! }
//!
//! let seen = Counter::new();
//! assert_eq!(fib(50).compute_with(&Options::new().observe(&seen))?, 12_586_269_025);
//! assert_eq!(seen.executed("fib"), 51);
//! # Ok::<(), Error>(())
//! ```
//!
//! Arguments are compared by a 128-bit key. `#[derive(Token)]` makes the key of your own types; `#[key(skip)]` leaves a
//! parameter out, and `#[key(with = f)]` says how it is hashed.
//!
//! - One call that differs: [`impure()`](crate::Delayed::impure) and [`pure()`](crate::Delayed::pure) decide for that call.
//! - Longer than one compute: give the computes the same [`Memo`](crate::Memo). It keeps results within a bound on memory.
//! - One value: [`persist`](crate::Delayed::persist).
//! - Failures are never remembered.
