//! A bump allocator: things lie in chunks of memory, one after the other as they are made.
//!
//! A thread fills one chunk after the other, and memory is freed by the chunk. So making a node costs a few writes; nodes
//! that were made together lie together; and the position of a node tells which of two nodes of a thread is older. Graphs
//! are lowered and freed in that order, which is the order of memory.
//!
//! The price: a node keeps its chunk alive. So nodes that are likely to outlive their neighbours, the sources, lie elsewhere
//! (`kinds/source.rs`).
//!
//! The protocol. While a thread fills a chunk, [`Chunk`]`::alive` holds [`OPEN`], less the nodes that other threads have
//! freed; the thread itself counts the nodes that it has made, less those that it has freed, and in the end replaces `OPEN`
//! by that number. From then on `alive` is the number of nodes that have not been freed, and whoever lowers it to zero frees
//! the chunk. A node is counted down after it was dropped (`base::Owners`): so all that was done with the nodes has been done
//! when the memory is reused.
//!
//! Chunks hide uses after a free from AddressSanitizer and Miri. With `--cfg lazygraph_apart` each node has a chunk of its
//! own, which is returned to the allocator: see `CONTRIBUTING.md`.

use super::chunk::{ALIGN, Chunk, LAYOUT, OPEN, SIZE, chunk_of};
use crate::base::host::thread_local;
use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::{NonNull, null_mut};

/// The chunk that a thread fills.
struct OpenChunk {
    chunk: Cell<*mut Chunk>,
    next: Cell<*mut u8>,
    end: Cell<usize>,
    /// How many nodes the thread has made in this chunk, less those of them that it has freed.
    alive: Cell<u32>,
}

thread_local! {
    static OPENED: OpenChunk = const {
        OpenChunk {
            chunk: Cell::new(null_mut()),
            next: Cell::new(null_mut()),
            end: Cell::new(0),
            alive: Cell::new(0),
        }
    };
    static CLOSES_AT_EXIT: CloseAtExit = const { CloseAtExit };
}

/// Closes the chunk of a thread that ends.
struct CloseAtExit;

impl Drop for CloseAtExit {
    fn drop(&mut self) {
        OPENED.with(OpenChunk::close);
    }
}

/// Allocates a node in the chunk of this thread, and has `make` make it there. Free it with [`FreeBatch`].
#[inline]
pub(in crate::task) fn alloc_with<N>(make: impl FnOnce() -> N) -> NonNull<N> {
    const {
        assert!(
            align_of::<N>() <= SIZE / 2,
            "arguments aligned to more than 16 KiB are not supported"
        );
    }
    let room = OPENED.with(|open| open.allocate(Layout::new::<N>())).cast();
    // SAFETY: room for an `N`, which no one else knows of.
    unsafe { room.write(make()) };
    room
}

/// Allocates room for `len` elements, which counts as one node. Free it with [`FreeBatch`].
pub(in crate::task) fn alloc_array<T>(len: usize) -> NonNull<T> {
    let Ok(layout) = Layout::array::<T>(len) else {
        panic!("a list of {len} elements is too large");
    };
    OPENED.with(|open| open.allocate(layout)).cast()
}

impl OpenChunk {
    #[inline]
    fn allocate(&self, layout: Layout) -> NonNull<u8> {
        let next = self.next.get();
        let from = match layout.align() <= ALIGN {
            true => next.addr(),
            false => next.addr().next_multiple_of(layout.align()),
        };
        let to = from + layout.size().next_multiple_of(ALIGN);
        if to > self.end.get() {
            return self.allocate_in_new(layout);
        }
        self.next.set(next.with_addr(to));
        self.alive.set(self.alive.get() + 1);
        // SAFETY: it lies in a chunk.
        unsafe { NonNull::new_unchecked(next.with_addr(from)) }
    }

    #[cold]
    fn allocate_in_new(&self, layout: Layout) -> NonNull<u8> {
        let least = size_of::<Chunk>().next_multiple_of(layout.align())
            + layout.size().next_multiple_of(ALIGN);
        let is_large = cfg!(lazygraph_apart) || least > LAYOUT.size();
        // In a thread that is running its last destructors, nothing would close the chunk later.
        let is_last = is_large || CLOSES_AT_EXIT.try_with(|_| ()).is_err();
        self.close();
        let layout_of_chunk = match is_large {
            true => large(least),
            false => LAYOUT,
        };
        let chunk = Chunk::new(layout_of_chunk);
        self.chunk.set(chunk.as_ptr());
        // SAFETY: the chunk is larger than its header.
        self.next.set(unsafe { chunk.as_ptr().add(1).cast() });
        self.end.set(chunk.addr().get() + layout_of_chunk.size());
        let room = self.allocate(layout);
        if is_last {
            self.close();
        }
        room
    }

    /// Ends the filling of the open chunk.
    fn close(&self) {
        let chunk = self.chunk.replace(null_mut());
        let alive = self.alive.replace(0);
        self.next.set(null_mut());
        self.end.set(0);
        if let Some(chunk) = NonNull::new(chunk) {
            // SAFETY: this thread had opened it, and gives it up here.
            unsafe { Chunk::release(chunk, OPEN - alive) };
        }
    }
}

/// A chunk for one node that is too large for an ordinary one, or is to lie apart.
#[cold]
fn large(size: usize) -> Layout {
    match Layout::from_size_align(size, SIZE) {
        Ok(layout) => layout,
        Err(_) => panic!("a node of {size} bytes is too large"),
    }
}

/// Frees the memory of a node if it lies in the chunk that this thread fills.
///
/// # Safety
/// As [`FreeBatch::add`].
#[inline]
pub(in crate::task) unsafe fn free_in_open_chunk(node: NonNull<u8>) -> bool {
    OPENED.with(|open| {
        let is_own = open.chunk.get() == chunk_of(node).as_ptr();
        if is_own {
            open.alive.set(open.alive.get() - 1);
        }
        is_own
    })
}

/// Frees the memory of nodes: counts neighbours in one chunk together.
pub(in crate::task) struct FreeBatch {
    chunk: Cell<*mut Chunk>,
    nodes: Cell<u32>,
}

impl FreeBatch {
    #[inline]
    pub(in crate::task) const fn new() -> FreeBatch {
        FreeBatch {
            chunk: Cell::new(null_mut()),
            nodes: Cell::new(0),
        }
    }

    /// # Safety
    /// It was made by [`alloc_with`] or [`alloc_array`], has been dropped, and no one has a pointer to it any more.
    #[inline]
    pub(in crate::task) unsafe fn add(&self, node: NonNull<u8>) {
        let chunk = chunk_of(node).as_ptr();
        if chunk == self.chunk.get() {
            self.nodes.set(self.nodes.get() + 1);
        } else {
            self.switch_to(chunk);
        }
    }

    /// As `add`, out of line where the chunk is another: for callers that should need few registers.
    ///
    /// # Safety
    /// As `add`.
    #[inline]
    pub(in crate::task) unsafe fn add_lean(&self, node: NonNull<u8>) {
        #[inline(never)]
        fn switch_to(batch: &FreeBatch, chunk: *mut Chunk) {
            batch.switch_to(chunk);
        }
        let chunk = chunk_of(node).as_ptr();
        if chunk == self.chunk.get() {
            self.nodes.set(self.nodes.get() + 1);
        } else {
            switch_to(self, chunk);
        }
    }

    #[inline]
    fn switch_to(&self, chunk: *mut Chunk) {
        self.flush();
        self.chunk.set(chunk);
        self.nodes.set(1);
    }

    /// Frees the nodes that were added. The caller replaces or drops the counts afterwards.
    #[inline]
    fn flush(&self) {
        let nodes = self.nodes.get();
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
            unsafe { Chunk::release(chunk, nodes) };
        }
    }
}

impl Drop for FreeBatch {
    #[inline]
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(all(test, not(lazygraph_loom)))]
mod tests {
    use crate::task::{Function, NodePtr, Purity, TaskSpec, Val, call_node};

    struct Node;
    impl Function for Node {
        const SPEC: TaskSpec = TaskSpec::structural("node", Purity::Impure);
    }

    fn node<T: crate::task::Value + Clone>(x: T) -> NodePtr {
        let ops = (Val::literal(x), ());
        call_node::<Node, T, _, _, _>(ops, |ops, f| Ok(ops.0.take(f)), |_, _| {})
    }

    fn number(node: &NodePtr) -> u64 {
        node.node().position().unwrap().number()
    }

    #[test]
    fn later_nodes_of_a_thread_have_higher_numbers() {
        let nodes: Vec<NodePtr> = (0..3_000u64).map(node).collect();
        assert!(nodes.is_sorted_by_key(number));
        let threads: Vec<u32> = nodes
            .iter()
            .map(|n| n.node().position().unwrap().chunk.thread())
            .collect();
        assert!(threads.iter().all(|t| *t == threads[0]));
        let other = std::thread::spawn(|| node(1)).join().unwrap();
        assert_ne!(other.node().position().unwrap().chunk.thread(), threads[0]);
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
    fn a_position_leads_back_to_its_node() {
        for node in (0..2_000u64).map(node).collect::<Vec<_>>() {
            assert!(node.node().position().unwrap().address() == node.raw().address());
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
            assert!(node.node().position().unwrap().address() == node.raw().address());
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
