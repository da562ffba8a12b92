//! A lazy delayed-graph compiler and executor.
//!
//! `#[delayed]` turns plain functions into typed graph nodes; an optimizer culls, deduplicates by purity,
//! fuses, inlines and orders the graph; a rayon executor runs it; and `compute!` may be called inside nodes,
//! to any depth, without deadlock.
//!
//! ```
#![doc = include_str!("../examples/ways.rs")]
//! ```
//!
//! The [`guide`] has a page for each larger question.
//!
//! # Which call do I want?
//!
//! | to .. | write |
//! |---|---|
//! | make a function lazy | `#[delayed] fn f(..)`, or `delayed(\|x\| ..)` for a closure |
//! | get the value of a graph | `f(x).compute()?`, `compute!(a, b)?` for several at once |
//! | use a graph inside a task | the same; or `get!(a, b)` where the body returns no `Result` |
//! | continue with a graph, without waiting | return `Delayed<T>` from the task, or [`Delayed::and_then`] |
//! | call the plain function | `f::now(x)` |
//! | put a value into a graph | [`value`]; borrow one from the stack with [`scope`] |
//! | have failures as values | [`Delayed::catch`], [`Delayed::unwrap_or`], [`compute_all`] |
//! | evaluate once, use in several computes | [`Delayed::persist`] |
//! | compile once, run often, look at it | [`Plan`] |
//! | choose threads, cancel, observe | [`Options`] |
//! | start work now, and get the result later | [`Client::submit`], [`Client::map`]; [`Handle::result`] |
//! | take results as they complete, and start more | [`as_completed`] |
//! | start tasks from a task | [`get_client`]; [`secede`] around blocking I/O |
//! | share pure results between computes, bound what is remembered | [`Memo`] |
//! | see how much memory results take | [`Counter`], `#[derive(Footprint)]` for your types ([`Footprint`]) |
//!
//! # What makes two nodes the same
//!
//! | node | is equal to |
//! |---|---|
//! | a call of a `#[delayed]` function | nothing else: every call is its own node, evaluated once per compute |
//! | a call of a `#[delayed(pure)]` function | every call of that function with equal arguments (see [`Token`]), in this graph, in the graphs nested below it, and in others with the same [`Memo`] |
//! | a projection ([`at`](Delayed::at), [`unzip`](Delayed::unzip)), an operator between delayed values, [`join`] | the same one over equal inputs, in this graph |
//! | an operator with a plain operand, a closure ([`map`](Delayed::map), [`call`]) | nothing else |
//! | [`value`] | clones of its handle |
//!
//! `.pure()`, `.impure()` and `.key(..)` on a call replace what its function declares.

#![deny(unsafe_code)]
#![warn(missing_docs, rust_2018_idioms)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod base;
mod client;
mod compute;
mod delayed;
mod diag;
mod event;
mod exec;
mod graph;
pub mod guide;
mod optimize;
mod plan;
pub mod prelude;
mod store;
#[allow(unsafe_code)]
mod task;

pub use base::error::{BoxError, Error, ErrorKind};
pub use base::footprint::Footprint;
pub use base::token::{Hasher128, Token};
#[cfg(feature = "async")]
pub use client::AsyncWork;
pub use client::{
    AsCompleted, AsHandle, Client, ClientBuilder, ClientStats, HandleFuture, Seceded, Status,
    as_completed, get_client, hold_slot, rejoin, secede, sync, worker_client,
};
pub use compute::{
    Explain, Options, Plan, RunOptions, Scheduler, compute, compute_all, compute_all_with,
    compute_with,
};
pub use delayed::{
    Arg, ArgAny, ArgRef, ArgRefs, AsDelayed, Delayed, Handle, Join, Scope, call, checkpoint,
    delayed, join, scope, tree_reduce, value, value_arc,
};
pub use diag::{Counter, TextLog};
pub use event::{NodeInfo, Observer, RunEvent};
pub use exec::{CancelToken, Times, Transition, check};
pub use plan::{MemoryProfile, PlanNode};
pub use store::{Memo, MemoStats};
pub use task::{Value, View};

/// Traits and markers that signatures of this crate name and programs need not.
///
/// They say what may be passed where. The traits are sealed.
pub mod traits {
    pub use crate::client::{CallStar, Futures};
    pub use crate::compute::IntoObserver;
    pub use crate::delayed::{
        Apply, CallWith, Exact, GenericParam, Keyed, Lazy, NotDelayed, ParamMode, TraitObject,
        TypeParam,
    };
}

/// The version of petgraph that [`Plan::graph`] returns a graph of.
#[cfg(feature = "petgraph")]
pub use petgraph;

#[cfg(feature = "macros")]
pub use lazygraph_macros::{Footprint, Token, delayed};
