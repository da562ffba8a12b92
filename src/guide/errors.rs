//! Errors: what happens after a failure, and how to handle one.
//!
//! A body fails by returning `Err`, of any error type, or by panicking. After a failure no new node starts, nodes that are
//! running finish, and the compute returns one [`Error`](crate::Error). It names the call, its arguments and the line that
//! built it, and [`source`](std::error::Error::source) leads down to the error of the body:
//!
//! ```
//! use lazygraph::{ErrorKind, prelude::*};
//! use std::num::ParseIntError;
//!
//! #[delayed]
//! fn parse(text: &str) -> Result<i64, ParseIntError> { text.parse() }
//! #[delayed]
//! fn double(x: i64) -> i64 { 2 * x }
//!
//! let error = double(parse("four")).compute().unwrap_err();
//! assert_eq!((error.task(), error.kind()), ("parse", ErrorKind::Failed));
//! assert!(error.downcast_ref::<ParseIntError>().is_some());
//! ```
//!
//! An [`Error`](crate::Error) is an ordinary error: `?` converts it to `anyhow::Error` or `Box<dyn Error>`, and a body may
//! return `anyhow::Result`.
//!
//! To go on after a failure, turn it into a value:
//!
//! ```
//! use lazygraph::{compute_all, prelude::*};
//!
//! #[delayed]
//! fn inverse(x: i64) -> Result<i64, String> {
//!     if x == 0 { return Err("zero has no inverse".into()) }
//!     Ok(100 / x)
//! }
//!
//! assert_eq!(inverse(0).unwrap_or(-1).compute()?, -1);
//! let each = compute_all([inverse(5), inverse(0)]);
//! assert!(each[0].is_ok() && each[1].is_err());
//! # Ok::<(), Error>(())
//! ```
//!
//! `retries`, `backoff` and `timeout` belong to a call: `fetch(url).retries(3).timeout(limit)`.
