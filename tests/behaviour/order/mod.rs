//! In which order nodes run, and that every scheduler comes to the same values.

mod every_scheduler_agrees_with_the_serial_one;
mod one_worker_follows_the_static_order;
mod priorities_are_inherited;
mod priorities_go_over_the_order;
mod random_programs_equal_a_plain_evaluation;
mod the_first_in_rank_goes_first;
mod what_frees_memory_goes_first;
