//! L7: futures: work that is started now, and waited for later. The same engine as `compute`: nodes, plans, permits.

mod as_handle;
mod client;
mod completed;
mod handle;
mod inside;
mod stats;
mod submit;
pub mod sync;
mod waiting;

pub use as_handle::AsHandle;
pub use client::Client;
pub use client::builder::ClientBuilder;
#[cfg(feature = "async")]
pub use client::spawn::AsyncWork;
pub use completed::{AsCompleted, as_completed};
pub use handle::{HandleFuture, Status};
pub use inside::{Seceded, get_client, hold_slot, rejoin, secede, worker_client};
pub use stats::ClientStats;
pub use submit::{CallStar, Futures};
