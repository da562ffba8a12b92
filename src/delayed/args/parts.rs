//! Arguments by value that are made of the results of several nodes, or of another type than the node's.

use crate::delayed::Delayed;
use crate::delayed::nesting::{self, Join};
use crate::task::Parts;
use crate::task::{Describe, Frame, Input, Inputs, Use, Value};
use std::sync::Arc;

/// A nesting as a by-value argument.
pub(in crate::delayed) struct Assembled<J>(pub(in crate::delayed) J);

impl<J: Join + Value> Parts<J::Out> for Assembled<J> {
    fn list_inputs(&self, inputs: &mut Inputs) {
        self.0.list_inputs(inputs);
    }
    fn assemble(&self, frame: &Frame<'_>) -> J::Out {
        self.0.assemble(frame)
    }
    fn describe(&self, to: &mut Describe<'_>) {
        nesting::describe(&self.0, to);
    }
}

/// A delayed `T` for an `Option<T>` parameter.
pub(super) struct SomeOf<T>(pub(super) Delayed<T>);

impl<T: Value + Clone> Parts<Option<T>> for SomeOf<T> {
    fn list_inputs(&self, inputs: &mut Inputs) {
        self.0.list_inputs(inputs);
    }
    fn assemble(&self, frame: &Frame<'_>) -> Option<T> {
        Some(frame.take())
    }
    fn describe(&self, to: &mut Describe<'_>) {
        to.input();
    }
}

/// A delayed `T` for an `Arc<T>` parameter.
pub(super) struct SharedOf<T>(pub(super) Delayed<T>);

impl<T: Value> Parts<Arc<T>> for SharedOf<T> {
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.push(Input::new(&self.0.node, Use::Shared));
    }
    fn assemble(&self, frame: &Frame<'_>) -> Arc<T> {
        frame.arc()
    }
    fn describe(&self, to: &mut Describe<'_>) {
        to.input();
    }
}
