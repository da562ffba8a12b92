//! The traits that overload a constructor's arguments. Their impls stand in the files beside this one.

use crate::delayed::Seal;
use crate::task::{Lend, Many, Val};
use std::panic::RefUnwindSafe;

/// An argument for a parameter declared as `P`: a plain value, a delayed one, or a collection of them.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used for a `#[delayed]` parameter of type `{P}`",
    label = "expected `{P}`, or a `Delayed` value or a `Handle` of that type"
)]
pub trait Arg<P, Mode = Exact> {
    #[doc(hidden)]
    const SEAL: Seal;
    #[doc(hidden)]
    fn into_operand(self) -> Val<P>;
}

/// An argument for a parameter declared as `&Q`: it is lent to the task, never cloned.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to a `#[delayed]` parameter of type `&{Q}`",
    label = "expected an owner of `{Q}`, or a `Delayed` or a `Handle` of one",
    note = "a graph owns its inputs: pass the value itself (`x`, `x.clone()`, `Arc`), or a `Delayed`, a `Handle`, or a reference to one; to borrow local data use `lazygraph::scope`"
)]
pub trait ArgRef<Q: ?Sized, Mode = Exact> {
    #[doc(hidden)]
    const SEAL: Seal;
    #[doc(hidden)]
    fn into_operand(self) -> Lend<Q>;
}

/// An argument for a parameter declared as `&[&Q]`: many values, each lent, none cloned.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to a `#[delayed]` parameter of type `&[&{Q}]`",
    label = "expected a list of `{Q}`, or of `Delayed` ones or `Handle`s"
)]
pub trait ArgRefs<Q: ?Sized, Mode = Exact> {
    #[doc(hidden)]
    const SEAL: Seal;
    #[doc(hidden)]
    fn into_operand(self) -> Many<Q>;
}

/// An argument for a by-value parameter whose type *is* a type parameter.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` must be wrapped to be a generic argument: `value(..)`",
    label = "this parameter's type is a type parameter, where a plain `{Self}` cannot be told from a delayed one",
    note = "types that hold a trait object (`dyn Trait`) or a `Delayed` need `value(..)` here; everything must be `Send + Sync + 'static`"
)]
pub trait ArgAny<T> {
    #[doc(hidden)]
    const SEAL: Seal;
    #[doc(hidden)]
    fn into_operand(self) -> Val<T>;
}

#[diagnostic::do_not_recommend]
impl<T, A: Arg<T, TypeParam>> ArgAny<T> for A {
    const SEAL: Seal = Seal;
    #[inline]
    fn into_operand(self) -> Val<T> {
        Arg::<T, TypeParam>::into_operand(self)
    }
}

/// The parameter's type is known where the function is written.
#[derive(Debug)]
pub enum Exact {}
/// The parameter's type mentions a type parameter (`Vec<T>`, `&[T]`).
#[derive(Debug)]
pub enum GenericParam {}
/// The parameter's type *is* a type parameter (`T`, `&T`).
#[derive(Debug)]
pub enum TypeParam {}
/// The parameter is a `&dyn Trait`.
#[derive(Debug)]
pub enum TraitObject {}

/// How much of a parameter's type is known where the function is written.
pub trait ParamMode {
    #[doc(hidden)]
    const SEAL: Seal;
}
impl ParamMode for Exact {
    const SEAL: Seal = Seal;
}
impl ParamMode for GenericParam {
    const SEAL: Seal = Seal;
}
impl ParamMode for TypeParam {
    const SEAL: Seal = Seal;
}

/// Everything that is not, and does not hold, a `Delayed`: stable Rust's stand-in for a negative bound.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed plainly to a parameter whose type is generic",
    label = "wrap it: `value(..)`",
    note = "where the parameter's type is itself a type parameter, the compiler could not tell a plain `{Self}` from a delayed one"
)]
pub trait NotDelayed {
    #[doc(hidden)]
    const SEAL: Seal;
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + RefUnwindSafe> NotDelayed for T {
    const SEAL: Seal = Seal;
}
