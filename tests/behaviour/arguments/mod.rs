//! What goes into a call and what comes out of a compute: moved, lent or cloned, of any size and shape.

mod a_borrow_cannot_outlive_its_scope;
mod a_long_argument_is_never_printed_whole;
mod a_value_moves_into_its_last_user;
mod any_number_of_arguments_works;
mod compute_keeps_the_shape_of_its_argument;
mod results_may_have_any_size_and_alignment;
mod values_need_not_be_clone;
