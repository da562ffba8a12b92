//! Operators: `T op U` for `T`, `U` plain or delayed, at least one delayed.

use super::unary::taken;
use crate::delayed::{Delayed, NotDelayed};
use crate::task::{Function, ParamInfo, Purity, TaskSpec, Val, Value, call_node};
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// The operation, as a structural function; a literal operand makes it impure, since it has no key.
trait Operator<T, U> {
    type Output: Value;
    fn apply(a: T, b: U) -> Self::Output;
}

struct Op<O>(std::marker::PhantomData<fn() -> O>);
struct OpWithLiteral<O>(std::marker::PhantomData<fn() -> O>);

macro_rules! binops {
    ($($tr:ident $f:ident)*) => {$(
        impl<T: Value + $tr<U>, U: Value> Operator<T, U> for operator::$tr
        where
            T::Output: Value,
        {
            type Output = T::Output;
            fn apply(a: T, b: U) -> T::Output {
                a.$f(b)
            }
        }

        impl Function for Op<operator::$tr> {
            const SPEC: TaskSpec = TaskSpec::structural(stringify!($f), Purity::Structural);
        }
        impl Function for OpWithLiteral<operator::$tr> {
            const SPEC: TaskSpec = TaskSpec::structural(stringify!($f), Purity::Impure);
        }

        binops!(@ $tr $f [] Delayed<T>, Delayed<U>, |a, b| a.node, b.node);
        binops!(@ $tr $f [] Delayed<T>, &Delayed<U>, |a, b| a.node, b.node.clone());
        binops!(@ $tr $f [] &Delayed<T>, Delayed<U>, |a, b| a.node.clone(), b.node);
        binops!(@ $tr $f [] &Delayed<T>, &Delayed<U>, |a, b| a.node.clone(), b.node.clone());

        impl<T: Value + Clone + $tr<U>, U: Value + Clone + NotDelayed> $tr<U> for Delayed<T>
        where
            T::Output: Value,
        {
            type Output = Delayed<T::Output>;
            #[track_caller]
            fn $f(self, rhs: U) -> Self::Output {
                binary::<OpWithLiteral<operator::$tr>, operator::$tr, T, U>(Val::from_node(self.node), Val::literal(rhs))
            }
        }
        impl<T: Value + Clone + $tr<U>, U: Value + Clone + NotDelayed> $tr<U> for &Delayed<T>
        where
            T::Output: Value,
        {
            type Output = Delayed<T::Output>;
            #[track_caller]
            fn $f(self, rhs: U) -> Self::Output {
                binary::<OpWithLiteral<operator::$tr>, operator::$tr, T, U>(Val::from_node(self.node.clone()), Val::literal(rhs))
            }
        }
    )*};
    (@ $tr:ident $f:ident [] $lhs:ty, $rhs:ty, |$a:ident, $b:ident| $l:expr, $r:expr) => {
        impl<T: Value + Clone + $tr<U>, U: Value + Clone> $tr<$rhs> for $lhs
        where
            T::Output: Value,
        {
            type Output = Delayed<T::Output>;
            #[track_caller]
            fn $f(self, rhs: $rhs) -> Self::Output {
                let ($a, $b) = (self, rhs);
                binary::<Op<operator::$tr>, operator::$tr, T, U>(Val::from_node($l), Val::from_node($r))
            }
        }
    };
}

/// The operators, as types.
mod operator {
    pub(super) enum Add {}
    pub(super) enum Sub {}
    pub(super) enum Mul {}
    pub(super) enum Div {}
    pub(super) enum Rem {}
}

binops! { Add add Sub sub Mul mul Div div Rem rem }

#[track_caller]
fn binary<F: Function, O: Operator<T, U> + 'static, T: Value + Clone, U: Value + Clone>(
    a: Val<T>,
    b: Val<U>,
) -> Delayed<O::Output> {
    Delayed::from_node(call_node::<F, O::Output, _, _, _>(
        (a, (b, ())),
        |ops, frame| {
            let (a, (b, ())) = ops;
            let a = a.take(frame);
            Ok(O::apply(a, b.take(frame)))
        },
        |ops, to| {
            let (a, (b, ())) = ops;
            to.value(a, ParamInfo::OPAQUE);
            to.value(b, ParamInfo::OPAQUE);
        },
    ))
}

macro_rules! primitives {
    ($($t:ty)*) => {$(
        primitives!(@ $t, Add add Sub sub Mul mul Div div Rem rem);
    )*};
    (@ $t:ty, $($tr:ident $f:ident)*) => {$(
        impl $tr<Delayed<$t>> for $t {
            type Output = Delayed<$t>;
            #[track_caller]
            fn $f(self, rhs: Delayed<$t>) -> Delayed<$t> {
                binary::<OpWithLiteral<operator::$tr>, operator::$tr, $t, $t>(Val::literal(self), Val::from_node(rhs.node))
            }
        }
        impl $tr<&Delayed<$t>> for $t {
            type Output = Delayed<$t>;
            #[track_caller]
            fn $f(self, rhs: &Delayed<$t>) -> Delayed<$t> {
                binary::<OpWithLiteral<operator::$tr>, operator::$tr, $t, $t>(Val::literal(self), Val::from_node(rhs.node.clone()))
            }
        }
    )*};
}

primitives! { f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

struct NegFn;
impl Function for NegFn {
    const SPEC: TaskSpec = TaskSpec::structural("neg", Purity::Structural);
}

impl<T: Value + Clone + Neg> Neg for Delayed<T>
where
    T::Output: Value,
{
    type Output = Delayed<T::Output>;
    #[track_caller]
    fn neg(self) -> Self::Output {
        taken::<NegFn, T, T::Output>(self, |x| -x)
    }
}

impl<T: Value + Clone + Neg> Neg for &Delayed<T>
where
    T::Output: Value,
{
    type Output = Delayed<T::Output>;
    #[track_caller]
    fn neg(self) -> Self::Output {
        taken::<NegFn, T, T::Output>(self.clone(), |x| -x)
    }
}
