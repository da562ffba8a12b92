//! L5: consumers of events. They never reach into the executor.

mod counter;
mod log;

pub use counter::Counter;
pub use log::TextLog;
