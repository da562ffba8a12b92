//! Arguments by value: for a parameter `x: T`.

use super::arg::{Arg, Exact, GenericParam, NotDelayed, ParamMode, TypeParam};
use super::parts::{Assembled, SharedOf, SomeOf};
use super::rows::{all, of_list, of_one};
use crate::delayed::{Delayed, Handle, Seal};
use crate::task::{Val, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl<T: Value> Arg<T, Exact> for T {
    const SEAL: Seal = Seal;
    #[inline]
    fn into_operand(self) -> Val<T> {
        Val::literal(self)
    }
}

impl<T: Value + NotDelayed> Arg<T, GenericParam> for T {
    const SEAL: Seal = Seal;
    #[inline]
    fn into_operand(self) -> Val<T> {
        Val::literal(self)
    }
}

impl<T: Value + NotDelayed> Arg<T, TypeParam> for T {
    const SEAL: Seal = Seal;
    #[inline]
    fn into_operand(self) -> Val<T> {
        Val::literal(self)
    }
}

macro_rules! by_value {
    ($([$($g:tt)*] $p:ty, $m:ty: $from:ty => |$x:ident| $e:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> Arg<$p, $m> for $from {
            const SEAL: Seal = Seal;
            #[inline]
            fn into_operand(self) -> Val<$p> {
                let $x = self;
                $e
            }
        }
    )*};
}

of_one! { by_value:
    [T: Value, M: ParamMode] T, M: of T => |x| Val::from_node(x.node);
    // an `Arc<T>` parameter shares a delayed `T`, without a clone
    [T: Value] Arc<T>, Exact: of T => |x| Val::from_parts(SharedOf(x));
    // `Some` is implied for an `Option` parameter (and `None` still infers)
    [T: Value + Clone] Option<T>, Exact: of T => |x| Val::from_parts(SomeOf(x));
}

of_list! { by_value:
    [T: Value + Clone, M: ParamMode] Vec<T>, M: of T => |x| Val::from_parts(Assembled(x));
}

by_value! {
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
    [T: Value + NotDelayed, const N: usize] Vec<T>, GenericParam: [T; N] => |x| Val::literal(Vec::from(x));
    // `Some` is implied
    [T: Value] Option<T>, Exact: T => |x| Val::literal(Some(x));
    [] Option<String>, Exact: &str => |x| Val::literal(Some(x.to_owned()));
    // other collections of delayed values
    [T: Value + Clone, M: ParamMode] Vec<Vec<T>>, M: Vec<Vec<Delayed<T>>> => |x| Val::from_parts(Assembled(x));
    [T: Value + Clone, M: ParamMode, const N: usize] [T; N], M: [Delayed<T>; N] => |x| Val::from_parts(Assembled(x));
    [K: Value + Clone + Eq + Hash, V: Value + Clone, M: ParamMode] HashMap<K, V>, M: HashMap<K, Delayed<V>> => |x| Val::from_parts(Assembled(x));
    [K: Value + Clone + Ord + Hash, V: Value + Clone, M: ParamMode] BTreeMap<K, V>, M: BTreeMap<K, Delayed<V>> => |x| Val::from_parts(Assembled(x));
    [A: Value + Clone, B: Value + Clone, M: ParamMode] (A, B), M: (Delayed<A>, Delayed<B>) => |x| Val::from_parts(Assembled(x));
    [A: Value + Clone, B: Value + Clone, C: Value + Clone, M: ParamMode] (A, B, C), M: (Delayed<A>, Delayed<B>, Delayed<C>) => |x| Val::from_parts(Assembled(x));
}
