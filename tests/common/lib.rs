//! What the tests share: what bodies log, values that are counted, graph shapes, clients, a watchdog.

mod bodies;
mod chance;
mod client;
mod panics;
mod pool;
mod schedulers;
mod watchdog;

pub mod built;
pub mod gallery;
pub mod locked_trees;
pub mod pure;
pub mod recorder;
pub mod shapes;
pub mod tracked;

pub use bodies::{Log, Meeting, Page, Tally};
pub use chance::Chance;
pub use client::{client_of, close, on, on_all, on_built};
pub use panics::{PLANNED, quiet};
pub use pool::pool_of;
#[cfg(target_os = "linux")]
pub use pool::thread_count_with;
pub use schedulers::{everywhere, schedulers};
#[cfg(target_os = "linux")]
pub use watchdog::thread_count;
pub use watchdog::{PATIENCE, ends, ends_within, on_a_small_stack, wait_until};
