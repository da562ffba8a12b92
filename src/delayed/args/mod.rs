//! Room: what may be passed for a parameter, and the operand that it becomes.

mod arg;
mod by_ref;
mod by_refs;
mod by_value;
mod keyed;
mod lend;
mod parts;
mod rows;

pub use arg::{Any_, Arg, ArgAny, ArgRef, ArgRefs, DynM, Exact, Gen, NotDelayed, ParamMode};
pub use keyed::Keyed;

pub(super) use parts::Assembled;
