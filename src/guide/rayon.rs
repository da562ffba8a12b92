//! Coming from rayon: when to use which, and both together.
//!
//! Use `par_iter` for a loop over data: an element costs less there than a node does here. Use a graph where calls depend on
//! each other, share results, fail on their own, or should run in an order that needs little memory.
//!
//! | with rayon | here |
//! |---|---|
//! | `rayon::join(f, g)` | `compute!(f(), g())?` |
//! | `scope` and `spawn` | calls that take the results of others; `scope` lends data from the stack |
//! | `par_iter().map(f).reduce(..)` | the same, inside a node; [`tree_reduce`](crate::tree_reduce) for delayed values |
//! | a hand-written memo table behind a lock | `#[delayed(pure)]` |
//! | `ThreadPool::install` | [`Options::pool`](crate::RunOptions::pool) |
//!
//! Graphs run on rayon's threads: the pool of the calling thread, or the global one. `par_iter` is welcome inside a node.
//!
//! ```
//! use lazygraph::prelude::*;
//! use rayon::prelude::*;
//!
//! #[delayed]
//! fn norm(xs: &[f64]) -> f64 { xs.par_iter().map(|x| x * x).sum::<f64>().sqrt() }
//!
//! let (a, b) = compute!(norm(vec![3.0, 4.0]), norm(vec![5.0, 12.0]))?;
//! assert_eq!((a, b), (5.0, 13.0));
//! # Ok::<(), Error>(())
//! ```
//!
//! A closure of `par_iter` that computes a graph may run on a thread that is in no node. Then its compute is a run of its
//! own: it shares no results with the run around it, and is not cancelled with it.
