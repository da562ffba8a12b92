//! L4: where results are kept beyond the run that made them.

pub(crate) mod memo;

pub use memo::{Memo, MemoStats};
