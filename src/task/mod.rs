//! L1: one task – its specification, its node, what its arguments become. No graph, no threads.
//!
//! `unsafe` room 1 of 3: the erased node. A node is a `Header` and typed operands, side by side. A [`NodePtr`] keeps its
//! node alive; its operands are immutable once it is built, so any number of threads may read them. A body reads its inputs
//! through a [`Frame`], which only the executor makes, for a run in which those inputs have been written.

mod future;
mod io;
mod kinds;
pub(crate) mod memory;
mod node;
mod operand;
mod spec;

pub(crate) use crate::base::Shared;
pub(crate) use future::{Claim, Payload, Producer, Promise, RetryableError, SourceClaim};
pub use io::{
    Describe, Fallible, Frame, ParamInfo, ShowFn, TaskErr, TaskError, TokenFn, Value, View,
};
pub(crate) use io::{Edge, Number, SlotTable};
pub(crate) use kinds::{
    Caller, DirectCalls, PendingResult, ScopeLender, call_node, flat_node, recompute, source,
    with_lender,
};
pub(crate) use node::{
    CallMatch, ContentKey, ExplicitKey, Guard, Header, Input, Inputs, NodeFlags, NodeList, NodePtr,
    NodeRef, Outcome, RawNode, Settings, Use, Vtable, counted, node_of,
};
pub(crate) use operand::{Holder, Lender, ManyLender, Operand, OwnedView, Parts, Reads};
pub use operand::{Lend, Lent, Many, Operands, Val};
pub use spec::{Cost, Function, Purity, TaskSpec};
