//! Any nesting of delayed values, as one.

use super::Delayed;
use crate::base::token::{Hasher128, StdHasher};
use crate::task::operand::{Operand, Parts};
use crate::task::{
    Describe, Frame, Function, Input, Inputs, Purity, TaskSpec, Use, Val, Value, call_node,
};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

/// Any nesting of [`Delayed`] in tuples, `Vec`s, slices, arrays, `Option`s and maps.
///
/// What [`compute`](crate::compute()), [`join`] and [`Plan::new`](crate::Plan::new) take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Delayed` (nor a tuple, `Vec`, array, `Option` or map of them)",
    label = "nothing to compute in `{Self}`",
    note = "plain values go in as `value(x)`"
)]
pub trait Join {
    /// The same nesting, of values.
    type Out: Value;
    /// The same nesting, owned.
    type Owned: Join<Out = Self::Out> + Value;

    #[doc(hidden)]
    fn to_owned_join(&self) -> Self::Owned;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs);
    #[doc(hidden)]
    fn assemble(&self, frame: &Frame<'_>) -> Self::Out;
    /// Hashes the shape, and the key of each node with it.
    #[doc(hidden)]
    fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128);
    /// How many nodes are in it.
    #[doc(hidden)]
    fn nodes(&self) -> usize;
}

/// Describes a nesting as an argument.
pub(super) fn describe(nesting: &(impl Join + ?Sized), to: &mut Describe<'_>) {
    to.parts(nesting.nodes(), |hasher, next| nesting.shape(hasher, next));
}

impl<T: Value + Clone> Join for Delayed<T> {
    type Out = T;
    type Owned = Delayed<T>;

    fn to_owned_join(&self) -> Delayed<T> {
        self.clone()
    }
    #[inline]
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs) {
        inputs.push(Input::new(&self.node, Use::Value));
    }
    #[inline]
    fn assemble(&self, frame: &Frame<'_>) -> T {
        frame.take()
    }
    fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128) {
        hasher.u128(next());
    }
    fn nodes(&self) -> usize {
        1
    }
}

impl<J: Join + ?Sized> Join for &J {
    type Out = J::Out;
    type Owned = J::Owned;

    fn to_owned_join(&self) -> J::Owned {
        (**self).to_owned_join()
    }
    #[inline]
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs) {
        (**self).visit(inputs);
    }
    #[inline]
    fn assemble(&self, frame: &Frame<'_>) -> J::Out {
        (**self).assemble(frame)
    }
    fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128) {
        (**self).shape(hasher, next);
    }
    fn nodes(&self) -> usize {
        (**self).nodes()
    }
}

/// The nestings whose parts are reached by an iterator of their own.
macro_rules! sequences {
    ($([$($g:tt)*] $t:ty => $out:ty, $owned:ty, |$s:ident| $iter:expr, $collect:expr, $own:expr;)*) => {$(
        impl<$($g)*> Join for $t {
            type Out = $out;
            type Owned = $owned;

            fn to_owned_join(&self) -> Self::Owned {
                let $s = self;
                $own
            }
            #[allow(private_interfaces)]
            fn visit(&self, inputs: &mut Inputs) {
                let $s = self;
                for part in $iter {
                    part.visit(inputs);
                }
            }
            fn assemble(&self, frame: &Frame<'_>) -> Self::Out {
                let $s = self;
                ($collect)(frame)
            }
            fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128) {
                let $s = self;
                hasher.u64($iter.count() as u64);
                for part in $iter {
                    part.shape(hasher, next);
                }
            }
            fn nodes(&self) -> usize {
                let $s = self;
                $iter.map(|part| part.nodes()).sum()
            }
        }
    )*};
}

sequences! {
    [J: Join] [J] => Vec<J::Out>, Vec<J::Owned>, |s| s.iter(),
        |f: &Frame<'_>| s.iter().map(|x| x.assemble(f)).collect(), s.iter().map(J::to_owned_join).collect();
    [J: Join] Vec<J> => Vec<J::Out>, Vec<J::Owned>, |s| s.iter(),
        |f: &Frame<'_>| s.iter().map(|x| x.assemble(f)).collect(), s.iter().map(J::to_owned_join).collect();
    [J: Join, const N: usize] [J; N] => [J::Out; N], [J::Owned; N], |s| s.iter(),
        |f: &Frame<'_>| std::array::from_fn(|i| s[i].assemble(f)), std::array::from_fn(|i| s[i].to_owned_join());
    [J: Join] Option<J> => Option<J::Out>, Option<J::Owned>, |s| s.iter(),
        |f: &Frame<'_>| s.as_ref().map(|x| x.assemble(f)), s.as_ref().map(J::to_owned_join);
}

/// Maps: equal ones agree in their key, whatever order their entries are kept in. The parts are walked in the
/// order that `$entries` gives.
macro_rules! maps {
    ($($map:ident [$($k:tt)*] $entries:expr;)*) => {$(
        impl<K: Value + Clone + Hash + $($k)*, J: Join> Join for $map<K, J> {
            type Out = $map<K, J::Out>;
            type Owned = $map<K, J::Owned>;

            fn to_owned_join(&self) -> Self::Owned {
                self.iter().map(|(k, x)| (k.clone(), x.to_owned_join())).collect()
            }
            #[allow(private_interfaces)]
            fn visit(&self, inputs: &mut Inputs) {
                for (_, part) in $entries(self) {
                    part.visit(inputs);
                }
            }
            fn assemble(&self, frame: &Frame<'_>) -> Self::Out {
                $entries(self).into_iter().map(|(k, x)| (k.clone(), x.assemble(frame))).collect()
            }
            fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128) {
                hasher.unordered($entries(self), |(k, x), entry| {
                    k.hash(&mut StdHasher::new(entry));
                    x.shape(entry, next);
                });
            }
            fn nodes(&self) -> usize {
                self.values().map(J::nodes).sum()
            }
        }
    )*};
}

maps! { HashMap [Eq] by_hash; BTreeMap [Ord] BTreeMap::iter; }

/// The entries of a hash map in an order that is the same in every process: by the content of their keys.
fn by_hash<K: Hash, J>(map: &HashMap<K, J>) -> Vec<(&K, &J)> {
    let mut entries: Vec<(u128, (&K, &J))> = map
        .iter()
        .map(|(k, x)| {
            let mut hasher = Hasher128::new(0);
            k.hash(&mut StdHasher::new(&mut hasher));
            (hasher.finish(), (k, x))
        })
        .collect();
    entries.sort_by_key(|(hash, _)| *hash);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

macro_rules! tuples {
    ($($n:ident $i:tt),*) => {
        impl<$($n: Join),*> Join for ($($n,)*) {
            type Out = ($($n::Out,)*);
            type Owned = ($($n::Owned,)*);

            #[allow(clippy::unused_unit)]
            fn to_owned_join(&self) -> Self::Owned {
                ($(self.$i.to_owned_join(),)*)
            }
            #[inline]
            #[allow(private_interfaces, unused_variables)]
            fn visit(&self, inputs: &mut Inputs) {
                $(self.$i.visit(inputs);)*
            }
            #[inline]
            #[allow(unused_variables, clippy::unused_unit)]
            fn assemble(&self, frame: &Frame<'_>) -> Self::Out {
                ($(self.$i.assemble(frame),)*)
            }
            #[allow(unused_variables)]
            fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128) {
                $(self.$i.shape(hasher, next);)*
            }
            fn nodes(&self) -> usize {
                0 $(+ self.$i.nodes())*
            }
        }
    };
}

tuples!();
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);

// ------------------------------------------------------------------ nestings as arguments

/// A nesting as a by-value argument.
pub(super) struct Joined<J>(pub(super) J);

impl<J: Join + Value> Parts<J::Out> for Joined<J> {
    fn visit(&self, inputs: &mut Inputs) {
        self.0.visit(inputs);
    }
    fn assemble(&self, frame: &Frame<'_>) -> J::Out {
        self.0.assemble(frame)
    }
    fn describe(&self, to: &mut Describe<'_>) {
        describe(&self.0, to);
    }
}

/// A delayed `T` for an `Option<T>` parameter.
pub(super) struct SomeOf<T>(pub(super) Delayed<T>);

impl<T: Value + Clone> Parts<Option<T>> for SomeOf<T> {
    fn visit(&self, inputs: &mut Inputs) {
        self.0.visit(inputs);
    }
    fn assemble(&self, frame: &Frame<'_>) -> Option<T> {
        Some(frame.take())
    }
    fn describe(&self, to: &mut Describe<'_>) {
        to.input();
    }
}

/// A delayed `T` for an `Arc<T>` parameter.
pub(super) struct SharedOf<T>(pub(super) Delayed<T>);

impl<T: Value> Parts<Arc<T>> for SharedOf<T> {
    fn visit(&self, inputs: &mut Inputs) {
        inputs.push(Input::new(&self.0.node, Use::Shared));
    }
    fn assemble(&self, frame: &Frame<'_>) -> Arc<T> {
        frame.arc()
    }
    fn describe(&self, to: &mut Describe<'_>) {
        to.input();
    }
}

// ------------------------------------------------------------------ join, collect, sum, checkpoint

struct JoinFn;
impl Function for JoinFn {
    const SPEC: TaskSpec = TaskSpec::structural("join", Purity::Structural);
}

/// One delayed value from a nesting of them: for arguments that no parameter takes as they are, and for results.
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let both = join((vec![inc(1), inc(2)], Some(inc(3))));
/// assert_eq!(both.compute()?, (vec![2, 3], Some(4)));
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn join<J: Join>(nesting: J) -> Delayed<J::Out>
where
    J::Out: Clone,
{
    let nesting = Val::from_parts(Joined(nesting.to_owned_join()));
    Delayed::from_node(call_node::<JoinFn, J::Out, _, _, _>(
        (nesting, ()),
        |ops, f| Ok(ops.0.take(f)),
        |ops, to| to.value(&ops.0, crate::task::ParamInfo::OPAQUE),
    ))
}

struct Collect;
impl Function for Collect {
    const SPEC: TaskSpec = TaskSpec::structural("collect", Purity::Structural);
}

/// The nodes of an iterator, as one operand.
struct List<T>(Box<[Delayed<T>]>);

impl<T: Value> Operand for List<T> {
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs) {
        inputs.extend(self.0.iter().map(|d| Input::new(&d.node, Use::Value)));
    }
}

impl<T: Value> List<T> {
    fn describe(&self, to: &mut Describe<'_>) {
        let n = self.0.len();
        to.parts(n, |hasher, next| {
            hasher.u64(n as u64);
            for _ in 0..n {
                hasher.u128(next());
            }
        });
    }
}

/// `iter.collect::<Delayed<Vec<T>>>()`, and any other collection.
impl<T: Value + Clone, C: FromIterator<T> + Value> FromIterator<Delayed<T>> for Delayed<C> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = Delayed<T>>>(iter: I) -> Self {
        let list = List(iter.into_iter().collect());
        Delayed::from_node(call_node::<Collect, C, _, _, _>(
            (list, ()),
            |ops, f| Ok(ops.0.0.iter().map(|_| f.take::<T>()).collect()),
            |ops, to| ops.0.describe(to),
        ))
    }
}

struct SumFn;
impl Function for SumFn {
    const SPEC: TaskSpec = TaskSpec::structural("sum", Purity::Structural);
}

/// `iter.sum::<Delayed<T>>()`.
impl<T: Value + Clone + std::iter::Sum> std::iter::Sum<Delayed<T>> for Delayed<T> {
    #[track_caller]
    fn sum<I: Iterator<Item = Delayed<T>>>(iter: I) -> Self {
        let list = List(iter.collect());
        Delayed::from_node(call_node::<SumFn, T, _, _, _>(
            (list, ()),
            |ops, f| Ok(ops.0.0.iter().map(|_| f.take::<T>()).sum()),
            |ops, to| ops.0.describe(to),
        ))
    }
}

struct ProductFn;
impl Function for ProductFn {
    const SPEC: TaskSpec = TaskSpec::structural("product", Purity::Structural);
}

/// `iter.product::<Delayed<T>>()`.
impl<T: Value + Clone + std::iter::Product> std::iter::Product<Delayed<T>> for Delayed<T> {
    #[track_caller]
    fn product<I: Iterator<Item = Delayed<T>>>(iter: I) -> Self {
        let list = List(iter.collect());
        Delayed::from_node(call_node::<ProductFn, T, _, _, _>(
            (list, ()),
            |ops, f| Ok(ops.0.0.iter().map(|_| f.take::<T>()).product()),
            |ops, to| ops.0.describe(to),
        ))
    }
}

struct CheckpointFn;
impl Function for CheckpointFn {
    const SPEC: TaskSpec = TaskSpec::structural("checkpoint", Purity::Structural);
}

/// What must be done, its values unused.
struct Awaited<J>(J);

impl<J: Join + Value> Operand for Awaited<J> {
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs) {
        let from = inputs.len();
        self.0.visit(inputs);
        for input in &mut inputs[from..] {
            *input = input.only_order();
        }
    }
}

/// A `Delayed<()>` that is done when everything in `nesting` is; it holds none of the values.
///
/// For work that is done for its effect: give it to [`Delayed::after`], or compute it.
///
/// # Examples
/// ```
/// use lazygraph::{checkpoint, prelude::*};
///
/// #[delayed]
/// fn write(part: usize) { let _ = part; }
/// #[delayed]
/// fn publish() -> &'static str { "done" }
///
/// let written = checkpoint((0..3).map(write).collect::<Vec<_>>());
/// assert_eq!(publish().after(&written).compute()?, "done");
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn checkpoint<J: Join>(nesting: J) -> Delayed<()> {
    Delayed::from_node(call_node::<CheckpointFn, (), _, _, _>(
        (Awaited(nesting.to_owned_join()), ()),
        |_, _| Ok(()),
        |ops, to| describe(&ops.0.0, to),
    ))
}
