//! Closures as delayed functions: `delayed(|x| ..)` and `call(|x| .., (x,))`.

use super::nest::nest;
use crate::delayed::{Arg, Delayed, Seal};
use crate::task::{Function, ParamInfo, Purity, TaskSpec, Value, call_node};
use std::panic::Location;
use std::sync::Arc;

struct Closure;
impl Function for Closure {
    const SPEC: TaskSpec = TaskSpec::structural("closure", Purity::Impure);
}

/// Makes a node that calls a closure with `args`, plain or delayed: `call(|a, b| a * b, (x, 4))`.
///
/// What the closure returns is the value, also if it is a `Result`: the node fails only by a panic. Write a `#[delayed]`
/// function for what may fail.
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// let x = value(3i64);
/// assert_eq!(call(|a: i64, b: i64| a * b, (&x, 4)).compute()?, 12);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn call<F, A, P, R>(f: F, args: A) -> Delayed<R>
where
    F: CallWith<A, P, R>,
{
    f.call_with(args)
}

/// Makes a delayed function of a closure.
///
/// The function takes arguments of one kind, that of its first call: all plain, or all delayed; it takes no references.
/// Use [`call`] to mix them. What the closure returns is the value, also if it is a `Result`.
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// let sqrt = delayed(|x: f64| x.sqrt());
/// assert_eq!(sqrt(value(4.0)).compute()?, 2.0);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn delayed<F, M>(f: F) -> <F as Lazy<M>>::Out
where
    F: Lazy<M>,
{
    f.lazy()
}

/// A closure that [`call`] can call with arguments `Args`. This trait is sealed.
pub trait CallWith<Args, P, R> {
    #[doc(hidden)]
    const SEAL: Seal;
    #[doc(hidden)]
    #[track_caller]
    fn call_with(self, args: Args) -> Delayed<R>;
}

/// A closure that [`delayed`] can make a delayed function of. This trait is sealed.
pub trait Lazy<M> {
    #[doc(hidden)]
    const SEAL: Seal;
    /// The delayed function.
    type Out;
    #[doc(hidden)]
    #[track_caller]
    fn lazy(self) -> Self::Out;
}

macro_rules! closures {
    ($($p:ident $x:ident $v:ident),*) => {
        impl<Func, R: Value, $($p: Value + Clone,)* $($x: Arg<$p>,)*> CallWith<($($x,)*), ($($p,)*), R> for Func
        where
            Func: Fn($($p),*) -> R + Send + Sync + 'static,
        {
            const SEAL: Seal = Seal;
            #[track_caller]
            fn call_with(self, args: ($($x,)*)) -> Delayed<R> {
                let ($($v,)*) = args;
                $(let $v = $v.into_operand();)*
                let f = self;
                Delayed::from_node(call_node::<Closure, R, _, _, _>(
                    nest!($($v),*),
                    move |ops, frame| {
                        let nest!($($v),*) = ops;
                        $(let $v = $v.take(frame);)*
                        let _ = frame;
                        Ok(f($($v),*))
                    },
                    |ops, to| {
                        let nest!($($v),*) = ops;
                        $($v.describe(to, &ParamInfo::OPAQUE);)*
                        let _ = to;
                    },
                ))
            }
        }

        impl<Func, R: Value, $($p: Value + Clone,)* $($x: Arg<$p> + 'static,)*> Lazy<(R, $($p,)* $($x,)*)> for Func
        where
            Func: Fn($($p),*) -> R + Send + Sync + 'static,
        {
            const SEAL: Seal = Seal;
            type Out = Box<dyn Fn($($x),*) -> Delayed<R> + Send + Sync>;

            #[track_caller]
            fn lazy(self) -> Self::Out {
                let (f, defined) = (Arc::new(self), Location::caller());
                Box::new(move |$($v: $x),*| {
                    let f = f.clone();
                    call(move |$($v: $p),*| f($($v),*), ($($v,)*)).placed_at(defined)
                })
            }
        }
    };
}

closures!();
closures!(A X a);
closures!(A X a, B Y b);
closures!(A X a, B Y b, C Z c);
closures!(A X a, B Y b, C Z c, D W d);
closures!(A X a, B Y b, C Z c, D W d, E V e);
closures!(A X a, B Y b, C Z c, D W d, E V e, G U g);
