//! Failures as values.

use super::Delayed;
use crate::base::error::Error;
use crate::delayed::ops::unary::taken;
use crate::task::Operand;
use crate::task::{Function, Input, Inputs, Purity, TaskSpec, Use, Value, call_node};

/// An input whose failure does not fail its user.
struct Caught<T>(Delayed<T>);

impl<T: Value> Operand for Caught<T> {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.push(Input::new(&self.0.node, Use::Catch));
    }
}

struct Catch;
impl Function for Catch {
    const SPEC: TaskSpec = TaskSpec::structural("catch", Purity::Structural);
}

struct UnwrapOr;
impl Function for UnwrapOr {
    const SPEC: TaskSpec = TaskSpec::structural("unwrap_or", Purity::Impure);
}

impl<T: Value + Clone> Delayed<T> {
    /// Makes a node whose value is the outcome of this one: a failure of this part of the graph becomes a value.
    ///
    /// The cancellation and the timeout of the run are not caught.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    ///
    /// #[delayed]
    /// fn parse(s: &str) -> Result<i64, std::num::ParseIntError> { s.parse() }
    ///
    /// assert!(parse("x").catch().compute()?.is_err());
    /// assert_eq!(parse("x").unwrap_or(0).compute()?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn catch(&self) -> Delayed<Result<T, Error>> {
        Delayed::from_node(call_node::<Catch, Result<T, Error>, _, _, _>(
            (Caught(self.clone()), ()),
            |_, frame| Ok(frame.outcome()),
            |_, to| to.input(),
        ))
    }

    /// Makes a node whose value is this one, or `or` if this part of the graph fails. See [`catch`](Self::catch).
    #[track_caller]
    pub fn unwrap_or(&self, or: T) -> Delayed<T> {
        taken::<UnwrapOr, _, _>(self.catch(), move |r| r.unwrap_or_else(|_| or.clone()))
    }
}
