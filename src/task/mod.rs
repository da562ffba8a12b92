//! L1: one task – its specification, its node, what its arguments become. No graph, no threads.
//!
//! `unsafe` room 1 of 3: the erased node. A node is a `Header` and typed operands, side by side; whoever
//! holds a [`NodePtr`] keeps it alive; its operands are immutable from the moment it is built, so any
//! number of threads may read them. What a task reads of its inputs it reads through a [`Frame`], which
//! only the executor makes, for a run in which those inputs have been written.

mod again;
mod ahead;
pub(crate) mod arena;
mod bare;
mod bury;
mod call;
pub(crate) mod describe;
pub(crate) mod frame;
pub(crate) mod future;
pub(crate) mod header;
mod input;
mod listener;
pub(crate) mod node;
mod number;
pub(crate) mod operand;
pub(crate) mod outcome;
mod payload;
mod promise;
mod result;
mod row;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod spec;
mod traits;
pub(crate) mod value;
mod word;

pub(crate) use crate::base::Shared;
pub(crate) use again::again;
pub(crate) use bare::{Bare, Caller, Waiting};
pub(crate) use call::{call_node, flat_node};
pub(crate) use describe::{Describe, ParamInfo};
pub(crate) use frame::Frame;
pub(crate) use future::{Claim, Work};
pub(crate) use input::{Input, Inputs, Use};
pub(crate) use node::{NodePtr, NodeRef, Outcome, RawNode};
pub(crate) use number::Number;
pub(crate) use operand::{Lend, Many, Val};
pub(crate) use payload::Payload;
pub(crate) use promise::{KeptError, Promise};
pub(crate) use row::Row;
pub(crate) use settings::{RetryIf, Settings};
pub(crate) use spec::{Cost, Function, Purity, TaskSpec};
pub(crate) use traits::Traits;
pub use value::{Value, View};
