//! What lazygraph does: a topic to a folder, one behaviour to a module, whose name is the sentence it proves.
//!
//! One program, for each would cost more to link than to run. Those that need a process of their own are in `alone`.

mod arguments;
mod cancel;
mod failure;
mod futures;
mod keys;
mod laziness;
mod macros;
mod memory;
mod nesting;
mod observing;
mod order;
mod plan;
mod purity;
mod resources;
mod waiting;
