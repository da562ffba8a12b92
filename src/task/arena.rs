//! Where the nodes of calls lie: in chunks of memory, one after the other as they are made.
//!
//! A thread fills one chunk after the other, and memory is given back by the chunk. So making a node costs a few writes;
//! nodes that were made together lie together; and where a node lies tells which of two that one thread has made is the
//! older. Graphs are lowered and freed in that order, which is the order of memory.
//!
//! The price: a node keeps its chunk. So what is likely to be kept alone, the sources, lies elsewhere (`source.rs`).
//!
//! The protocol. While a thread fills a chunk, [`Chunk::alive`] holds [`OPEN`], less the nodes that others have freed; the
//! thread itself counts those that it has made, less those that it has freed, and in the end puts that number in the place
//! of `OPEN`. From then on `alive` is the number of nodes that have not been freed, and who counts down to zero gives the
//! chunk back. Nodes are counted down after they were dropped, with `AcqRel`: so everything that was done with them has
//! been done when the memory is used again.
//!
//! Chunks hide from AddressSanitizer and Miri what is used after it was freed. With `--cfg lazygraph_apart` each node has a
//! chunk of its own, which is given back to the allocator: see `CONTRIBUTING.md`.

use super::ahead::prefetch_all;
use super::header::Header;
use super::node::RawNode;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Mutex, PoisonError};

/// What every chunk begins with.
#[repr(C)]
pub(super) struct Chunk {
    alive: AtomicU32,
    /// Where a sweep that holds the marks keeps its page for this chunk; see `graph::sweep`.
    mark: AtomicU32,
    /// Unique in the process; of the chunks that one thread has filled, the later ones have the higher.
    serial: u64,
    /// Who has filled it.
    thread: u32,
    layout: Layout,
}

/// The size of a chunk, and the alignment of all.
pub(crate) const SIZE: usize = 1 << 15;

/// What is next in a chunk is aligned to this much.
const ALIGN: usize = align_of::<Header>();
const _: () = assert!(size_of::<Chunk>().is_multiple_of(ALIGN));

/// An ordinary chunk: a little less than its alignment, so that the allocator can put them side by side.
const LAYOUT: Layout = match Layout::from_size_align(SIZE - 64, SIZE) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// More than any number of nodes in a chunk.
const OPEN: u32 = 1 << 31;

/// Chunks that are kept for new nodes: up to 64 MiB.
static SPARE: Mutex<Spare> = Mutex::new(Spare(Vec::new()));
const MOST_SPARE: usize = (64 << 20) / SIZE;

struct Spare(Vec<NonNull<Chunk>>);

// SAFETY: what is spare is nobody's.
unsafe impl Send for Spare {}

/// The chunk that a thread fills.
struct Open {
    chunk: Cell<*mut Chunk>,
    at: Cell<*mut u8>,
    end: Cell<usize>,
    /// How many it has made in this chunk, less those of them that it has freed.
    alive: Cell<u32>,
}

thread_local! {
    static OPENED: Open = const {
        Open {
            chunk: Cell::new(std::ptr::null_mut()),
            at: Cell::new(std::ptr::null_mut()),
            end: Cell::new(0),
            alive: Cell::new(0),
        }
    };
    /// Closes the chunk of a thread that ends.
    static ENDS: Ends = const { Ends };
    static THREAD: u32 = {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        NEXT.fetch_add(1, Relaxed)
    };
}

struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        OPENED.with(Open::close);
    }
}

/// Puts a node into the chunk of this thread: `make` makes it there.
#[inline]
pub(super) fn place<N>(make: impl FnOnce() -> N) -> NonNull<N> {
    const {
        assert!(
            align_of::<N>() <= SIZE / 2,
            "an argument of a delayed function may be aligned to 16 KiB at the most"
        );
    }
    let room = OPENED.with(|open| open.room(Layout::new::<N>())).cast();
    // SAFETY: room for an `N`, which nobody else knows of.
    unsafe { room.write(make()) };
    room
}

/// Room for `len` of `T`, which counts as one node. Give it back with [`Freed`].
pub(super) fn room_for<T>(len: usize) -> NonNull<T> {
    let Ok(layout) = Layout::array::<T>(len) else {
        panic!("a list of {len} cannot be made");
    };
    OPENED.with(|open| open.room(layout)).cast()
}

impl Open {
    #[inline]
    fn room(&self, layout: Layout) -> NonNull<u8> {
        let at = self.at.get();
        let from = match layout.align() <= ALIGN {
            true => at.addr(),
            false => at.addr().next_multiple_of(layout.align()),
        };
        let to = from + layout.size().next_multiple_of(ALIGN);
        if to > self.end.get() {
            return self.room_in_next(layout);
        }
        self.at.set(at.with_addr(to));
        self.alive.set(self.alive.get() + 1);
        // SAFETY: it lies in a chunk.
        unsafe { NonNull::new_unchecked(at.with_addr(from)) }
    }

    #[cold]
    fn room_in_next(&self, layout: Layout) -> NonNull<u8> {
        let least = size_of::<Chunk>().next_multiple_of(layout.align())
            + layout.size().next_multiple_of(ALIGN);
        let is_large = cfg!(lazygraph_apart) || least > LAYOUT.size();
        // In a thread that has ended, all but its last destructors, nobody would close a chunk.
        let is_last = is_large || ENDS.try_with(|_| ()).is_err();
        self.close();
        let layout_of_chunk = match is_large {
            true => large(least),
            false => LAYOUT,
        };
        let chunk = Chunk::new(layout_of_chunk);
        self.chunk.set(chunk.as_ptr());
        // SAFETY: the chunk is larger than what it begins with.
        self.at.set(unsafe { chunk.as_ptr().add(1).cast() });
        self.end.set(chunk.addr().get() + layout_of_chunk.size());
        let room = self.room(layout);
        if is_last {
            self.close();
        }
        room
    }

    /// No more nodes come into the open chunk.
    fn close(&self) {
        let chunk = self.chunk.replace(std::ptr::null_mut());
        let alive = self.alive.replace(0);
        self.at.set(std::ptr::null_mut());
        self.end.set(0);
        if let Some(chunk) = NonNull::new(chunk) {
            // SAFETY: it was open, and is given up here.
            unsafe { Chunk::count_down(chunk, OPEN - alive) };
        }
    }
}

/// For a node that is too large for a chunk, or to lie apart: one of its own.
#[cold]
fn large(size: usize) -> Layout {
    match Layout::from_size_align(size, SIZE) {
        Ok(layout) => layout,
        Err(_) => panic!("a node of {size} bytes cannot be made"),
    }
}

impl Chunk {
    fn new(layout: Layout) -> NonNull<Chunk> {
        static SERIALS: AtomicU64 = AtomicU64::new(0);
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
            alive: AtomicU32::new(OPEN),
            mark: AtomicU32::new(0),
            serial: SERIALS.fetch_add(1, Relaxed),
            thread: THREAD.try_with(|thread| *thread).unwrap_or(u32::MAX),
            layout,
        };
        // SAFETY: the memory is this thread's alone, large and aligned enough.
        unsafe { chunk.write(fresh) };
        chunk
    }

    /// # Safety
    /// The caller has kept the chunk with `n` of what `alive` counts, and does so no more.
    unsafe fn count_down(this: NonNull<Chunk>, n: u32) {
        // SAFETY: as promised by the caller, it is there until the count.
        if unsafe { this.as_ref() }.alive.fetch_sub(n, AcqRel) == n {
            // SAFETY: nothing in it is alive, nobody fills it: it is nobody's.
            unsafe { Chunk::give_back(this) };
        }
    }

    /// # Safety
    /// Nobody uses the chunk.
    #[cold]
    unsafe fn give_back(this: NonNull<Chunk>) {
        // SAFETY: as promised by the caller.
        let layout = unsafe { this.as_ref() }.layout;
        if layout == LAYOUT {
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

/// Where a node lies that is alive for `'n`.
#[derive(Clone, Copy)]
pub(crate) struct Place<'n> {
    pub(crate) chunk: ChunkRef<'n>,
    /// The word of 8 bytes, from the beginning of the chunk, that it begins at.
    pub(crate) word: usize,
}

/// A chunk with a node that is alive for `'n`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkRef<'n>(NonNull<Chunk>, PhantomData<&'n Chunk>);

impl<'n> Place<'n> {
    /// # Safety
    /// The node was made by [`place`], and is alive for `'n`.
    #[inline]
    pub(super) unsafe fn of(node: NonNull<Header>) -> Place<'n> {
        Place {
            chunk: ChunkRef(chunk_of(node), PhantomData),
            word: (node.addr().get() & (SIZE - 1)) / 8,
        }
    }

    /// Unique in the process, also when the memory is used again. Of the nodes of one thread, the later have the higher.
    pub(crate) fn number(self) -> u64 {
        self.chunk.serial() * (SIZE / 8) as u64 + self.word as u64
    }

    /// The node.
    #[inline]
    pub(crate) fn node(self) -> RawNode {
        let at = self.chunk.0.as_ptr().cast::<u8>();
        // SAFETY: within the chunk, as the word of a node that is there.
        RawNode(unsafe { NonNull::new_unchecked(at.add(self.word * 8).cast()) })
    }
}

impl<'n> ChunkRef<'n> {
    #[inline]
    fn chunk(self) -> &'n Chunk {
        // SAFETY: a node in it is alive for `'n`, and keeps it.
        unsafe { self.0.as_ref() }
    }

    /// Of the chunks that one thread has filled, the later ones have the higher.
    #[inline]
    pub(crate) fn serial(self) -> u64 {
        self.chunk().serial
    }

    /// The word that a node begins at; `None`: it lies somewhere else.
    #[inline]
    pub(crate) fn word_of(self, node: RawNode) -> Option<usize> {
        let offset = node.0.addr().get().wrapping_sub(self.0.addr().get());
        // A large one has one node, at its beginning; small ones there are only where each has one as well.
        let size = match cfg!(lazygraph_apart) {
            true => self.chunk().layout.size(),
            false => LAYOUT.size(),
        };
        (offset < size).then_some(offset / 8)
    }

    /// Who has filled it.
    pub(crate) fn thread(self) -> u32 {
        self.chunk().thread
    }

    /// Many of its nodes will be looked at.
    pub(crate) fn prefetch(self) {
        prefetch_all(self.0.as_ptr().cast(), SIZE);
    }

    /// What was last put there, by whoever held the marks then.
    pub(crate) fn mark(self) -> u32 {
        self.chunk().mark.load(Relaxed)
    }

    /// For who holds the marks.
    pub(crate) fn set_mark(self, mark: u32) {
        self.chunk().mark.store(mark, Relaxed);
    }
}

/// The chunk of what was put into the arena.
#[inline]
fn chunk_of<N>(node: NonNull<N>) -> NonNull<Chunk> {
    let at = node.as_ptr().map_addr(|addr| addr & !(SIZE - 1));
    // SAFETY: chunks are aligned to `SIZE`, and nodes begin within as much of their beginning.
    unsafe { NonNull::new_unchecked(at.cast()) }
}

fn spare() -> std::sync::MutexGuard<'static, Spare> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives back the memory of a node if it is in the chunk that this thread fills.
///
/// # Safety
/// As [`Freed::add`].
#[inline]
pub(super) unsafe fn count_out_own(node: NonNull<u8>) -> bool {
    OPENED.with(|open| {
        let is_own = open.chunk.get() == chunk_of(node).as_ptr();
        if is_own {
            open.alive.set(open.alive.get() - 1);
        }
        is_own
    })
}

/// Gives back the memory of nodes: counts those of one chunk together.
pub(super) struct Freed {
    chunk: Cell<*mut Chunk>,
    nodes: Cell<u32>,
}

impl Freed {
    #[inline]
    pub(super) const fn none() -> Freed {
        Freed {
            chunk: Cell::new(std::ptr::null_mut()),
            nodes: Cell::new(0),
        }
    }

    /// # Safety
    /// It was made by [`place`] or [`room_for`], has been dropped, and nobody has a pointer to it any more.
    #[inline]
    pub(super) unsafe fn add(&self, node: NonNull<u8>) {
        let chunk = chunk_of(node).as_ptr();
        if chunk != self.chunk.get() {
            self.count();
            self.chunk.set(chunk);
        }
        self.nodes.set(self.nodes.get() + 1);
    }

    #[inline]
    fn count(&self) {
        let nodes = self.nodes.replace(0);
        let Some(chunk) = NonNull::new(self.chunk.get()) else {
            return;
        };
        let is_own = OPENED.with(|open| {
            let is_own = open.chunk.get() == chunk.as_ptr();
            // All nodes in an open chunk were made by its thread.
            open.alive
                .set(open.alive.get() - if is_own { nodes } else { 0 });
            is_own
        });
        if !is_own {
            // SAFETY: as many of its nodes were added.
            unsafe { Chunk::count_down(chunk, nodes) };
        }
    }
}

impl Drop for Freed {
    #[inline]
    fn drop(&mut self) {
        self.count();
    }
}

#[cfg(test)]
mod tests {
    use super::super::operand::Val;
    use super::super::spec::{Function, Purity, TaskSpec};
    use super::super::{NodePtr, call_node};

    struct Node;
    impl Function for Node {
        const SPEC: TaskSpec = TaskSpec::structural("node", Purity::Impure);
    }

    fn node<T: crate::task::Value + Clone>(x: T) -> NodePtr {
        let ops = (Val::literal(x), ());
        call_node::<Node, T, _, _, _>(ops, |ops, f| Ok(ops.0.take(f)), |_, _| {})
    }

    fn number(node: &NodePtr) -> u64 {
        node.node().place().unwrap().number()
    }

    #[test]
    fn later_nodes_of_a_thread_have_higher_numbers() {
        let nodes: Vec<NodePtr> = (0..3_000u64).map(node).collect();
        assert!(nodes.is_sorted_by_key(number));
        let threads: Vec<u32> = nodes
            .iter()
            .map(|n| n.node().place().unwrap().chunk.thread())
            .collect();
        assert!(threads.iter().all(|t| *t == threads[0]));
        let other = std::thread::spawn(|| node(1)).join().unwrap();
        assert_ne!(other.node().place().unwrap().chunk.thread(), threads[0]);
    }

    #[test]
    fn a_number_is_never_used_again() {
        let mut last = None;
        for _ in 0..5_000 {
            let node = node(1u64);
            let number = Some(number(&node));
            assert!(number > last, "its memory may be, its number not");
            last = number;
        }
    }

    #[test]
    fn a_place_leads_back_to_its_node() {
        for node in (0..2_000u64).map(node).collect::<Vec<_>>() {
            assert!(node.node().place().unwrap().node() == node.raw());
        }
    }

    #[test]
    fn nodes_may_be_large_and_aligned() {
        #[derive(Clone)]
        #[repr(align(4096))]
        struct Aligned(#[allow(dead_code, reason = "it is only to take room")] u8);
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.extend([node(1u8), node([7u64; 10_000]), node(Aligned(1))]);
        }
        assert!(nodes.is_sorted_by_key(number));
        for node in &nodes {
            assert!(node.node().place().unwrap().node() == node.raw());
        }
    }

    #[test]
    fn nodes_outlive_their_thread_and_are_freed_by_others() {
        let make = || (0..1_500u64).map(node).collect::<Vec<_>>();
        let mut made: Vec<_> = (0..3)
            .flat_map(|_| std::thread::spawn(make).join())
            .collect();
        let rest = made.pop();
        let threads: Vec<_> = made
            .into_iter()
            .map(|nodes| std::thread::spawn(move || drop(nodes)))
            .collect();
        drop(make());
        threads.into_iter().for_each(|t| t.join().unwrap());
        drop(rest);
    }
}
