//! L3: what users hold: `Delayed<T>`, and everything that builds one.

mod args;
mod as_delayed;
mod delayed;
mod handle;
mod nesting;
mod ops;
mod outcomes;
mod scope;
mod sealed;

pub use args::{
    Arg, ArgAny, ArgRef, ArgRefs, Exact, GenericParam, Keyed, NotDelayed, ParamMode, TraitObject,
    TypeParam,
};
pub use as_delayed::AsDelayed;
pub use delayed::{Delayed, value, value_arc};
pub use handle::Handle;
pub use nesting::Join;
pub use ops::{Apply, CallWith, Lazy, call, checkpoint, delayed, join, tree_reduce};
pub use scope::{Scope, scope};

pub(crate) use handle::{cloned, typed};
pub(crate) use outcomes::Outcomes;
pub(crate) use sealed::Seal;
