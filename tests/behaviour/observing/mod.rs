//! What observers, counts and stories tell of a run and of tasks.

mod a_client_shows_where_its_tasks_stand;
mod an_observer_sees_its_run_and_what_is_nested_in_it;
