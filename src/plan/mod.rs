//! L4: the frozen form: arrays of indices, no pointers chased.

mod consumers;
mod groups;
mod lookahead;
mod lower;
mod plan_node;
mod profile;
mod program;

pub(crate) use crate::graph::{NodeFlags, culprit};
pub(crate) use consumers::Consumers;
pub(crate) use groups::Groups;
pub(crate) use lookahead::Lookahead;
pub(crate) use lower::lower;
pub use plan_node::PlanNode;
pub use profile::MemoryProfile;
pub(crate) use program::Program;
