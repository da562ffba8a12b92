//! A client's futures: submitted, mapped, waited for, launched by tasks.

mod a_client_is_waited_for_as_a_whole;
mod a_map_of_many_is_like_one_of_few;
mod a_storm_of_tasks_leaves_nothing;
mod a_waiting_task_never_runs_strangers;
mod async_work_is_a_future_like_any_other;
mod errors_that_nobody_looks_at_are_told;
mod every_line_of_dask_has_its_line_here;
mod futures_are_given_as_they_end;
mod futures_are_started_at_once;
mod futures_that_wait_for_each_other_are_a_deadlock;
mod tasks_launch_tasks;
