//! Errors and panics: what they stop, what they tell, how a program goes on after them.

mod a_failed_graph_can_run_again;
mod a_fault_anywhere_leaves_no_trace;
mod a_fused_unit_names_the_inner_node;
mod a_panic_anywhere_is_an_error;
mod an_error_carries_the_chain_through_nested_runs;
mod an_error_names_a_place_of_the_user;
mod an_error_tells_the_whole_story;
mod an_impossible_element_fails_alone;
mod failures_can_be_caught;
mod nothing_starts_after_a_failure;
mod other_failures_are_counted_on_the_first;
