//! Equal pure calls run once: keys, memos, what is shared across nesting and computes.

mod a_circle_of_waits_is_an_error;
mod a_closure_is_impure_unless_it_is_said;
mod a_memo_is_shared_by_the_computes_that_use_it;
mod a_memo_stays_within_its_bounds;
mod a_pure_result_is_found_where_it_lies;
mod equal_pure_calls_run_once;
mod pure_nodes_are_shared_across_nesting_levels;
mod the_call_decides_purity_over_the_attribute;
