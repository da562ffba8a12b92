//! What a body reads and writes: values, results and their storage, frames, and descriptions of arguments.

mod describe;
mod fallible;
mod frame;
mod number;
mod result;
mod value;

pub use describe::{Describe, ParamInfo, ShowFn, TokenFn};
pub use fallible::{Fallible, TaskErr, TaskError};
pub use frame::Frame;
pub(crate) use frame::{Edge, SlotTable};
pub(crate) use number::Number;
pub(crate) use result::{ResultType, Share, Storage, Typed, drop_shared};
pub use value::{Value, View};
