//! Every shape of function that `#[delayed]` takes, with the values it computes, in code that allows no warning.
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub, unused_results, warnings)]
#![allow(clippy::all, clippy::pedantic)]

mod a_body_may_return_a_value_a_result_or_a_graph;
mod arguments_may_be_keyed_in_several_ways;
mod functions_may_be_generic;
mod functions_may_be_remote;
mod functions_may_stand_in_macros_and_functions;
mod methods_may_be_delayed;
mod names_of_the_user_never_meet_generated_ones;
mod other_attributes_keep_their_meaning;
mod parameters_may_have_any_type;
mod the_crate_may_have_another_name;
mod the_specification_says_what_the_attribute_says;

use lazygraph::{Value, delayed, prelude::*};
use std::fmt::{Debug, Display};
use std::path::Path;
