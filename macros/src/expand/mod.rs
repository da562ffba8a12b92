//! Room: the code that `#[delayed]` emits.

mod block;
mod companion;
mod fallback;
mod function;
mod plain;

pub(crate) use block::block;
pub(crate) use function::function;
