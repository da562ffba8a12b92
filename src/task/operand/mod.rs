//! Operands: what the arguments of a call become, the typed part of its node.

mod lend;
mod many;
mod operand;
mod small_box;
mod val;

pub(crate) use lend::{Holder, Lender, OwnedView, Reads};
pub use lend::{Lend, Lent};
pub use many::Many;
pub(crate) use many::ManyLender;
pub use operand::Operands;
pub(crate) use operand::{Operand, Parts};
pub use val::Val;
