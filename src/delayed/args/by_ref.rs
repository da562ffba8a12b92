//! Arguments by reference: for a parameter `x: &T`, `&[T]`, `&str`, `&Path` or `&dyn Trait`.

use super::arg::{ArgRef, Exact, GenericParam, NotDelayed, ParamMode, TraitObject, TypeParam};
use super::lend::{
    Gathered, Listed, Pointed, PointedOf, Same, SameOf, UnsizedOf, Viewed, ViewedOf, of,
};
use super::rows::{all, of_list, of_one};
use crate::delayed::{Delayed, Handle, Seal};
use crate::task::{Lend, Value, View};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl<T: Value> ArgRef<T, Exact> for T {
    const SEAL: Seal = Seal;
    #[inline]
    fn into_operand(self) -> Lend<T> {
        Lend::new(Same(self))
    }
}

impl<T: Value + NotDelayed> ArgRef<T, GenericParam> for T {
    const SEAL: Seal = Seal;
    #[inline]
    fn into_operand(self) -> Lend<T> {
        Lend::new(Same(self))
    }
}

impl<T: Value + NotDelayed> ArgRef<T, TypeParam> for T {
    const SEAL: Seal = Seal;
    #[inline]
    fn into_operand(self) -> Lend<T> {
        Lend::new(Same(self))
    }
}

macro_rules! by_reference {
    ($([$($g:tt)*] $q:ty, $m:ty: $from:ty $(where $of:ty: $bound:path)? => |$x:ident| $e:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> ArgRef<$q, $m> for $from
        $(where $of: $bound)?
        {
            const SEAL: Seal = Seal;
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                let $x = self;
                Lend::new($e)
            }
        }
    )*};
}

// ------------------------------------------------------------------ sized: P = &T

of_one! { by_reference:
    [T: Value, M: ParamMode] T, M: of T => |x| SameOf(x.node, of::<T>());
}

of_list! { by_reference:
    [T: Value + Clone] Vec<T>, Exact: of T => |x| Gathered(x);
}

by_reference! {
    [T: Value] T, Exact: Arc<T> => |x| Pointed(x);
}

// ------------------------------------------------------------------ unsized: P = &[T], &str, &Path

/// A delayed value of any type that can be viewed. Of all rows the compiler recommends these alone.
macro_rules! viewed {
    ($([$($g:tt)*] $q:ty;)*) => {$(
        viewed!(@ [$($g)*] $q, Exact);
        viewed!(@ [$($g)*] $q, GenericParam);
    )*};
    (@ [$($g:tt)*] $q:ty, $m:ty) => {
        impl<$($g)* S: Value + View<$q>> ArgRef<$q, $m> for Delayed<S> {
            const SEAL: Seal = Seal;
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                Lend::new(ViewedOf(self.node, of::<S>()))
            }
        }
        impl<$($g)* S: Value + View<$q>> ArgRef<$q, $m> for &Delayed<S> {
            const SEAL: Seal = Seal;
            #[inline]
            fn into_operand(self) -> Lend<$q> {
                Lend::new(ViewedOf(self.node.clone(), of::<S>()))
            }
        }
        by_reference! {
            [$($g)* S: Value + View<$q>] $q, $m: Handle<S> => |x| ViewedOf(x.to_delayed().node, of::<S>());
            [$($g)* S: Value + View<$q>] $q, $m: &Handle<S> => |x| ViewedOf(x.to_delayed().node, of::<S>());
        }
    };
}

viewed! { [T: Value,] [T]; [] str; [] Path; }

of_list! { by_reference:
    [T: Value + Clone, M: ParamMode] [T], M: of T => |x| Listed::of(x);
}

by_reference! {
    // what a scope borrows
    [T: Value, M: ParamMode] [T], M: Delayed<[T]> => |x| UnsizedOf(x.node, of::<[T]>());
    [T: Value, M: ParamMode] [T], M: &Delayed<[T]> => |x| UnsizedOf(x.node.clone(), of::<[T]>());
    [] str, Exact: Delayed<str> => |x| UnsizedOf(x.node, of::<str>());
    [] str, Exact: &Delayed<str> => |x| UnsizedOf(x.node.clone(), of::<str>());
    [] Path, Exact: Delayed<Path> => |x| UnsizedOf(x.node, of::<Path>());
    [] Path, Exact: &Delayed<Path> => |x| UnsizedOf(x.node.clone(), of::<Path>());
    // plain owners
    [T: Value] [T], Exact: Vec<T> => |x| Viewed(x);
    [T: Value] [T], Exact: Box<[T]> => |x| Viewed(x);
    [T: Value] [T], Exact: Arc<[T]> => |x| Viewed(x);
    [T: Value] [T], Exact: Arc<Vec<T>> => |x| Viewed(x);
    [T: Value, const N: usize] [T], Exact: [T; N] => |x| Viewed(Vec::from(x));
    [T: Value + Clone, const N: usize] [T], Exact: &[T; N] => |x| Viewed(x.to_vec());
    [T: Value + NotDelayed] [T], GenericParam: Vec<T> => |x| Viewed(x);
    [T: Value + NotDelayed] [T], GenericParam: Box<[T]> => |x| Viewed(x);
    [T: Value + NotDelayed] [T], GenericParam: Arc<[T]> => |x| Viewed(x);
    [T: Value + NotDelayed] [T], GenericParam: Arc<Vec<T>> => |x| Viewed(x);
    [T: Value + NotDelayed, const N: usize] [T], GenericParam: [T; N] => |x| Viewed(Vec::from(x));
    [] str, Exact: String => |x| Viewed(x);
    [] str, Exact: Arc<str> => |x| Viewed(x);
    [] str, Exact: Box<str> => |x| Viewed(x);
    [] Path, Exact: PathBuf => |x| Viewed(x);
    [] Path, Exact: String => |x| Viewed(x);
    [] Path, Exact: OsString => |x| Viewed(x);
    // short borrowed text is copied
    [] str, Exact: &str => |x| Viewed(x.to_owned());
    [] str, Exact: &String => |x| Viewed(x.clone());
    [] Path, Exact: &str => |x| Viewed(PathBuf::from(x));
    [] Path, Exact: &Path => |x| Viewed(x.to_owned());
    [] Path, Exact: &PathBuf => |x| Viewed(x.clone());
    [] Path, Exact: &String => |x| Viewed(PathBuf::from(x));
}

// ------------------------------------------------------------------ `&dyn Trait`

macro_rules! trait_objects {
    ($($pointer:ident)*) => {
        by_reference! {$(
            [Q: ?Sized + 'static] Q, TraitObject: $pointer<Q> where $pointer<Q>: Value => |x| Pointed(x);
            [Q: ?Sized + 'static] Q, TraitObject: Delayed<$pointer<Q>> where $pointer<Q>: Value => |x| PointedOf(x.node, of::<$pointer<Q>>());
            [Q: ?Sized + 'static] Q, TraitObject: &Delayed<$pointer<Q>> where $pointer<Q>: Value => |x| PointedOf(x.node.clone(), of::<$pointer<Q>>());
        )*}
    };
}

trait_objects! { Box Arc }
