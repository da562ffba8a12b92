//! How many values are alive at once, and how much stack and memory a graph takes.

mod a_footprint_counts_what_a_value_owns;
mod a_million_nodes_need_no_stack;
mod no_plain_order_holds_less;
mod the_memory_of_a_run_can_be_counted;
mod the_planned_peak_holds_on_one_worker;
mod the_planned_peak_holds_on_several_workers;
