//! What may be passed for a parameter declared as `P`: the rows that overload a constructor's arguments.

use super::Delayed;
use super::handle::{Handle, all};
use super::join::{Join, Joined, SharedOf, SomeOf};
use super::lend::{
    Gathered, Listed, ManyOf, ManyPlain, Pointed, PointedOf, Same, SameOf, Seen, SeenOf, UnsizedOf,
    of,
};
use crate::task::{Lend, Many, Val, Value, View};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::hash::Hash;
use std::panic::RefUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An argument for a parameter declared as `P`: a plain value, a [`Delayed`] one, or a collection of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used for a `#[delayed]` parameter of type `{P}`",
    label = "expected `{P}`, or a `Delayed` value or a `Handle` of that type"
)]
pub trait Arg<P, Mode = Exact> {
    #[doc(hidden)]
    fn into_operand(self) -> Val<P>;
}

/// An argument for a parameter declared as `&Q`: it is lent to the task, never cloned.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to a `#[delayed]` parameter of type `&{Q}`",
    label = "expected an owner of `{Q}`, or a `Delayed` or a `Handle` of one",
    note = "a graph owns its inputs: pass the value itself (`x`, `x.clone()`, `Arc`), or a `Delayed`, a `Handle`, or a reference to one; to borrow local data use `lazygraph::scope`"
)]
pub trait ArgRef<Q: ?Sized, Mode = Exact> {
    #[doc(hidden)]
    fn into_operand(self) -> Lend<Q>;
}

/// An argument for a parameter declared as `&[&Q]`: many values, each lent, none cloned.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to a `#[delayed]` parameter of type `&[&{Q}]`",
    label = "expected a list of `{Q}`, or of `Delayed` ones or `Handle`s"
)]
pub trait ArgRefs<Q: ?Sized, Mode = Exact> {
    #[doc(hidden)]
    fn into_operand(self) -> Many<Q>;
}

/// An argument for a by-value parameter whose type *is* a type parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` must be wrapped to be a generic argument: `value(..)`",
    label = "this parameter's type is a type parameter, where a plain `{Self}` cannot be told from a delayed one",
    note = "types that hold a trait object (`dyn Trait`) or a `Delayed` need `value(..)` here; everything must be `Send + Sync + 'static`"
)]
pub trait ArgAny<T> {
    #[doc(hidden)]
    fn into_operand(self) -> Val<T>;
}

#[diagnostic::do_not_recommend]
impl<T, A: Arg<T, Any_>> ArgAny<T> for A {
    #[inline]
    fn into_operand(self) -> Val<T> {
        Arg::<T, Any_>::into_operand(self)
    }
}

/// The parameter's type is known where the function is written.
#[derive(Debug)]
pub enum Exact {}
/// The parameter's type mentions a type parameter (`Vec<T>`, `&[T]`).
#[derive(Debug)]
pub enum Gen {}
/// The parameter's type *is* a type parameter (`T`, `&T`).
#[derive(Debug)]
pub enum Any_ {}
/// The parameter is a `&dyn Trait`.
#[derive(Debug)]
pub enum DynM {}

/// How much of a parameter's type is known where the function is written.
pub trait Mode {}
impl Mode for Exact {}
impl Mode for Gen {}
impl Mode for Any_ {}

/// Everything that is not, and does not hold, a `Delayed`: stable Rust's stand-in for a negative bound.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed plainly to a parameter whose type is generic",
    label = "wrap it: `value(..)`",
    note = "where the parameter's type is itself a type parameter, the compiler could not tell a plain `{Self}` from a delayed one"
)]
pub trait NotDelayed {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + RefUnwindSafe> NotDelayed for T {}

/// Whether a plain argument may go to a pure function; `K == false`: only graph values will do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no content key, so it cannot be a plain argument of a `#[delayed(pure)]` function",
    label = "no content key for `{Self}`",
    note = "add `#[derive(lazygraph::Token)]` to `{Self}`, or say on the parameter how to key it: `#[key(hash)]`, `#[key(serde)]`, `#[key(identity)]`, `#[key(skip)]`",
    note = "or pass `value(x)`: it is then keyed by identity, and shared only through clones of that handle"
)]
pub trait Keyed<const K: bool> {}

#[diagnostic::do_not_recommend]
impl<A> Keyed<true> for A {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Keyed<false> for Delayed<T> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Keyed<false> for &Delayed<T> {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for Vec<Delayed<T>> {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for &[Delayed<T>] {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for &Vec<Delayed<T>> {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for Option<Delayed<T>> {}
#[diagnostic::do_not_recommend]
impl<T, const N: usize> Keyed<false> for [Delayed<T>; N] {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for Handle<T> {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for &Handle<T> {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for Vec<Handle<T>> {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for &[Handle<T>] {}
#[diagnostic::do_not_recommend]
impl<T> Keyed<false> for &Vec<Handle<T>> {}
#[diagnostic::do_not_recommend]
impl<T, const N: usize> Keyed<false> for [Handle<T>; N] {}

// ------------------------------------------------------------------ by value: P = T

impl<T: Value> Arg<T, Exact> for T {
    #[inline]
    fn into_operand(self) -> Val<T> {
        Val::literal(self)
    }
}

impl<T: Value + NotDelayed> Arg<T, Gen> for T {
    #[inline]
    fn into_operand(self) -> Val<T> {
        Val::literal(self)
    }
}

impl<T: Value + NotDelayed> Arg<T, Any_> for T {
    #[inline]
    fn into_operand(self) -> Val<T> {
        Val::literal(self)
    }
}

macro_rules! by_value {
    ($([$($g:tt)*] $p:ty, $m:ty: $from:ty => |$x:ident| $e:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> Arg<$p, $m> for $from {
            #[inline]
            fn into_operand(self) -> Val<$p> {
                let $x = self;
                $e
            }
        }
    )*};
}

by_value! {
    [T: Value, M: Mode] T, M: Delayed<T> => |x| Val::from_node(x.node);
    [T: Value, M: Mode] T, M: &Delayed<T> => |x| Val::from_node(x.node.clone());
    // an `Arc<T>` parameter shares a delayed `T`, without a clone
    [T: Value] Arc<T>, Exact: Delayed<T> => |x| Val::from_parts(SharedOf(x));
    [T: Value] Arc<T>, Exact: &Delayed<T> => |x| Val::from_parts(SharedOf(x.clone()));
    // futures
    [T: Value, M: Mode] T, M: Handle<T> => |x| Val::from_node(x.to_delayed().node);
    [T: Value, M: Mode] T, M: &Handle<T> => |x| Val::from_node(x.to_delayed().node);
    [T: Value] Arc<T>, Exact: Handle<T> => |x| Val::from_parts(SharedOf(x.to_delayed()));
    [T: Value] Arc<T>, Exact: &Handle<T> => |x| Val::from_parts(SharedOf(x.to_delayed()));
    [T: Value + Clone] Option<T>, Exact: Handle<T> => |x| Val::from_parts(SomeOf(x.to_delayed()));
    [T: Value + Clone] Option<T>, Exact: &Handle<T> => |x| Val::from_parts(SomeOf(x.to_delayed()));
    [T: Value + Clone, M: Mode] Vec<T>, M: Vec<Handle<T>> => |x| Val::from_parts(Joined(all(&x)));
    [T: Value + Clone, M: Mode] Vec<T>, M: &[Handle<T>] => |x| Val::from_parts(Joined(all(x)));
    [T: Value + Clone, M: Mode] Vec<T>, M: &Vec<Handle<T>> => |x| Val::from_parts(Joined(all(x)));
    [T: Value + Clone, M: Mode, const N: usize] Vec<T>, M: [Handle<T>; N] => |x| Val::from_parts(Joined(all(&x)));
    // owned text from borrowed text
    [] String, Exact: &str => |x| Val::literal(x.to_owned());
    [] String, Exact: &String => |x| Val::literal(x.clone());
    [] String, Exact: Cow<'_, str> => |x| Val::literal(x.into_owned());
    [] PathBuf, Exact: &str => |x| Val::literal(x.into());
    [] PathBuf, Exact: String => |x| Val::literal(x.into());
    [] PathBuf, Exact: &Path => |x| Val::literal(x.to_owned());
    [] PathBuf, Exact: &PathBuf => |x| Val::literal(x.clone());
    [] Box<str>, Exact: &str => |x| Val::literal(x.into());
    [] Arc<str>, Exact: &str => |x| Val::literal(x.into());
    [] Cow<'static, str>, Exact: &str => |x| Val::literal(x.to_owned().into());
    // literal arrays for `Vec`
    [T: Value, const N: usize] Vec<T>, Exact: [T; N] => |x| Val::literal(Vec::from(x));
    [T: Value + NotDelayed, const N: usize] Vec<T>, Gen: [T; N] => |x| Val::literal(Vec::from(x));
    // `Some` is implied for an `Option` parameter (and `None` still infers)
    [T: Value] Option<T>, Exact: T => |x| Val::literal(Some(x));
    [T: Value + Clone] Option<T>, Exact: Delayed<T> => |x| Val::from_parts(SomeOf(x));
    [T: Value + Clone] Option<T>, Exact: &Delayed<T> => |x| Val::from_parts(SomeOf(x.clone()));
    [] Option<String>, Exact: &str => |x| Val::literal(Some(x.to_owned()));
    // collections of delayed values
    [T: Value + Clone, M: Mode] Vec<T>, M: Vec<Delayed<T>> => |x| Val::from_parts(Joined(x));
    [T: Value + Clone, M: Mode] Vec<T>, M: &[Delayed<T>] => |x| Val::from_parts(Joined(x.to_owned_join()));
    [T: Value + Clone, M: Mode] Vec<T>, M: &Vec<Delayed<T>> => |x| Val::from_parts(Joined(x.to_owned_join()));
    [T: Value + Clone, M: Mode, const N: usize] Vec<T>, M: [Delayed<T>; N] => |x| Val::from_parts(Joined(Vec::from(x)));
    [T: Value + Clone, M: Mode] Vec<Vec<T>>, M: Vec<Vec<Delayed<T>>> => |x| Val::from_parts(Joined(x));
    [T: Value + Clone, M: Mode, const N: usize] [T; N], M: [Delayed<T>; N] => |x| Val::from_parts(Joined(x));
    [K: Value + Clone + Eq + Hash, V: Value + Clone, M: Mode] HashMap<K, V>, M: HashMap<K, Delayed<V>> => |x| Val::from_parts(Joined(x));
    [K: Value + Clone + Ord + Hash, V: Value + Clone, M: Mode] BTreeMap<K, V>, M: BTreeMap<K, Delayed<V>> => |x| Val::from_parts(Joined(x));
    [A: Value + Clone, B: Value + Clone, M: Mode] (A, B), M: (Delayed<A>, Delayed<B>) => |x| Val::from_parts(Joined(x));
    [A: Value + Clone, B: Value + Clone, C: Value + Clone, M: Mode] (A, B, C), M: (Delayed<A>, Delayed<B>, Delayed<C>) => |x| Val::from_parts(Joined(x));
}

// ------------------------------------------------------------------ by reference, sized: P = &T

impl<T: Value> ArgRef<T, Exact> for T {
    #[inline]
    fn into_operand(self) -> Lend<T> {
        Lend::new(Same(self))
    }
}

impl<T: Value + NotDelayed> ArgRef<T, Gen> for T {
    #[inline]
    fn into_operand(self) -> Lend<T> {
        Lend::new(Same(self))
    }
}

impl<T: Value + NotDelayed> ArgRef<T, Any_> for T {
    #[inline]
    fn into_operand(self) -> Lend<T> {
        Lend::new(Same(self))
    }
}

macro_rules! by_reference {
    ($([$($g:tt)*] $q:ty, $m:ty: $from:ty => |$x:ident| $e:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> ArgRef<$q, $m> for $from {
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                let $x = self;
                Lend::new($e)
            }
        }
    )*};
}

by_reference! {
    [T: Value, M: Mode] T, M: Delayed<T> => |x| SameOf(x.node, of::<T>());
    [T: Value, M: Mode] T, M: &Delayed<T> => |x| SameOf(x.node.clone(), of::<T>());
    [T: Value, M: Mode] T, M: Handle<T> => |x| SameOf(x.to_delayed().node, of::<T>());
    [T: Value, M: Mode] T, M: &Handle<T> => |x| SameOf(x.to_delayed().node, of::<T>());
    [T: Value] T, Exact: Arc<T> => |x| Pointed(x);
    [T: Value + Clone] Vec<T>, Exact: Vec<Handle<T>> => |x| Gathered(all(&x));
    [T: Value + Clone] Vec<T>, Exact: &[Handle<T>] => |x| Gathered(all(x));
    [T: Value + Clone] Vec<T>, Exact: &Vec<Handle<T>> => |x| Gathered(all(x));
    [T: Value + Clone] Vec<T>, Exact: Vec<Delayed<T>> => |x| Gathered(x);
    [T: Value + Clone] Vec<T>, Exact: &[Delayed<T>] => |x| Gathered(x.to_owned_join());
    [T: Value + Clone] Vec<T>, Exact: &Vec<Delayed<T>> => |x| Gathered(x.to_owned_join());
}

// ------------------------------------------------------------------ by reference, unsized: P = &[T], &str, &Path

/// A delayed value of any type that can be viewed. Recommended by the compiler, unlike the other rows.
macro_rules! viewed {
    ($([$($g:tt)*] $q:ty;)*) => {$(
        viewed!(@ [$($g)*] $q, Exact);
        viewed!(@ [$($g)*] $q, Gen);
    )*};
    (@ [$($g:tt)*] $q:ty, $m:ty) => {
        impl<$($g)* S: Value + View<$q>> ArgRef<$q, $m> for Delayed<S> {
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                Lend::new(SeenOf(self.node, of::<S>()))
            }
        }
        impl<$($g)* S: Value + View<$q>> ArgRef<$q, $m> for &Delayed<S> {
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                Lend::new(SeenOf(self.node.clone(), of::<S>()))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<$($g)* S: Value + View<$q>> ArgRef<$q, $m> for Handle<S> {
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                Lend::new(SeenOf(self.to_delayed().node, of::<S>()))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<$($g)* S: Value + View<$q>> ArgRef<$q, $m> for &Handle<S> {
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                Lend::new(SeenOf(self.to_delayed().node, of::<S>()))
            }
        }
    };
}

viewed! { [T: Value,] [T]; [] str; [] Path; }

by_reference! {
    // what a scope borrows
    [T: Value, M: Mode] [T], M: Delayed<[T]> => |x| UnsizedOf(x.node, of::<[T]>());
    [T: Value, M: Mode] [T], M: &Delayed<[T]> => |x| UnsizedOf(x.node.clone(), of::<[T]>());
    [] str, Exact: Delayed<str> => |x| UnsizedOf(x.node, of::<str>());
    [] str, Exact: &Delayed<str> => |x| UnsizedOf(x.node.clone(), of::<str>());
    [] Path, Exact: Delayed<Path> => |x| UnsizedOf(x.node, of::<Path>());
    [] Path, Exact: &Delayed<Path> => |x| UnsizedOf(x.node.clone(), of::<Path>());
    // plain owners
    [T: Value] [T], Exact: Vec<T> => |x| Seen(x);
    [T: Value] [T], Exact: Box<[T]> => |x| Seen(x);
    [T: Value] [T], Exact: Arc<[T]> => |x| Seen(x);
    [T: Value] [T], Exact: Arc<Vec<T>> => |x| Seen(x);
    [T: Value, const N: usize] [T], Exact: [T; N] => |x| Seen(Vec::from(x));
    [T: Value + Clone, const N: usize] [T], Exact: &[T; N] => |x| Seen(x.to_vec());
    [T: Value + NotDelayed] [T], Gen: Vec<T> => |x| Seen(x);
    [T: Value + NotDelayed] [T], Gen: Box<[T]> => |x| Seen(x);
    [T: Value + NotDelayed] [T], Gen: Arc<[T]> => |x| Seen(x);
    [T: Value + NotDelayed] [T], Gen: Arc<Vec<T>> => |x| Seen(x);
    [T: Value + NotDelayed, const N: usize] [T], Gen: [T; N] => |x| Seen(Vec::from(x));
    [] str, Exact: String => |x| Seen(x);
    [] str, Exact: Arc<str> => |x| Seen(x);
    [] str, Exact: Box<str> => |x| Seen(x);
    [] Path, Exact: PathBuf => |x| Seen(x);
    [] Path, Exact: String => |x| Seen(x);
    [] Path, Exact: OsString => |x| Seen(x);
    // short borrowed text is copied
    [] str, Exact: &str => |x| Seen(x.to_owned());
    [] str, Exact: &String => |x| Seen(x.clone());
    [] Path, Exact: &str => |x| Seen(PathBuf::from(x));
    [] Path, Exact: &Path => |x| Seen(x.to_owned());
    [] Path, Exact: &PathBuf => |x| Seen(x.clone());
    [] Path, Exact: &String => |x| Seen(PathBuf::from(x));
    // collections of delayed values
    [T: Value + Clone, M: Mode] [T], M: Vec<Delayed<T>> => |x| Listed::of(x);
    [T: Value + Clone, M: Mode] [T], M: &[Delayed<T>] => |x| Listed::of(x.to_owned_join());
    [T: Value + Clone, M: Mode] [T], M: &Vec<Delayed<T>> => |x| Listed::of(x.to_owned_join());
    [T: Value + Clone, M: Mode, const N: usize] [T], M: [Delayed<T>; N] => |x| Listed::of(Vec::from(x));
    [T: Value + Clone, M: Mode] [T], M: Vec<Handle<T>> => |x| Listed::of(all(&x));
    [T: Value + Clone, M: Mode] [T], M: &[Handle<T>] => |x| Listed::of(all(x));
    [T: Value + Clone, M: Mode] [T], M: &Vec<Handle<T>> => |x| Listed::of(all(x));
    [T: Value + Clone, M: Mode, const N: usize] [T], M: [Handle<T>; N] => |x| Listed::of(all(&x));
}

// ------------------------------------------------------------------ `&dyn Trait`

macro_rules! trait_objects {
    ($($pointer:ident)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<Q: ?Sized + 'static> ArgRef<Q, DynM> for $pointer<Q>
        where
            $pointer<Q>: Value,
        {
            fn into_operand(self) -> Lend<Q> {
                Lend::new(Pointed(self))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<Q: ?Sized + 'static> ArgRef<Q, DynM> for Delayed<$pointer<Q>>
        where
            $pointer<Q>: Value,
        {
            fn into_operand(self) -> Lend<Q> {
                Lend::new(PointedOf(self.node, of::<$pointer<Q>>()))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<Q: ?Sized + 'static> ArgRef<Q, DynM> for &Delayed<$pointer<Q>>
        where
            $pointer<Q>: Value,
        {
            fn into_operand(self) -> Lend<Q> {
                Lend::new(PointedOf(self.node.clone(), of::<$pointer<Q>>()))
            }
        }
    )*};
}

trait_objects! { Box Arc }

// ------------------------------------------------------------------ many references: P = &[&T], &[&[T]], &[&str]

macro_rules! by_references {
    ($([$($g:tt)*] $q:ty, $m:ty: $from:ty => |$x:ident| $e:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> ArgRefs<$q, $m> for $from {
            fn into_operand(self) -> Many<$q> {
                let $x = self;
                Many::new($e)
            }
        }
    )*};
}

by_references! {
    [T: Value, M: Mode] T, M: Vec<Delayed<T>> => |x| ManyOf::same(x.into_iter().map(|d| d.node));
    [T: Value, M: Mode] T, M: &[Delayed<T>] => |x| ManyOf::same(x.iter().map(|d| d.node.clone()));
    [T: Value, M: Mode] T, M: &Vec<Delayed<T>> => |x| ManyOf::same(x.iter().map(|d| d.node.clone()));
    [T: Value, M: Mode, const N: usize] T, M: [Delayed<T>; N] => |x| ManyOf::same(x.into_iter().map(|d| d.node));
    [T: Value, M: Mode] T, M: Vec<Handle<T>> => |x| ManyOf::same(x.iter().map(|h| h.to_delayed().node));
    [T: Value, M: Mode] T, M: &[Handle<T>] => |x| ManyOf::same(x.iter().map(|h| h.to_delayed().node));
    [T: Value, M: Mode] T, M: &Vec<Handle<T>> => |x| ManyOf::same(x.iter().map(|h| h.to_delayed().node));
    [T: Value] T, Exact: Vec<T> => |x| ManyPlain(x);
}

macro_rules! many_viewed {
    ($([$($g:tt)*] $q:ty;)*) => {$(
        many_viewed!(@ [$($g)*] $q, Exact);
        many_viewed!(@ [$($g)*] $q, Gen);
    )*};
    (@ [$($g:tt)*] $q:ty, $m:ty) => {
        by_references! {
            [$($g)* S: Value + View<$q>] $q, $m: Vec<Delayed<S>> => |x| ManyOf::seen::<S>(x.into_iter().map(|d| d.node));
            [$($g)* S: Value + View<$q>] $q, $m: &[Delayed<S>] => |x| ManyOf::seen::<S>(x.iter().map(|d| d.node.clone()));
            [$($g)* S: Value + View<$q>] $q, $m: &Vec<Delayed<S>> => |x| ManyOf::seen::<S>(x.iter().map(|d| d.node.clone()));
            [$($g)* S: Value + View<$q>, const N: usize] $q, $m: [Delayed<S>; N] => |x| ManyOf::seen::<S>(x.into_iter().map(|d| d.node));
        }
    };
}

many_viewed! { [T: Value,] [T]; [] str; [] Path; }
