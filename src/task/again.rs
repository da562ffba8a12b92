//! A second evaluation of a call: a node of its own that runs another one's operands and body.

use super::header::Header;
use super::input::Inputs;
use super::node::{Home, NodePtr, NodeRef, Vtable, held};
use super::result::Typed;
use super::spec::{Function, Purity, TaskSpec};
use super::traits::Traits;
use std::any::TypeId;
use std::panic::Location;

#[repr(C)]
struct Again {
    header: Header,
    of: NodePtr,
    /// What that reads is read by this one as well: without a count of its own, a walk would take it for read once.
    inputs: Box<[NodePtr]>,
}

struct Recompute;
impl Function for Recompute {
    const SPEC: TaskSpec = TaskSpec::structural("recompute", Purity::Impure);
}

static AGAIN: Vtable = Vtable {
    spec: &Recompute::SPEC,
    result: <()>::RESULT,
    traits: Traits::of(&Recompute::SPEC, &<()>::RESULT, false, false),
    home: Home::Arena,
    // SAFETY: this table is only on `Again` nodes.
    alias: Some(|this| unsafe { of(this).behind().raw() }),
    awaits: None,
    identity: TypeId::of::<Again>,
    // `NodeRef` looks behind the alias for this.
    measure: |_| unreachable!("looked behind"),
    // SAFETY: as above.
    visit: |this, inputs| unsafe { of(this) }.visit(inputs),
    // SAFETY: as above; the rest is the promise of whoever calls `run`, for the other node has the same inputs and result.
    run: |this, frame, out| unsafe { of(this).run(frame, out) },
    // SAFETY: as above.
    describe: |this, to| unsafe { of(this) }.describe(to),
    // SAFETY: as above, and the last counted pointer is gone.
    free: |this| unsafe { this.cast::<Again>().drop_in_place() },
};

/// The node whose operands and body an `Again` has.
///
/// # Safety
/// `this` is an `Again`, and alive for `'n`.
unsafe fn of<'n>(this: *const Header) -> NodeRef<'n> {
    // SAFETY: as promised by the caller.
    unsafe { &(*this.cast::<Again>()).of }.node()
}

/// A second evaluation of the call `of`: the same operands and body, a node of its own. O(inputs).
#[track_caller]
pub(crate) fn again(of: NodePtr) -> NodePtr {
    let header = Header::new(&AGAIN, Location::caller(), 0);
    let mut inputs = Inputs::new();
    of.node().visit(&mut inputs);
    let inputs = inputs.iter().map(|input| held(*input)).collect();
    NodePtr::placed(move || Again { header, of, inputs })
}
