//! By-value arguments.

use super::{Operand, Parts};
use crate::task::io::{Describe, Frame, ParamInfo, Value};
use crate::task::node::{Input, Inputs, NodePtr, Use};
use std::mem::needs_drop;

/// A by-value argument.
#[doc(hidden)]
pub struct Val<T>(ValKind<T>);

enum ValKind<T> {
    Literal(T),
    Node(NodePtr),
    /// Boxed twice to take one word: most arguments are not of this kind.
    #[allow(clippy::redundant_allocation)]
    Parts(Box<Box<dyn Parts<T>>>),
}

impl<T: Value + Clone> ValKind<T> {
    #[inline(never)]
    fn take(&self, frame: &Frame<'_>) -> T {
        match self {
            ValKind::Literal(x) => x.clone(),
            ValKind::Node(_) => frame.take(),
            ValKind::Parts(parts) => parts.assemble(frame),
        }
    }
}

impl<T: Value> Val<T> {
    /// A plain value.
    #[inline]
    pub fn literal(x: T) -> Val<T> {
        Val(ValKind::Literal(x))
    }

    pub(crate) fn from_node(node: NodePtr) -> Val<T> {
        Val(ValKind::Node(node))
    }

    pub(crate) fn from_parts(parts: impl Parts<T>) -> Val<T> {
        Val(ValKind::Parts(Box::new(Box::new(parts))))
    }

    /// Takes the value, for the body.
    #[inline]
    pub fn take(&self, frame: &Frame<'_>) -> T
    where
        T: Clone,
    {
        match &self.0 {
            ValKind::Literal(x) => x.clone(),
            ValKind::Node(_) if frame.is_direct::<T>() => frame.take_direct(),
            read => read.take(frame),
        }
    }

    /// Describes the argument.
    #[inline(always)]
    pub fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<T>) {
        match &self.0 {
            ValKind::Literal(x) => to.literal(x, info),
            ValKind::Node(_) => to.input(),
            ValKind::Parts(parts) => parts.describe(to),
        }
    }
}

impl<T: Value> Operand for Val<T> {
    #[inline]
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        match &self.0 {
            ValKind::Literal(_) => {}
            ValKind::Node(node) => inputs.push(Input::new(node, Use::Value)),
            ValKind::Parts(parts) => parts.list_inputs(inputs),
        }
    }
    #[inline]
    fn has_inputs(&self) -> bool {
        !matches!(self.0, ValKind::Literal(_))
    }
    #[inline]
    fn is_inert(&self) -> bool {
        !needs_drop::<T>() && matches!(self.0, ValKind::Literal(_))
    }
}
