//! What makes two calls the same, and what never does.

mod keys_tell_different_calls_apart;
mod one_key_on_two_computations_is_an_error;
mod the_key_of_a_value_is_its_content;
mod what_is_different_is_never_taken_for_the_same;
mod what_is_serialized_has_a_key;
