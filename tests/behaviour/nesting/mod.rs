//! Computes inside nodes, to any depth and on any pool.

mod a_destructor_of_a_thread_local_may_compute;
mod a_nested_call_is_like_any_other;
mod a_recursion_that_never_ends_is_an_error;
mod a_task_may_return_a_graph;
mod compute_works_from_a_foreign_pool;
mod compute_works_inside_a_node;
mod deep_nesting_gives_a_result;
mod nested_graphs_agree_on_every_scheduler;
mod nested_runs_inherit_the_options;
mod thousands_of_small_runs_end;
mod what_a_waiting_thread_keeps_is_shared;
