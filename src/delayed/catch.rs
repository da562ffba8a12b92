//! Failure as a value.

use super::Delayed;
use super::join::Join;
use super::project::taken;
use crate::base::error::Error;
use crate::base::token::Hasher128;
use crate::task::Operand;
use crate::task::{
    Describe, Frame, Function, Input, Inputs, Purity, TaskSpec, Use, Value, call_node,
};
use std::convert::Infallible;

/// An input whose failure does not fail its user.
struct Caught<T>(Delayed<T>);

impl<T: Value> Operand for Caught<T> {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.push(Input::new(&self.0.node, Use::Catch));
    }
}

impl<T: Value> Caught<T> {
    fn describe(&self, to: &mut Describe<'_>) {
        to.input();
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
    /// Turns the failure of this part of the graph into a value.
    ///
    /// Cancelling the run, and its deadline, are not caught.
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
            |ops, to| ops.0.describe(to),
        ))
    }

    /// The value, or `or` if this part of the graph fails. See [`catch`](Self::catch).
    #[track_caller]
    pub fn unwrap_or(&self, or: T) -> Delayed<T> {
        taken::<UnwrapOr, _, _>(self.catch(), move |r| r.unwrap_or_else(|_| or.clone()))
    }
}

/// Outputs of which each may fail on its own: what `compute_all` computes.
pub(crate) struct Outcomes<T>(pub(crate) Vec<Delayed<T>>);

impl<T: Value + Clone> Join for Outcomes<T> {
    type Out = Vec<Result<T, Error>>;
    type Owned = Outcomes<T>;
    type Results = Infallible;

    fn to_owned_join(&self) -> Self::Owned {
        Outcomes(self.0.clone())
    }
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.extend(self.0.iter().map(|d| Input::new(&d.node, Use::Catch)));
    }
    fn take(results: Infallible) -> Self::Out {
        match results {}
    }
    fn assemble(&self, frame: &Frame<'_>) -> Self::Out {
        self.0.iter().map(|_| frame.outcome()).collect()
    }
    fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128) {
        self.0.shape(hasher, next);
    }
    fn nodes(&self) -> usize {
        self.0.len()
    }
}
