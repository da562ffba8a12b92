//! What the counts and the memory of nodes stand on: the standard library, or loom in `tests/models/nodes.rs`.
//!
//! Not in [`sync`](super::sync): shuttle interleaves whole operations, so it would find nothing here, and each node costs
//! several.

pub(crate) use std::alloc::{alloc, dealloc};
pub(crate) use std::sync::atomic;
pub(crate) use std::thread_local;
