//! Room: nodes that are not calls of `#[delayed]` functions: closures, operators, collections.

mod apply;
mod closure;
mod collect;
mod nest;
mod operators;
mod reduce;
pub(super) mod unary;

pub use apply::Apply;
pub use closure::{CallWith, Lazy, call, delayed};
pub use collect::{checkpoint, join};
pub use reduce::tree_reduce;
