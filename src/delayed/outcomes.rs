//! Outputs that may fail one by one.

use super::{Delayed, Join, Seal};
use crate::base::error::Error;
use crate::base::token::Hasher128;
use crate::task::{Frame, Input, Inputs, Use, Value};
use std::convert::Infallible;

/// Outputs of which each may fail on its own: what `compute_all` computes.
pub(crate) struct Outcomes<T>(pub(crate) Vec<Delayed<T>>);

impl<T: Value + Clone> Join for Outcomes<T> {
    const SEAL: Seal = Seal;
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
