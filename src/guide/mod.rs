//! The guide: how to write programs with lazygraph, one page for each question.
//!
//! | page | answers |
//! |---|---|
//! | [`arguments`] | what may be passed to a delayed function, and what is moved, lent or cloned |
//! | [`purity`] | when equal calls run once, and for how long their results are kept |
//! | [`errors`] | what happens after a failure, and how to handle one |
//! | [`dask`] | how a line of Dask is written here |
//! | [`rayon`] | when to use which, and both together |
//! | [`async_server`] | how to compute graphs in an async program |
//! | [`loops_and_plans`] | how to run one graph many times |
//! | [`when_it_is_slow`] | where the time goes, and what lazygraph is not for |

pub mod arguments;
pub mod async_server;
pub mod dask;
pub mod errors;
pub mod loops_and_plans;
pub mod purity;
pub mod rayon;
pub mod when_it_is_slow;
