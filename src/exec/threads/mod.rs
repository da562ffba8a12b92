//! How many threads may work at once, and where they come from. Knows no run: where work is found says a `WorkSource`.

mod blocked;
mod executor;
mod headcount;
mod inside;
mod invite;
mod permits;
#[allow(unsafe_code)]
mod pool;
mod pool_stack;
mod serving;
mod source;
mod stack;

pub(super) use blocked::BlockedThread;
pub(super) use executor::ClientSide;
pub(crate) use executor::Executor;
pub(super) use inside::Inside;
pub(super) use invite::{Invited, LentSlot, invite};
pub(crate) use pool::Pool;
pub(crate) use serving::is_served_here;
pub(super) use serving::{PausedServing, Serving, served_lineage};
pub(super) use source::WorkSource;
pub(crate) use stack::on_enough_stack;
pub(super) use stack::{KnownStack, on_known_stack};
