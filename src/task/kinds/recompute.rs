//! A second evaluation of a call: a node of its own that runs the operands and body of another.

use crate::task::io::Typed;
use crate::task::node::{
    Header, Home, Inputs, NodeFlags, NodePtr, NodeRef, Settings, Vtable, counted,
};
use crate::task::spec::{Function, Purity, TaskSpec};
use std::any::{TypeId, type_name};
use std::panic::Location;

#[repr(C)]
struct RecomputeNode {
    header: Header,
    first: NodePtr,
    /// The inputs of `first`, which this node reads as well: without a count of their own, a walk would assume that they are
    /// read once.
    inputs: Box<[NodePtr]>,
}

struct Recompute;
impl Function for Recompute {
    const SPEC: TaskSpec = TaskSpec::structural("recompute", Purity::Impure);
}

static TABLE: Vtable = Vtable {
    spec: &Recompute::SPEC,
    result: <()>::RESULT,
    flags: NodeFlags::new(&Recompute::SPEC, &<()>::RESULT, false, false),
    home: Home::Arena,
    // SAFETY: this table is only on `RecomputeNode`s.
    alias: Some(|this| unsafe { first(this).behind().raw() }),
    holds_future: false,
    awaits: None,
    identity: TypeId::of::<RecomputeNode>,
    identity_name: type_name::<RecomputeNode>,
    // `NodeRef` looks behind the alias for this.
    measure: |_| unreachable!("looked behind"),
    // SAFETY: as above.
    list_inputs: |this, inputs| unsafe { first(this) }.list_inputs(inputs),
    // SAFETY: as above; the rest is the promise of the caller of `run`, for the first node has the same inputs and result.
    run: |this, frame, out| unsafe { first(this).run(frame, out) },
    // SAFETY: as above.
    describe: |this, to| unsafe { first(this) }.describe(to),
    // SAFETY: as above, and the last counted pointer is gone.
    free: |this| unsafe { this.cast::<RecomputeNode>().drop_in_place() },
};

/// The node whose operands and body a `RecomputeNode` runs.
///
/// # Safety
/// `this` is a `RecomputeNode`, and alive for `'n`.
unsafe fn first<'n>(this: *const Header) -> NodeRef<'n> {
    // SAFETY: as promised by the caller.
    unsafe { &(*this.cast::<RecomputeNode>()).first }.node()
}

/// A second evaluation of the call `first`: the same operands and body in a node of its own. O(inputs).
#[track_caller]
pub(crate) fn recompute(first: NodePtr) -> NodePtr {
    let header = Header::new(&TABLE, Location::caller(), 0);
    let mut inputs = Inputs::new();
    first.node().list_inputs(&mut inputs);
    let inputs = inputs.iter().map(|input| counted(*input)).collect();
    let settings = first.node().settings();
    let node = NodePtr::alloc_with(move || RecomputeNode {
        header,
        first,
        inputs,
    });
    if let Some(settings) = settings {
        // All that was said of the call. What makes calls equal says nothing of one that is equal to none.
        let own = Settings {
            key: None,
            purity: None,
            ..settings
        };
        let before = node.configure(|s| std::mem::replace(s, own));
        drop(before);
    }
    node
}
