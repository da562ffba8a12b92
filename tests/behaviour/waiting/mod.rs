//! Waits outside of bodies: on threads of pools, and between bodies.

mod a_pool_thread_that_waits_runs_nothing_else;
mod a_waiting_node_never_runs_strangers;
mod code_between_bodies_may_wait;
