//! What the optimizer and the plan make of a graph, and that nothing else of it shows.

mod a_copy_of_a_call_keeps_its_settings;
mod a_large_graph_is_like_a_small_one;
mod a_lone_call_is_like_any_other;
mod an_inlined_function_runs_in_each_consumer;
mod annotations_survive_fusion;
mod linear_chains_become_one_unit;
