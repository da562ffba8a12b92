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
mod source;
mod stack;

pub(super) use blocked::{BlockedThread, living_clients, register_client};
pub(super) use executor::ClientSide;
pub(crate) use executor::Executor;
pub(super) use inside::Inside;
pub(super) use invite::{Invited, LentSlot, invite};
pub(crate) use pool::Pool;
pub(super) use source::WorkSource;
pub(crate) use stack::on_enough_stack;
pub(super) use stack::{KnownStack, on_known_stack};
