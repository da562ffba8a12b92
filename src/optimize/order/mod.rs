//! The order in which one worker runs the units: the pass, and the orders that it tries.

mod candidates;
mod greedy;
mod level;
mod order;
mod priority;
mod units;
mod walk;

pub(super) use order::Order;
