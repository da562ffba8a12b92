//! Arguments that are lists of references.

use super::Operand;
use crate::task::io::{Describe, Frame, ParamInfo};
use crate::task::node::Inputs;

/// Many things that can be lent as `&Q`, together.
pub(crate) trait ManyLender<Q: ?Sized>: Send + Sync + 'static {
    fn list_inputs(&self, inputs: &mut Inputs);
    /// `false` only if `list_inputs` lists nothing.
    fn has_inputs(&self) -> bool;
    fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Vec<&'f Q>;
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>);
}

/// A `&[&Q]` argument.
#[doc(hidden)]
pub struct Many<Q: ?Sized + 'static>(Box<dyn ManyLender<Q>>);

impl<Q: ?Sized + 'static> Many<Q> {
    pub(crate) fn new(lender: impl ManyLender<Q>) -> Many<Q> {
        Many(Box::new(lender))
    }

    /// Lends the references, for the body.
    pub fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Vec<&'f Q> {
        self.0.lend(frame)
    }

    /// Describes the argument.
    pub fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>) {
        self.0.describe(to, info);
    }
}

impl<Q: ?Sized + 'static> Operand for Many<Q> {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        self.0.list_inputs(inputs);
    }
    fn has_inputs(&self) -> bool {
        self.0.has_inputs()
    }
}
