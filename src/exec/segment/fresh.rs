//! Slots on the stack, for nodes that need no plan.

use crate::base::error::drop_payload;
use crate::base::sync::atomic::AtomicU32;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::plan::Traits;
use crate::task::frame::{Edge, Table};
use crate::task::{Frame, NodeRef, Outcome};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A few nodes without inputs that are executed where they are asked for: a segment without a plan, whose
/// slots lie on the stack.
pub(in crate::exec) struct Fresh<'n> {
    nodes: [Option<NodeRef<'n>>; Fresh::MOST],
    edges: [Edge; Fresh::MOST],
    count: usize,
    slots: UnsafeCell<[MaybeUninit<Room>; Fresh::MOST]>,
    /// 1 while a slot holds something that must be dropped.
    uses: [AtomicU32; Fresh::MOST],
}

/// Room for one result.
type Room = [u64; 4];

impl<'n> Fresh<'n> {
    /// How many nodes, at the most.
    pub(in crate::exec) const MOST: usize = 4;
    const OFFSETS: [u32; Fresh::MOST] = [0, 4, 8, 12];

    #[inline]
    pub(in crate::exec) fn new() -> Fresh<'n> {
        Fresh {
            nodes: [None; Fresh::MOST],
            edges: [Edge(0); Fresh::MOST],
            count: 0,
            slots: UnsafeCell::new([const { MaybeUninit::uninit() }; Fresh::MOST]),
            uses: [const { AtomicU32::new(0) }; Fresh::MOST],
        }
    }

    /// Adds a node that has no inputs; `false` if there is no room for its result.
    #[inline]
    pub(in crate::exec) fn add(&mut self, node: NodeRef<'n>) -> bool {
        let (i, task) = (self.count, node.task());
        let fits = task.result.size <= size_of::<Room>() && task.result.align <= align_of::<Room>();
        if i == Fresh::MOST || !fits {
            return false;
        }
        let owned = match node.traits().has(Traits::OWNING) {
            true => Edge::TRACKED | Edge::TAKEN,
            false => 0,
        };
        self.nodes[i] = Some(node);
        self.edges[i] = Edge(i as u32 | Edge::SOLE | owned);
        self.count += 1;
        true
    }

    /// Whether a node is one of them.
    #[inline]
    pub(in crate::exec) fn has(&self, node: NodeRef<'n>) -> bool {
        self.nodes[..self.count].contains(&Some(node))
    }

    pub(in crate::exec) fn node(&self, i: usize) -> Option<NodeRef<'n>> {
        self.nodes[..self.count].get(i).copied().flatten()
    }

    #[inline]
    fn table(&self) -> Table {
        Table {
            base: self.slots.get().cast(),
            offsets: Fresh::OFFSETS.as_ptr(),
            uses: self.uses.as_ptr(),
            exclusive: true,
        }
    }

    /// Runs the bodies of all, one after the other, until `before` or one of them gives something else than a value.
    /// `before` is called with the number of the node that is next.
    #[inline]
    pub(in crate::exec) fn execute<B>(
        &self,
        before: impl Fn(usize) -> Option<B>,
    ) -> Result<(), Result<B, Outcome>> {
        // SAFETY: no node has inputs, so that none reads through it.
        let frame = unsafe { Frame::new(self.table(), &[], false, None) };
        for (i, node) in self.nodes[..self.count].iter().flatten().enumerate() {
            if let Some(end) = before(i) {
                return Err(Ok(end));
            }
            // A result that was not read is in the way of another.
            assert!(self.uses[i].load(Relaxed) == 0);
            // SAFETY: the node has no inputs; its slot is empty, has room for its result, and is this thread's alone.
            match unsafe { node.run(&frame, self.table().slot(i)) } {
                Outcome::Value => {
                    let owned = self.edges[i].has(Edge::TRACKED);
                    self.uses[i].store(u32::from(owned), Relaxed);
                }
                other => return Err(Err(other)),
            }
        }
        Ok(())
    }

    /// Reads the results of all nodes, each of which has run.
    #[inline]
    pub(in crate::exec) fn outputs<R>(&self, read: impl FnOnce(&Frame<'_>) -> R) -> R {
        // SAFETY: every node has filled its slot, and each is read once, as its own type.
        let frame = unsafe { Frame::new(self.table(), &self.edges[..self.count], false, None) };
        read(&frame)
    }
}

impl Drop for Fresh<'_> {
    #[inline]
    fn drop(&mut self) {
        for i in 0..self.count {
            if *self.uses[i].get_mut() != 0 {
                self.drop_result(i);
            }
        }
    }
}

impl Fresh<'_> {
    #[cold]
    fn drop_result(&self, i: usize) {
        if let Some(dropper) = self.nodes[i].and_then(|node| node.task().result.drop) {
            // SAFETY: the count says that the slot is filled; it is dropped once.
            let dropped = catch_unwind(AssertUnwindSafe(|| unsafe {
                dropper(self.table().slot(i))
            }));
            if let Err(payload) = dropped {
                drop_payload(payload);
            }
        }
    }
}
