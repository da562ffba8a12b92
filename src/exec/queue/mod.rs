//! The ready units of one run.
//!
//! Plans whose results own no heap memory are worked off last in, first out: each participant pushes to and
//! pops from its own deque and steals from the others'. Plans whose results do are worked off strictly by
//! priority and place in the static order, from one heap: that is what keeps memory low (promise P7).

mod budget;
mod deques;
mod queue;
mod ranked;
mod ready_unit;

pub(super) use deques::WorkerDeque;
pub(super) use queue::Queue;
pub(super) use ready_unit::ReadyUnit;
