//! What generated code may name. Not subject to semantic versioning: do not use it by hand.

#[cfg(lazygraph_shuttle)]
pub use crate::base::sync::{clock::stop_time, pool::steal};
pub use crate::base::token::function_id;
pub use crate::compute::unwrap_or_carry;
pub use crate::delayed::{GenericParam, Keyed, TraitObject, TypeParam};
pub use crate::task::Frame;
pub use crate::task::{Cost, Function, Purity, TaskSpec};
pub use crate::task::{Describe, ParamInfo, ShowFn, TokenFn};
pub use crate::task::{Fallible, TaskErr, TaskError};
pub use crate::task::{Lend, Lent, Many, Operands, Val};

use crate::base::footprint::Footprint;
use crate::base::token::{Hasher128, Token};
use crate::delayed::Delayed;
use crate::task::{Value, call_node, flat_node};
use std::fmt;
use std::marker::PhantomData;

/// A closure parameter: always plain.
pub fn plain<T: Value>(x: T) -> Val<T> {
    Val::literal(x)
}

/// A node whose body returns a value.
#[track_caller]
pub fn node<F, T, Ops, R, D>(ops: Ops, run: R, describe: D) -> Delayed<T>
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Fn(&Ops, &Frame<'_>) -> Result<T, TaskError> + Copy + Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Copy + Send + Sync + 'static,
{
    Delayed::from_node(call_node::<F, T, Ops, R, D>(ops, run, describe))
}

/// A node whose body returns a graph, whose result is the node's.
#[track_caller]
pub fn graph_node<F, T, Ops, R, D>(ops: Ops, run: R, describe: D) -> Delayed<T>
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Fn(&Ops, &Frame<'_>) -> Result<Delayed<T>, TaskError> + Copy + Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Copy + Send + Sync + 'static,
{
    let run = move |ops: &Ops, frame: &Frame<'_>| run(ops, frame).map(|graph| graph.node);
    Delayed::from_node(flat_node::<F, T, Ops, _, D>(ops, run, describe))
}

// ------------------------------------------------------------------ checks where a function is defined

/// What a by-value parameter must be.
#[diagnostic::on_unimplemented(
    message = "a by-value parameter of a `#[delayed]` function must be `Clone + Send + Sync + 'static`; `{Self}` is not",
    label = "take it by reference: `&{Self}`",
    note = "the value is moved into the last task that needs it and cloned for the others (other consumers, a second `compute`, retries)"
)]
pub trait ByValue: Value + Clone {}

#[diagnostic::do_not_recommend]
impl<T: Value + Clone> ByValue for T {}

/// A by-value parameter.
pub const fn by_value<T: ByValue>() {}
/// Gets a by-value parameter; with the bound of [`by_value`], so that the compiler reports it once.
#[inline]
pub fn take<T: ByValue>(operand: &Val<T>, frame: &Frame<'_>) -> T {
    operand.take(frame)
}
/// A by-reference parameter.
pub const fn by_ref<T: Value + ?Sized>() {}
/// A result.
pub const fn output<T: Value>() {}

/// What a `#[key(hash)]` parameter must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Hash`, as `#[key(hash)]` asks",
    label = "not `Hash`",
    note = "add `#[derive(Hash)]` to `{Self}`, or key it another way: `#[derive(lazygraph::Token)]` without `#[key(..)]`, `#[key(serde)]`, `#[key(identity)]`, `#[key(skip)]`"
)]
pub trait Hashed: std::hash::Hash {}

#[diagnostic::do_not_recommend]
impl<T: std::hash::Hash + ?Sized> Hashed for T {}

/// A `#[key(hash)]` parameter.
pub const fn hashed<T: Hashed + ?Sized>() {}

/// The bound of a `#[key(serde)]` parameter.
#[cfg(feature = "serde")]
pub use serde::Serialize;

/// What a `#[key(serde)]` parameter must be.
#[cfg(feature = "serde")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize`, as `#[key(serde)]` asks",
    label = "not `Serialize`",
    note = "add `#[derive(serde::Serialize)]` to `{Self}`, or key it another way: `#[derive(lazygraph::Token)]` without `#[key(..)]`, `#[key(hash)]`, `#[key(identity)]`, `#[key(skip)]`"
)]
pub trait Serialized: Serialize {}

#[cfg(feature = "serde")]
#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Serialized for T {}

/// A `#[key(serde)]` parameter.
#[cfg(feature = "serde")]
pub const fn serialized<T: Serialized + ?Sized>() {}

/// What a parameter or result of a `remote` function must be.
#[cfg(feature = "serde")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel to another process",
    label = "a `#[delayed(remote)]` function needs `Serialize + DeserializeOwned` for its parameters and result",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or drop `remote`"
)]
pub trait Wire: serde::Serialize + serde::de::DeserializeOwned {}

#[cfg(feature = "serde")]
#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Wire for T {}

/// A parameter or result of a `remote` function.
#[cfg(feature = "serde")]
pub const fn wire<T: Wire>() {}

// ------------------------------------------------------------------ what a type can do, without saying so in a bound

/// Asks what a type can do: inherent constants win over those of the traits below.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<fn() -> Box<T>>);

macro_rules! probes {
    ($($(#[$of:meta])* $none:ident: $(#[$doc:meta])* $name:ident: $t:ty = [$($bound:tt)*] $some:expr;)*) => {$(
        #[doc = "The answer where there is none."]
        pub trait $none<T: ?Sized> {
            $(#[$doc])*
            const $name: Option<$t> = None;
        }
        impl<T: ?Sized> $none<T> for Probe<T> {}
        $(#[$of])*
        impl<T: ?Sized + $($bound)*> Probe<T> {
            $(#[$doc])*
            pub const $name: Option<$t> = Some($some);
        }
    )*};
}

probes! {
    NoToken:
        /// How its content is hashed, as a `Token`.
        TOKEN: TokenFn<T> = [Token] crate::base::token::token_argument::<T>;
    NoHash:
        /// How its content is hashed, by `Hash`.
        HASH: TokenFn<T> = [std::hash::Hash] crate::base::token::token_hash::<T>;
    #[cfg(feature = "serde")]
    NoSer:
        /// How its content is hashed, by `Serialize`.
        SER: TokenFn<T> = [serde::Serialize] crate::base::token::token_serde::<T>;
    NoShow:
        /// How it is shown, by `Debug`.
        SHOW: ShowFn<T> = [fmt::Debug] <T as fmt::Debug>::fmt;
}

/// The answer where `T` is no `Footprint`.
pub trait NoFootprint<T: ?Sized> {
    /// How much memory it owns.
    const FOOTPRINT: Option<fn(&T) -> usize> = None;
    /// Whether it never owns any.
    const FLAT: bool = false;
}
impl<T: ?Sized> NoFootprint<T> for Probe<T> {}
impl<T: ?Sized + Footprint> Probe<T> {
    /// How much memory it owns.
    pub const FOOTPRINT: Option<fn(&T) -> usize> = Some(<T as Footprint>::footprint);
    /// Whether it never owns any.
    pub const FLAT: bool = <T as Footprint>::FLAT;
}

/// The footprint of a result, where its type has one. Of any type: that it may be a result is checked once, elsewhere.
pub fn footprint_of<T: 'static>(
    result: &dyn std::any::Any,
    measure: Option<fn(&T) -> usize>,
) -> Option<usize> {
    Some(measure?(result.downcast_ref::<T>()?))
}

/// Leaves an argument out of the key.
pub const fn skip<T: ?Sized>() -> Option<TokenFn<T>> {
    fn nothing<T: ?Sized>(_: &T, _: &mut Hasher128) {}
    Some(nothing::<T>)
}

/// The answer where a type is no `Result`.
pub trait NotResult {
    /// Whether it is one.
    const IS_RESULT: bool = false;
}
impl<T> NotResult for Probe<T> {}
impl<T, E> Probe<Result<T, E>> {
    /// Whether it is one.
    pub const IS_RESULT: bool = true;
}
