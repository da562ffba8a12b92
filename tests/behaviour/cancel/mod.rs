//! Cancelling, timeouts and closing: nothing more starts, and nothing is left.

mod a_call_has_its_own_limits_and_retries;
mod a_cancel_goes_down_the_tree;
mod a_cancelled_run_starts_nothing_more;
mod a_closed_client_holds_nothing;
mod a_limit_holds_for_all_a_call_stands_for;
mod a_time_without_end_is_no_limit;
mod a_timeout_ends_the_node_or_the_run;
mod dropping_the_last_handle_cancels;
mod retries_run_again_as_often_as_asked;
