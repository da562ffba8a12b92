//! L4: results that outlive the run that made them.

pub(crate) mod memo;

pub use memo::{Memo, MemoStats};
