//! Slots on the stack, for nodes that need no plan.

use crate::base::error::drop_payload;
use crate::base::sync::atomic::AtomicU32;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::task::frame::{Edge, Table};
use crate::task::{Frame, NodeRef, Outcome};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A few nodes without inputs that are executed where they are asked for: a segment without a plan, whose
/// slots lie on the stack.
pub(in crate::exec) struct Fresh<'n> {
    nodes: &'n [NodeRef<'n>],
    slots: UnsafeCell<[MaybeUninit<Room>; Fresh::MOST]>,
    /// 1 while a slot holds something that must be dropped.
    uses: [AtomicU32; Fresh::MOST],
}

/// Room for one result.
type Room = [u64; 8];

impl<'n> Fresh<'n> {
    /// How many nodes, at the most.
    pub(in crate::exec) const MOST: usize = 4;
    const OFFSETS: [u32; Fresh::MOST] = [0, 8, 16, 24];

    /// Whether the result of a node fits a slot.
    pub(in crate::exec) fn fits(node: NodeRef<'_>) -> bool {
        let result = &node.task().result;
        result.size <= size_of::<Room>() && result.align <= align_of::<Room>()
    }

    /// For at most `MOST` nodes, whose results fit.
    pub(in crate::exec) fn new(nodes: &'n [NodeRef<'n>]) -> Fresh<'n> {
        assert!(nodes.len() <= Fresh::MOST && nodes.iter().all(|n| Fresh::fits(*n)));
        let slots = UnsafeCell::new([const { MaybeUninit::uninit() }; Fresh::MOST]);
        Fresh {
            nodes,
            slots,
            uses: [const { AtomicU32::new(0) }; Fresh::MOST],
        }
    }

    fn table(&self) -> Table {
        Table {
            base: self.slots.get().cast(),
            offsets: Fresh::OFFSETS.as_ptr(),
            uses: self.uses.as_ptr(),
            exclusive: true,
        }
    }

    /// Runs the body of a node that has not been run.
    pub(in crate::exec) fn execute(&self, i: usize) -> Outcome {
        assert!(i < self.nodes.len() && self.uses[i].load(Relaxed) == 0);
        // SAFETY: the node has no inputs; its slot is empty, and this thread's alone.
        let outcome = unsafe {
            let frame = Frame::new(self.table(), &[], false, None);
            self.nodes[i].run(&frame, self.table().slot(i))
        };
        if matches!(outcome, Outcome::Value) && self.nodes[i].task().result.drop.is_some() {
            self.uses[i].store(1, Relaxed);
        }
        outcome
    }

    /// Reads the results of all nodes, each of which has run.
    pub(in crate::exec) fn outputs<R>(&self, read: impl FnOnce(&Frame<'_>) -> R) -> R {
        let edge = |i: usize| {
            let owning = self
                .nodes
                .get(i)
                .is_some_and(|n| n.task().result.drop.is_some());
            Edge(
                i as u32
                    | Edge::SOLE
                    | if owning {
                        Edge::TRACKED | Edge::TAKEN
                    } else {
                        0
                    },
            )
        };
        let edges: [Edge; Fresh::MOST] = std::array::from_fn(edge);
        // SAFETY: every node has filled its slot, and each is read once, as its own type.
        let frame = unsafe { Frame::new(self.table(), &edges[..self.nodes.len()], false, None) };
        read(&frame)
    }
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        for (i, node) in self.nodes.iter().enumerate() {
            if let (1, Some(dropper)) = (*self.uses[i].get_mut(), node.task().result.drop) {
                // SAFETY: the count says that the slot is filled; it is dropped once.
                let slot = unsafe { self.table().slot(i) };
                // SAFETY: as above.
                let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { dropper(slot) }));
                if let Err(payload) = dropped {
                    drop_payload(payload);
                }
            }
        }
    }
}
