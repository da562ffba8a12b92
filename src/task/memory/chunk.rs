//! Chunks of memory: how they count what lies in them, and where something lies.

use super::prefetch::prefetch_range;
use crate::base::Owners;
use crate::base::host::{alloc, dealloc};
use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What every chunk begins with.
#[repr(C)]
pub(super) struct Chunk {
    /// See the protocol in `arena.rs`.
    alive: Owners,
    /// The page of a sweep for this chunk, while its thread holds the marks; see `graph::sweep`.
    mark: AtomicU32,
    /// Unique in the process; of the chunks that one thread has filled, later ones have higher serials.
    serial: u64,
    /// The thread that fills it.
    thread: u32,
    layout: Layout,
}

/// The size of a chunk, and the alignment of all.
pub(crate) const SIZE: usize = 1 << 15;

/// Everything in a chunk is aligned to at least this.
pub(in crate::task) const ALIGN: usize = 8;
const _: () = assert!(size_of::<Chunk>().is_multiple_of(ALIGN));

/// An ordinary chunk: a little smaller than its alignment, so that the allocator can put them side by side.
pub(super) const LAYOUT: Layout = match Layout::from_size_align(SIZE - 64, SIZE) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// More than the number of nodes in any chunk.
pub(super) const OPEN: u32 = 1 << 31;

/// Free chunks for new nodes: up to 64 MiB.
static SPARE: Mutex<SpareChunks> = Mutex::new(SpareChunks(Vec::new()));
const MOST_SPARE: usize = (64 << 20) / SIZE;

struct SpareChunks(Vec<NonNull<Chunk>>);

// SAFETY: no one uses a spare chunk.
unsafe impl Send for SpareChunks {}

fn spare() -> MutexGuard<'static, SpareChunks> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Chunk {
    pub(super) fn new(layout: Layout) -> NonNull<Chunk> {
        static SERIALS: AtomicU64 = AtomicU64::new(0);
        thread_local! {
            static THREAD: u32 = {
                static NEXT: AtomicU32 = AtomicU32::new(0);
                NEXT.fetch_add(1, Relaxed)
            };
        }
        let spare = match layout == LAYOUT {
            true => spare().0.pop(),
            false => None,
        };
        // SAFETY: the size is not zero.
        let chunk = spare.or_else(|| NonNull::new(unsafe { alloc(layout) }.cast()));
        let Some(chunk) = chunk else {
            handle_alloc_error(layout)
        };
        let fresh = Chunk {
            alive: Owners::new(OPEN),
            mark: AtomicU32::new(0),
            serial: SERIALS.fetch_add(1, Relaxed),
            thread: THREAD.try_with(|thread| *thread).unwrap_or(u32::MAX),
            layout,
        };
        // SAFETY: the memory is this thread's alone, large and aligned enough.
        unsafe { chunk.write(fresh) };
        chunk
    }

    /// Lowers `alive` by `n`, and frees the chunk if that was the rest.
    ///
    /// # Safety
    /// The caller owns `n` of what `alive` counts, and gives them up.
    pub(super) unsafe fn release(this: NonNull<Chunk>, n: u32) {
        // SAFETY: as promised by the caller, the chunk exists until it is counted down.
        if unsafe { this.as_ref() }.alive.leave(n) {
            // SAFETY: nothing in it is alive and no thread fills it, so no one uses it.
            unsafe { Chunk::free(this) };
        }
    }

    /// # Safety
    /// No one uses the chunk.
    #[cold]
    unsafe fn free(this: NonNull<Chunk>) {
        // SAFETY: as promised by the caller.
        let layout = unsafe { this.as_ref() }.layout;
        // A model sees what is freed.
        if layout == LAYOUT && !cfg!(lazygraph_loom) {
            let mut spare = spare();
            if spare.0.len() < MOST_SPARE {
                spare.0.push(this);
                return;
            }
        }
        // SAFETY: allocated with this layout; as promised by the caller.
        unsafe { dealloc(this.as_ptr().cast(), layout) };
    }
}

/// The chunk of something in the arena.
#[inline]
pub(super) fn chunk_of<N>(at: NonNull<N>) -> NonNull<Chunk> {
    let at = at.as_ptr().map_addr(|addr| addr & !(SIZE - 1));
    // SAFETY: chunks are aligned to `SIZE`, and everything in them begins within `SIZE` bytes of their beginning.
    unsafe { NonNull::new_unchecked(at.cast()) }
}

/// Where a node lies that is alive for `'n`.
#[derive(Clone, Copy)]
pub(crate) struct Position<'n> {
    pub(crate) chunk: ChunkRef<'n>,
    /// The index of its first word of 8 bytes, from the beginning of the chunk.
    pub(crate) word: usize,
}

/// A chunk that contains a node that is alive for `'n`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkRef<'n>(NonNull<Chunk>, PhantomData<&'n Chunk>);

impl<'n> Position<'n> {
    /// # Safety
    /// Something that [`alloc_with`](super::alloc_with) made lies at `at`, and stays there for `'n`.
    #[inline]
    pub(in crate::task) unsafe fn from_address(at: NonNull<u8>) -> Position<'n> {
        Position {
            chunk: ChunkRef(chunk_of(at), PhantomData),
            word: (at.addr().get() & (SIZE - 1)) / 8,
        }
    }

    #[inline]
    pub(in crate::task) fn address(self) -> NonNull<u8> {
        let at = self.chunk.0.as_ptr().cast::<u8>();
        // SAFETY: within the chunk, as the word of a node that is there.
        unsafe { NonNull::new_unchecked(at.add(self.word * 8)) }
    }

    /// Unique in the process, even when memory is reused. Of the nodes of one thread, later ones have higher numbers.
    pub(crate) fn number(self) -> u64 {
        self.chunk.serial() * (SIZE / 8) as u64 + self.word as u64
    }
}

impl<'n> ChunkRef<'n> {
    #[inline]
    fn chunk(self) -> &'n Chunk {
        // SAFETY: a node in it is alive for `'n`, and keeps it.
        unsafe { self.0.as_ref() }
    }

    /// Of the chunks that one thread has filled, later ones have higher serials.
    #[inline]
    pub(crate) fn serial(self) -> u64 {
        self.chunk().serial
    }

    /// The word at which `at` lies; `None` if it lies elsewhere.
    #[inline]
    pub(crate) fn word_of(self, at: NonNull<u8>) -> Option<usize> {
        let offset = at.addr().get().wrapping_sub(self.0.addr().get());
        // A large chunk has one node, at its beginning; small chunks exist only where every node has its own.
        let size = match cfg!(lazygraph_apart) {
            true => self.chunk().layout.size(),
            false => LAYOUT.size(),
        };
        (offset < size).then_some(offset / 8)
    }

    /// The thread that has filled it.
    pub(crate) fn thread(self) -> u32 {
        self.chunk().thread
    }

    /// Brings it into the cache: many of its nodes will be accessed.
    pub(crate) fn prefetch(self) {
        prefetch_range(self.0.as_ptr().cast(), SIZE);
    }

    /// The last mark that was set.
    pub(crate) fn mark(self) -> u32 {
        self.chunk().mark.load(Relaxed)
    }

    /// Sets the mark. Only the thread that holds the marks may do so.
    pub(crate) fn set_mark(self, mark: u32) {
        self.chunk().mark.store(mark, Relaxed);
    }
}
