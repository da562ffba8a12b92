//! One closure over several delayed values: `(&a, &b).apply(|a, b| ..)`.

use super::Delayed;
use super::project::{SeenInput, closure_purity};
use crate::task::{Function, TaskSpec, Value, call_node};
use std::marker::PhantomData;

/// A `Delayed`, a `Handle`, or a reference to one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a delayed value nor a future",
    label = "expected a call of a delayed function, a `Delayed` or a `Handle`",
    note = "a function is given with its arguments, `submit(f(x))`; a closure as `call(|| .., ())`; a plain value as `value(x)`"
)]
pub trait AsDelayed {
    /// The type of its value.
    type Value: Value;
    /// A handle to it.
    fn handle(&self) -> Delayed<Self::Value>;
}

impl<T: Value> AsDelayed for Delayed<T> {
    type Value = T;
    fn handle(&self) -> Delayed<T> {
        self.clone()
    }
}

impl<D: AsDelayed> AsDelayed for &D {
    type Value = D::Value;
    fn handle(&self) -> Delayed<D::Value> {
        (**self).handle()
    }
}

struct ApplyFn<F>(PhantomData<fn() -> F>);
impl<F: 'static> Function for ApplyFn<F> {
    const SPEC: TaskSpec = TaskSpec::structural("apply", closure_purity::<F>());
}

macro_rules! nest {
    () => { () };
    ($first:expr $(, $rest:expr)*) => { ($first, nest!($($rest),*)) };
}

macro_rules! nest_pattern {
    () => { () };
    ($first:ident $(, $rest:ident)*) => { ($first, nest_pattern!($($rest),*)) };
}

macro_rules! apply {
    ($name:ident, $n:literal: $($t:ident $x:ident $i:tt),*) => {
        #[doc = concat!("One node over ", $n, " delayed values, each seen by reference.")]
        ///
        /// A closure that captures nothing is taken to be a function of its inputs (see
        /// [`Delayed::map`]).
        pub trait $name {
            $(
                #[doc = concat!("The type of value ", stringify!($i), ".")]
                type $t: Value;
            )*
            /// A node that gives `f` a reference to each value.
            #[track_caller]
            fn apply<R, Func>(self, f: Func) -> Delayed<R>
            where
                R: Value,
                Func: Fn($(&Self::$t),*) -> R + Send + Sync + 'static;
        }

        impl<$($t: AsDelayed),*> $name for ($($t,)*) {
            $(type $t = $t::Value;)*

            #[track_caller]
            fn apply<R, Func>(self, f: Func) -> Delayed<R>
            where
                R: Value,
                Func: Fn($(&Self::$t),*) -> R + Send + Sync + 'static,
            {
                let ops = nest!($(SeenInput(self.$i.handle())),*);
                Delayed::from_node(call_node::<ApplyFn<Func>, R, _, _, _>(
                    ops,
                    move |ops, frame| {
                        let nest_pattern!($($x),*) = ops;
                        Ok(f($($x.borrow(frame)),*))
                    },
                    |ops, to| {
                        let nest_pattern!($($x),*) = ops;
                        $($x.describe(to);)*
                    },
                ))
            }
        }
    };
}

apply!(Apply2, "two": A a 0, B b 1);
apply!(Apply3, "three": A a 0, B b 1, C c 2);
apply!(Apply4, "four": A a 0, B b 1, C c 2, D d 3);
apply!(Apply5, "five": A a 0, B b 1, C c 2, D d 3, E e 4);
apply!(Apply6, "six": A a 0, B b 1, C c 2, D d 3, E e 4, G g 5);
apply!(Apply7, "seven": A a 0, B b 1, C c 2, D d 3, E e 4, G g 5, H h 6);
apply!(Apply8, "eight": A a 0, B b 1, C c 2, D d 3, E e 4, G g 5, H h 6, I i 7);
