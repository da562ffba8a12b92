//! Arguments: what may be passed, and what is moved, lent or cloned.
//!
//! A parameter keeps the type that the function declares. For each parameter you may pass a plain value, a [`Delayed`] of it,
//! a reference to either, or a [`Handle`] of a client.
//!
//! | parameter | a result of another node is |
//! |---|---|
//! | `T` | moved into its last user, and cloned for the others |
//! | `&T`, `&[T]`, `&str`, `&Path`, `&dyn Trait` | lent, never cloned |
//! | `&[&T]` | a list of results, each lent |
//! | `Vec<T>`, tuples, `Option<T>`, arrays, maps | collected from delayed values, each moved or cloned as a `T` |
//! | `Arc<T>` | shared |
//!
//! So take large values by reference, and write `T: Clone` only where a function needs a value of its own:
//!
//! ```
//! use lazygraph::prelude::*;
//!
//! struct Table(Vec<f64>); // not `Clone`
//!
//! #[delayed]
//! fn load(rows: usize) -> Table { Table(vec![1.0; rows]) }
//! #[delayed]
//! fn total(table: &Table) -> f64 { table.0.iter().sum() }
//! #[delayed]
//! fn mean(total: f64, table: &Table) -> f64 { total / table.0.len() as f64 }
//!
//! let table = load(1000);
//! assert_eq!(mean(total(&table), &table).compute()?, 1.0);
//! # Ok::<(), Error>(())
//! ```
//!
//! A list of delayed values is an argument:
//!
//! ```
//! use lazygraph::prelude::*;
//!
//! #[delayed]
//! fn square(x: i64) -> i64 { x * x }
//! #[delayed]
//! fn sum(xs: &[i64]) -> i64 { xs.iter().sum() }
//!
//! let squares: Vec<Delayed<i64>> = (1..4).map(square).collect();
//! assert_eq!(sum(squares).compute()?, 14);
//! # Ok::<(), Error>(())
//! ```
//!
//! Data on the stack is lent to a graph with [`scope`](crate::scope()).
//!
//! [`Delayed`]: crate::Delayed
//! [`Handle`]: crate::Handle
