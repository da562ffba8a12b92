//! What the queue of a run holds.

use crate::exec::segment::SegmentPtr;

/// A ready unit.
#[derive(Clone, Copy)]
pub(in crate::exec) struct ReadyUnit {
    pub(in crate::exec) segment: SegmentPtr,
    pub(in crate::exec) unit: u32,
    /// The node of the unit to begin with: not its first if it had to wait in the middle.
    pub(in crate::exec) node: u32,
}

impl ReadyUnit {
    /// A unit from its first node on.
    pub(in crate::exec) fn of_unit(segment: SegmentPtr, unit: u32) -> ReadyUnit {
        let node = segment.get().progress().nodes(unit as usize).start as u32;
        ReadyUnit {
            segment,
            unit,
            node,
        }
    }
}
