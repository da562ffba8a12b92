//! The traits of operands.

use crate::task::io::{Describe, Frame};
use crate::task::node::Inputs;

/// The operands of a call: a list `(op0, (op1, ()))` of any length.
#[doc(hidden)]
pub trait Operands: Send + Sync + 'static {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs);
    fn has_inputs(&self) -> bool;
    fn are_inert(&self) -> bool;
}

impl Operands for () {
    #[allow(private_interfaces)]
    fn list_inputs(&self, _: &mut Inputs) {}
    #[inline]
    fn has_inputs(&self) -> bool {
        false
    }
    #[inline]
    fn are_inert(&self) -> bool {
        true
    }
}

impl<H: Operand, T: Operands> Operands for (H, T) {
    #[inline]
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        self.0.list_inputs(inputs);
        self.1.list_inputs(inputs);
    }
    #[inline]
    fn has_inputs(&self) -> bool {
        self.0.has_inputs() || self.1.has_inputs()
    }
    #[inline]
    fn are_inert(&self) -> bool {
        self.0.is_inert() && self.1.are_inert()
    }
}

/// One operand.
#[doc(hidden)]
pub trait Operand: Send + Sync + 'static {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs);
    /// `false` only if `list_inputs` lists nothing.
    #[inline]
    fn has_inputs(&self) -> bool {
        true
    }
    /// `true` only if dropping it does nothing.
    #[inline]
    fn is_inert(&self) -> bool {
        false
    }
}

/// A value that is put together from the results of several nodes.
pub(crate) trait Parts<T>: Send + Sync + 'static {
    fn list_inputs(&self, inputs: &mut Inputs);
    fn assemble(&self, frame: &Frame<'_>) -> T;
    fn describe(&self, to: &mut Describe<'_>);
}
