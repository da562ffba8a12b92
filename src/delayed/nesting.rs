//! Any nesting of delayed values, as one.

use super::{Delayed, Seal};
use crate::base::token::{Hasher128, StdHasher};
use crate::task::{
    Caller, Describe, DirectCalls, Frame, Input, Inputs, PendingResult, Use, Value, counted,
};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::hash::Hash;

/// Any nesting of [`Delayed`] in tuples, `Vec`s, slices, arrays, `Option`s and maps.
///
/// The argument of [`compute`](crate::compute()), [`join`](crate::join()) and [`Plan::new`](crate::Plan::new). This trait
/// is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Delayed` (nor a tuple, `Vec`, array, `Option` or map of them)",
    label = "nothing to compute in `{Self}`",
    note = "plain values go in as `value(x)`"
)]
pub trait Join {
    #[doc(hidden)]
    const SEAL: Seal;
    /// The same nesting, of values.
    type Out: Value;
    /// The same nesting, owned.
    type Owned: Join<Out = Self::Out> + Value;
    /// The same nesting, of results that have not been taken: they may be dropped, whatever they are.
    #[doc(hidden)]
    type Results;

    #[doc(hidden)]
    fn to_owned_join(&self) -> Self::Owned;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs);
    #[doc(hidden)]
    fn assemble(&self, frame: &Frame<'_>) -> Self::Out;
    /// Lists its nodes, in the order of `list_inputs`, if they are few, bare, and each there once.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn bare<'j>(&'j self, to: &mut DirectCalls<'j>) -> bool {
        let _ = to;
        false
    }
    /// Has its nodes called, in the order of `bare`.
    #[doc(hidden)]
    #[allow(private_bounds)]
    fn call<'j, C: Caller<'j>>(&'j self, by: &mut C) -> Option<Self::Results> {
        let _ = by;
        unreachable!("its nodes are not bare")
    }
    #[doc(hidden)]
    fn take(results: Self::Results) -> Self::Out;
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

/// The same of a list of that many nodes.
pub(super) fn describe_list(nodes: usize, to: &mut Describe<'_>) {
    to.parts(nodes, |hasher, next| {
        hasher.u64(nodes as u64);
        for _ in 0..nodes {
            hasher.u128(next());
        }
    });
}

impl<T: Value + Clone> Join for Delayed<T> {
    const SEAL: Seal = Seal;
    type Out = T;
    type Owned = Delayed<T>;
    type Results = PendingResult<T>;

    fn to_owned_join(&self) -> Delayed<T> {
        self.clone()
    }
    #[inline]
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.push(Input::new(&self.node, Use::Value));
    }
    #[inline]
    fn assemble(&self, frame: &Frame<'_>) -> T {
        frame.take()
    }
    #[inline]
    #[allow(private_interfaces)]
    fn bare<'j>(&'j self, to: &mut DirectCalls<'j>) -> bool {
        to.add(self.node.node())
    }
    #[inline(always)]
    #[allow(private_bounds)]
    fn call<'j, C: Caller<'j>>(&'j self, by: &mut C) -> Option<PendingResult<T>> {
        by.value(&self.node).map(PendingResult::new)
    }
    #[inline(always)]
    fn take(results: PendingResult<T>) -> T {
        results.take()
    }
    fn shape(&self, hasher: &mut Hasher128, next: &mut dyn FnMut() -> u128) {
        hasher.u128(next());
    }
    fn nodes(&self) -> usize {
        1
    }
}

impl<J: Join + ?Sized> Join for &J {
    const SEAL: Seal = Seal;
    type Out = J::Out;
    type Owned = J::Owned;
    type Results = J::Results;

    fn to_owned_join(&self) -> J::Owned {
        (**self).to_owned_join()
    }
    #[inline]
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        (**self).list_inputs(inputs);
    }
    #[inline]
    fn assemble(&self, frame: &Frame<'_>) -> J::Out {
        (**self).assemble(frame)
    }
    #[inline]
    #[allow(private_interfaces)]
    fn bare<'j>(&'j self, to: &mut DirectCalls<'j>) -> bool {
        (**self).bare(to)
    }
    #[inline(always)]
    #[allow(private_bounds)]
    fn call<'j, C: Caller<'j>>(&'j self, by: &mut C) -> Option<J::Results> {
        (**self).call(by)
    }
    #[inline(always)]
    fn take(results: J::Results) -> J::Out {
        J::take(results)
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
    ($([$($g:tt)*] $t:ty => $out:ty, $owned:ty, $results:ty, |$s:ident| $iter:expr,
        $collect:expr, $call:expr, $take:expr, $own:expr;)*) => {$(
        impl<$($g)*> Join for $t {
            const SEAL: Seal = Seal;
            type Out = $out;
            type Owned = $owned;
            type Results = $results;

            fn to_owned_join(&self) -> Self::Owned {
                let $s = self;
                $own
            }
            #[allow(private_interfaces)]
            fn list_inputs(&self, inputs: &mut Inputs) {
                let $s = self;
                for part in $iter {
                    part.list_inputs(inputs);
                }
            }
            fn assemble(&self, frame: &Frame<'_>) -> Self::Out {
                let $s = self;
                ($collect)(frame)
            }
            #[allow(private_interfaces)]
            fn bare<'j>(&'j self, to: &mut DirectCalls<'j>) -> bool {
                let $s = self;
                $iter.all(|part| part.bare(to))
            }
            #[allow(private_bounds)]
            fn call<'j, C: Caller<'j>>(&'j self, by: &mut C) -> Option<Self::Results> {
                let $s = self;
                ($call)(&mut |x: &'j J| x.call(by))
            }
            fn take(results: Self::Results) -> Self::Out {
                ($take)(results)
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
    [J: Join] [J] => Vec<J::Out>, Vec<J::Owned>, Vec<J::Results>, |s| s.iter(),
        |f: &Frame<'_>| s.iter().map(|x| x.assemble(f)).collect(),
        |call: CallPart<'_, 'j, J>| s.iter().map(call).collect(), take_all::<J>,
        s.iter().map(J::to_owned_join).collect();
    [J: Join] Vec<J> => Vec<J::Out>, Vec<J::Owned>, Vec<J::Results>, |s| s.iter(),
        |f: &Frame<'_>| s.iter().map(|x| x.assemble(f)).collect(),
        |call: CallPart<'_, 'j, J>| s.iter().map(call).collect(), take_all::<J>,
        s.iter().map(J::to_owned_join).collect();
    [J: Join, const N: usize] [J; N] => [J::Out; N], [J::Owned; N], [Option<J::Results>; N], |s| s.iter(),
        |f: &Frame<'_>| std::array::from_fn(|i| s[i].assemble(f)),
        |call| call_each(s, call), |results: [Option<_>; N]| results.map(take_one::<J>),
        std::array::from_fn(|i| s[i].to_owned_join());
    [J: Join] Option<J> => Option<J::Out>, Option<J::Owned>, Option<J::Results>, |s| s.iter(),
        |f: &Frame<'_>| s.as_ref().map(|x| x.assemble(f)),
        |call: CallPart<'_, 'j, J>| s.as_ref().map_or(Some(None), |x| call(x).map(Some)),
        |results: Option<_>| results.map(J::take), s.as_ref().map(J::to_owned_join);
}

/// Has one part called.
type CallPart<'c, 'j, J> = &'c mut dyn FnMut(&'j J) -> Option<<J as Join>::Results>;

/// Has parts called until one of them has no result. No allocation: there may be nothing else that needs one.
fn call_each<'j, J: Join, const N: usize>(
    parts: &'j [J; N],
    call: CallPart<'_, 'j, J>,
) -> Option<[Option<J::Results>; N]> {
    let mut is_over = false;
    let results = parts.each_ref().map(|part| {
        let result = if is_over { None } else { call(part) };
        is_over = result.is_none();
        result
    });
    (!is_over).then_some(results)
}

fn take_all<J: Join>(results: Vec<J::Results>) -> Vec<J::Out> {
    results.into_iter().map(J::take).collect()
}

fn take_one<J: Join>(result: Option<J::Results>) -> J::Out {
    match result {
        Some(result) => J::take(result),
        None => unreachable!("all were called"),
    }
}

/// Maps: equal ones agree in their key, whatever order their entries are kept in. The parts are walked in the
/// order that `$entries` gives.
macro_rules! maps {
    ($($map:ident [$($k:tt)*] $entries:expr;)*) => {$(
        impl<K: Value + Clone + Hash + $($k)*, J: Join> Join for $map<K, J> {
            const SEAL: Seal = Seal;
            type Out = $map<K, J::Out>;
            type Owned = $map<K, J::Owned>;
            type Results = Infallible;

            fn to_owned_join(&self) -> Self::Owned {
                self.iter().map(|(k, x)| (k.clone(), x.to_owned_join())).collect()
            }
            #[allow(private_interfaces)]
            fn list_inputs(&self, inputs: &mut Inputs) {
                for (_, part) in $entries(self) {
                    part.list_inputs(inputs);
                }
            }
            fn take(results: Infallible) -> Self::Out {
                match results {}
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

maps! { HashMap [Eq] by_nodes; BTreeMap [Ord] BTreeMap::iter; }

/// The entries of a hash map by their nodes, in the order in which those were made: the same in every process that makes them
/// alike.
///
/// Their order says which result is whose, of whatever type. So no code of users has a say in it, which need not answer alike
/// when it is asked again.
fn by_nodes<K, J: Join>(map: &HashMap<K, J>) -> Vec<(&K, &J)> {
    let mut inputs = Inputs::new();
    let with_nodes = map.iter().map(|(k, x)| {
        let first = inputs.len();
        x.list_inputs(&mut inputs);
        (first..inputs.len(), (k, x))
    });
    let mut entries: Vec<_> = with_nodes.collect();
    let ids: Vec<u64> = inputs.into_iter().map(|i| counted(i).node().id()).collect();
    entries.sort_by(|(a, _), (b, _)| ids[a.clone()].cmp(&ids[b.clone()]));
    entries.into_iter().map(|(_, entry)| entry).collect()
}

macro_rules! tuples {
    ($($n:ident $i:tt),*) => {
        impl<$($n: Join),*> Join for ($($n,)*) {
            const SEAL: Seal = Seal;
            type Out = ($($n::Out,)*);
            type Owned = ($($n::Owned,)*);
            type Results = ($($n::Results,)*);

            #[allow(clippy::unused_unit)]
            fn to_owned_join(&self) -> Self::Owned {
                ($(self.$i.to_owned_join(),)*)
            }
            #[inline]
            #[allow(private_interfaces, unused_variables)]
            fn list_inputs(&self, inputs: &mut Inputs) {
                $(self.$i.list_inputs(inputs);)*
            }
            #[inline]
            #[allow(unused_variables, clippy::unused_unit)]
            fn assemble(&self, frame: &Frame<'_>) -> Self::Out {
                ($(self.$i.assemble(frame),)*)
            }
            #[inline]
            #[allow(private_interfaces, unused_variables)]
            fn bare<'j>(&'j self, to: &mut DirectCalls<'j>) -> bool {
                true $(&& self.$i.bare(to))*
            }
            #[inline]
            #[allow(private_bounds, unused_variables)]
            fn call<'j, Z: Caller<'j>>(&'j self, by: &mut Z) -> Option<Self::Results> {
                Some(($(self.$i.call(by)?,)*))
            }
            #[inline]
            #[allow(unused_variables, clippy::unused_unit)]
            fn take(results: Self::Results) -> Self::Out {
                ($($n::take(results.$i),)*)
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
