//! Nodes over one delayed value.

use crate::delayed::Delayed;
use crate::task::Operand;
use crate::task::{
    Describe, Frame, Function, Input, Inputs, ParamInfo, Use, Val, Value, call_node,
};

/// A delayed value that a closure sees by reference.
pub(in crate::delayed) struct SeenInput<T>(pub(in crate::delayed) Delayed<T>);

impl<T: Value> SeenInput<T> {
    pub(in crate::delayed) fn borrow<'f>(&'f self, frame: &'f Frame<'_>) -> &'f T {
        frame.borrow()
    }

    pub(in crate::delayed) fn describe(&self, to: &mut Describe<'_>) {
        to.input();
    }
}

impl<T: Value> Operand for SeenInput<T> {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.push(Input::new(&self.0.node, Use::Ref));
    }
}

/// A node over one input that is seen by reference.
#[track_caller]
pub(in crate::delayed) fn seen<F: Function, T: Value, R: Value>(
    d: &Delayed<T>,
    f: impl Fn(&T) -> R + Send + Sync + 'static,
) -> Delayed<R> {
    Delayed::from_node(call_node::<F, R, _, _, _>(
        (SeenInput(d.clone()), ()),
        move |ops, frame| Ok(f(ops.0.borrow(frame))),
        |ops, to| ops.0.describe(to),
    ))
}

/// A node over one input that is taken by value.
#[track_caller]
pub(in crate::delayed) fn taken<F: Function, T: Value + Clone, R: Value>(
    d: Delayed<T>,
    f: impl Fn(T) -> R + Send + Sync + 'static,
) -> Delayed<R> {
    Delayed::from_node(call_node::<F, R, _, _, _>(
        (Val::<T>::from_node(d.node), ()),
        move |ops, frame| Ok(f(ops.0.take(frame))),
        |ops, to| ops.0.describe(to, &ParamInfo::OPAQUE),
    ))
}
