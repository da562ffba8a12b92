//! One closure over several delayed values: `(&a, &b).apply(|a, b| ..)`.

use super::nest::nest;
use super::unary::SeenInput;
use crate::delayed::{AsDelayed, Delayed, Seal};
use crate::task::{Function, Purity, TaskSpec, Value, call_node};
use std::marker::PhantomData;

struct ApplyFn<F>(PhantomData<fn() -> F>);
impl<F: 'static> Function for ApplyFn<F> {
    const SPEC: TaskSpec = TaskSpec::structural("apply", Purity::Impure);
}

/// Calls a closure with the values of a tuple of two to eight delayed values: `(&a, &b).apply(|a, b| a < b)`.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`apply` of `{Self}` does not take this closure",
    label = "expected a tuple of two to eight delayed values, and a closure that takes a reference to each"
)]
pub trait Apply<F, R> {
    #[doc(hidden)]
    const SEAL: Seal;
    /// Makes a node that calls `f` with a reference to each value.
    ///
    /// The node is impure: every call is its own; see [`Delayed::map`].
    #[track_caller]
    fn apply(self, f: F) -> Delayed<R>;
}

macro_rules! apply {
    ($($t:ident $x:ident),*) => {
        impl<Func, R: Value, $($t: AsDelayed),*> Apply<Func, R> for ($($t,)*)
        where
            Func: Fn($(&$t::Value),*) -> R + Send + Sync + 'static,
        {
            const SEAL: Seal = Seal;
            #[track_caller]
            fn apply(self, f: Func) -> Delayed<R> {
                let ($($x,)*) = self;
                $(let $x = SeenInput($x.to_delayed());)*
                Delayed::from_node(call_node::<ApplyFn<Func>, R, _, _, _>(
                    nest!($($x),*),
                    move |ops, frame| {
                        let nest!($($x),*) = ops;
                        Ok(f($($x.borrow(frame)),*))
                    },
                    |ops, to| {
                        let nest!($($x),*) = ops;
                        $($x.describe(to);)*
                    },
                ))
            }
        }
    };
}

apply!(A a, B b);
apply!(A a, B b, C c);
apply!(A a, B b, C c, D d);
apply!(A a, B b, C c, D d, E e);
apply!(A a, B b, C c, D d, E e, G g);
apply!(A a, B b, C c, D d, E e, G g, H h);
apply!(A a, B b, C c, D d, E e, G g, H h, I i);
