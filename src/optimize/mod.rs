//! L3: graph → graph.
//!
//! A pass is a file with its tests. The driver runs the passes in the order of `PIPELINE`, checks the invariants of
//! `graph::check` after each one in debug builds, and reports what each did.

mod cull;
mod dedupe;
mod equal;
mod fuse;
mod inline;
mod order;
mod pass;
mod pipeline;
pub(crate) mod report;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use pass::{Changed, Pass, Passes};
pub(crate) use pipeline::optimize;
