//! A call makes a node; a compute runs what its outputs need, once.

mod a_shared_value_runs_once_per_compute;
mod a_thread_that_ends_may_compute;
mod building_runs_nothing;
mod odd_graphs_are_graphs;
mod one_graph_computes_on_many_threads_at_once;
mod unzip_halves_share_one_execution;
mod what_is_persisted_is_not_computed_again;
mod what_never_ends_is_an_error;
mod what_no_output_needs_is_not_there;
