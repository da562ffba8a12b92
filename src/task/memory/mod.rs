//! The memory of nodes: an arena, and hints to the cache. It knows bytes, not nodes.

mod arena;
mod chunk;
mod prefetch;

pub(super) use arena::{FreeBatch, alloc_array, alloc_with, free_in_open_chunk};
pub(super) use chunk::ALIGN;
pub(crate) use chunk::{ChunkRef, Position, SIZE};
pub(super) use prefetch::prefetch;
