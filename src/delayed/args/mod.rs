//! Room: what may be passed for a parameter, and the operand that it becomes.

mod arg;
mod by_ref;
mod by_refs;
mod by_value;
mod keyed;
mod lend;
mod parts;
mod rows;

pub use arg::{
    Arg, ArgAny, ArgRef, ArgRefs, Exact, GenericParam, NotDelayed, ParamMode, TraitObject,
    TypeParam,
};
pub use keyed::Keyed;

pub(super) use parts::Assembled;
