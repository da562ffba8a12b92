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

/// A row for each pair of operand types: `$op` of a `$t` and a `$u`, and how each becomes an operand of the node.
macro_rules! rows {
    ($tr:ident $f:ident: $([$($g:tt)*] $op:ident($t:ty, $u:ty): $lhs:ty, $rhs:ty => |$a:ident, $b:ident| $l:expr, $r:expr;)*) => {$(
        impl<$($g)*> $tr<$rhs> for $lhs
        where
            <$t as $tr<$u>>::Output: Value,
        {
            type Output = Delayed<<$t as $tr<$u>>::Output>;
            #[track_caller]
            fn $f(self, rhs: $rhs) -> Self::Output {
                let ($a, $b) = (self, rhs);
                binary::<$op<operator::$tr>, operator::$tr, $t, $u>($l, $r)
            }
        }
    )*};
}

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

        rows! { $tr $f:
            [T: Value + Clone + $tr<U>, U: Value + Clone] Op(T, U): Delayed<T>, Delayed<U> => |a, b| Val::from_node(a.node), Val::from_node(b.node);
            [T: Value + Clone + $tr<U>, U: Value + Clone] Op(T, U): Delayed<T>, &Delayed<U> => |a, b| Val::from_node(a.node), Val::from_node(b.node.clone());
            [T: Value + Clone + $tr<U>, U: Value + Clone] Op(T, U): &Delayed<T>, Delayed<U> => |a, b| Val::from_node(a.node.clone()), Val::from_node(b.node);
            [T: Value + Clone + $tr<U>, U: Value + Clone] Op(T, U): &Delayed<T>, &Delayed<U> => |a, b| Val::from_node(a.node.clone()), Val::from_node(b.node.clone());
            [T: Value + Clone + $tr<U>, U: Value + Clone + NotDelayed] OpWithLiteral(T, U): Delayed<T>, U => |a, b| Val::from_node(a.node), Val::literal(b);
            [T: Value + Clone + $tr<U>, U: Value + Clone + NotDelayed] OpWithLiteral(T, U): &Delayed<T>, U => |a, b| Val::from_node(a.node.clone()), Val::literal(b);
        }
    )*};
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
            a.describe(to, &ParamInfo::OPAQUE);
            b.describe(to, &ParamInfo::OPAQUE);
        },
    ))
}

macro_rules! primitives {
    ($($t:ty)*) => {$(
        primitives!(@ $t, Add add Sub sub Mul mul Div div Rem rem);
    )*};
    (@ $t:ty, $($tr:ident $f:ident)*) => {$(
        rows! { $tr $f:
            [] OpWithLiteral($t, $t): $t, Delayed<$t> => |a, b| Val::literal(a), Val::from_node(b.node);
            [] OpWithLiteral($t, $t): $t, &Delayed<$t> => |a, b| Val::literal(a), Val::from_node(b.node.clone());
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
