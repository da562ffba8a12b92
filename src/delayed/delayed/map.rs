//! From one delayed value to another: `map`, `and_then`, `at`, `unzip` and the like.

use super::Delayed;
use crate::delayed::ops::unary::{SeenInput, seen, taken};
use crate::delayed::{Arg, checkpoint};
use crate::task::{Function, ParamInfo, Purity, TaskSpec, Value, call_node, flat_node, recompute};
use std::marker::PhantomData;

macro_rules! closures {
    ($($name:ident $label:literal)*) => {$(
        struct $name<F>(PhantomData<fn() -> F>);
        impl<F: 'static> Function for $name<F> {
            const SPEC: TaskSpec = TaskSpec::structural($label, Purity::Impure);
        }
    )*};
}

closures! { Map "map" MapOwned "map_owned" AndThen "and_then" }

macro_rules! projections {
    ($($name:ident $label:literal)*) => {$(
        struct $name;
        impl Function for $name {
            const SPEC: TaskSpec = TaskSpec::structural($label, Purity::Structural);
        }
    )*};
}

projections! { Flatten "flatten" Len "len" IsEmpty "is_empty" At "at" }

impl<T: Value> Delayed<T> {
    /// Makes a node that calls `f` with a reference to the value.
    ///
    /// As of a function of which nothing is said, every call is a node of its own: what a closure does is not known. If it
    /// captures nothing and is a function of its input, say so with [`pure`](Self::pure) on the result: then equal calls are
    /// merged and remembered.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    ///
    /// let words = value("a b c".to_string());
    /// assert_eq!(words.map(|s| s.len()).compute()?, 5);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn map<R: Value>(&self, f: impl Fn(&T) -> R + Send + Sync + 'static) -> Delayed<R> {
        map_with(self, f)
    }

    /// Makes a node that calls `f` with the value itself: moved if no other node needs it, else cloned.
    ///
    /// Purity is as for [`map`](Self::map).
    #[track_caller]
    pub fn map_owned<R: Value>(&self, f: impl Fn(T) -> R + Send + Sync + 'static) -> Delayed<R>
    where
        T: Clone,
    {
        map_owned_with(self, f)
    }

    /// Makes a node that continues with the graph that `f` builds from the value; its result is that of the graph.
    ///
    /// No thread waits for the graph. Purity is as for [`map`](Self::map).
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    ///
    /// #[delayed]
    /// fn inc(x: i64) -> i64 { x + 1 }
    ///
    /// let n = inc(2);
    /// let many = n.and_then(|n| (0..*n).map(inc).collect::<Delayed<Vec<_>>>());
    /// assert_eq!(many.compute()?, [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn and_then<R: Value>(
        &self,
        f: impl Fn(&T) -> Delayed<R> + Send + Sync + 'static,
    ) -> Delayed<R> {
        and_then_with(self, f)
    }

    /// Makes a second node of the same call, which runs the call again: less memory is held, more is computed.
    ///
    /// It is never merged with the first node, nor with another `recompute`. What has been set on the first node (retries, a
    /// limit, resources, a name, a priority, what it comes [`after`](Self::after)) holds for it, too; what is set on either
    /// from then on does not hold for the other. An explicit [`key`](Self::key) is the first node's alone.
    #[track_caller]
    pub fn recompute(&self) -> Delayed<T> {
        Delayed::from_node(recompute(self.node.clone()))
    }

    /// Makes a `Delayed<()>` that completes when this node has; it does not hold the value.
    #[track_caller]
    pub fn checkpoint(&self) -> Delayed<()>
    where
        T: Clone,
    {
        checkpoint(self)
    }
}

#[track_caller]
fn map_with<T: Value, R: Value, F: Fn(&T) -> R + Send + Sync + 'static>(
    d: &Delayed<T>,
    f: F,
) -> Delayed<R> {
    seen::<Map<F>, T, R>(d, f)
}

#[track_caller]
fn map_owned_with<T, R, F>(d: &Delayed<T>, f: F) -> Delayed<R>
where
    T: Value + Clone,
    R: Value,
    F: Fn(T) -> R + Send + Sync + 'static,
{
    taken::<MapOwned<F>, T, R>(d.clone(), f)
}

#[track_caller]
fn and_then_with<T, R, F>(d: &Delayed<T>, f: F) -> Delayed<R>
where
    T: Value,
    R: Value,
    F: Fn(&T) -> Delayed<R> + Send + Sync + 'static,
{
    Delayed::from_node(flat_node::<AndThen<F>, R, _, _, _>(
        (SeenInput(d.clone()), ()),
        move |ops, frame| Ok(f(ops.0.borrow(frame)).node),
        |ops, to| ops.0.describe(to),
    ))
}

impl<T: Value> Delayed<Delayed<T>> {
    /// Makes a node that continues with the delayed value that this one returns; its result is that of the latter.
    #[track_caller]
    pub fn flatten(&self) -> Delayed<T> {
        Delayed::from_node(flat_node::<Flatten, T, _, _, _>(
            (SeenInput(self.clone()), ()),
            |ops, frame| Ok(ops.0.borrow(frame).node.clone()),
            |ops, to| ops.0.describe(to),
        ))
    }
}

macro_rules! unzip {
    ($($t:ident $i:tt $part:ident),*) => {
        impl<$($t: Value + Clone),*> Delayed<($($t,)*)> {
            /// Makes a delayed value of each part of the tuple, which is computed once.
            ///
            /// # Examples
            /// ```
            /// use lazygraph::prelude::*;
            ///
            /// #[delayed]
            /// fn split(x: i64) -> (i64, String) { (x * 2, x.to_string()) }
            ///
            /// let (double, text) = split(4).unzip();
            /// assert_eq!(compute!(double, text)?, (8, "4".into()));
            /// # Ok::<(), Error>(())
            /// ```
            #[track_caller]
            pub fn unzip(&self) -> ($(Delayed<$t>,)*) {
                $(
                    struct $part;
                    impl Function for $part {
                        const SPEC: TaskSpec =
                            TaskSpec::structural(concat!(".", stringify!($i)), Purity::Structural);
                    }
                )*
                ($(seen::<$part, _, _>(self, |t| t.$i.clone()),)*)
            }
        }
    };
}

unzip!(A 0 Part0);
unzip!(A 0 Part0, B 1 Part1);
unzip!(A 0 Part0, B 1 Part1, C 2 Part2);
unzip!(A 0 Part0, B 1 Part1, C 2 Part2, D 3 Part3);
unzip!(A 0 Part0, B 1 Part1, C 2 Part2, D 3 Part3, E 4 Part4);
unzip!(A 0 Part0, B 1 Part1, C 2 Part2, D 3 Part3, E 4 Part4, F 5 Part5);
unzip!(A 0 Part0, B 1 Part1, C 2 Part2, D 3 Part3, E 4 Part4, F 5 Part5, G 6 Part6);
unzip!(A 0 Part0, B 1 Part1, C 2 Part2, D 3 Part3, E 4 Part4, F 5 Part5, G 6 Part6, H 7 Part7);

impl<T: Value + Clone> Delayed<Vec<T>> {
    /// Makes a node whose value is the element at `index`, which may be delayed itself.
    ///
    /// If there is no such element, the node fails with the panic of the index.
    #[track_caller]
    pub fn at(&self, index: impl Arg<usize>) -> Delayed<T> {
        Delayed::from_node(call_node::<At, T, _, _, _>(
            (SeenInput(self.clone()), (index.into_operand(), ())),
            |ops, frame| {
                let (list, (index, ())) = ops;
                Ok(list.borrow(frame)[index.take(frame)].clone())
            },
            |ops, to| {
                ops.0.describe(to);
                ops.1.0.describe(to, &INDEX);
            },
        ))
    }

    /// Makes a node whose value is the length of the list.
    #[track_caller]
    pub fn len(&self) -> Delayed<usize> {
        seen::<Len, _, _>(self, |v| v.len())
    }

    /// Makes a node whose value is `true` if the list is empty.
    #[track_caller]
    pub fn is_empty(&self) -> Delayed<bool> {
        seen::<IsEmpty, _, _>(self, |v| v.is_empty())
    }
}

const INDEX: ParamInfo<usize> = ParamInfo {
    token: Some(<usize as crate::base::token::Token>::token),
    show: Some(<usize as std::fmt::Debug>::fmt),
};
