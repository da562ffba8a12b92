//! Slots, named resources, events and semaphores: taken by running bodies, given up by waiting ones.

mod every_wait_in_a_task_gives_its_slot_up;
mod resources_are_used_by_so_many_and_no_more;
mod tasks_wait_for_events_without_a_slot;
mod too_many_threads_are_refused;
mod who_comes_back_waits_for_a_slot;
