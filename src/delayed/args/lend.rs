//! The ways in which an argument can be lent.

use crate::delayed::Delayed;
use crate::delayed::nesting::{self, Join};
use crate::task::{Describe, Frame, Input, Inputs, NodeList, NodePtr, ParamInfo, Use, Value, View};
use crate::task::{Holder, Lender, Lent, ManyLender, OwnedView, Reads};
use smallvec::SmallVec;
use std::marker::PhantomData;
use std::ops::Deref;

/// A plain value, lent as it is.
pub(super) struct Same<T>(pub(super) T);

impl<T: Value> Lender<T> for Same<T> {
    fn list_inputs(&self, _: &mut Inputs) {}
    fn lend<'f>(&'f self, _: &'f Frame<'_>) -> Lent<'f, T> {
        Lent::Ref(&self.0)
    }
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<T>) {
        to.literal(&self.0, info);
    }
}

impl<T> Reads for Same<T> {
    const INPUTS: bool = false;
}

/// A plain value, lent through `View`.
pub(super) struct Viewed<S>(pub(super) S);

impl<S: Value + View<Q>, Q: ?Sized> Lender<Q> for Viewed<S> {
    fn list_inputs(&self, _: &mut Inputs) {}
    fn lend<'f>(&'f self, _: &'f Frame<'_>) -> Lent<'f, Q> {
        Lent::Ref(self.0.view())
    }
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>) {
        to.literal(self.0.view(), info);
    }
}

impl<S> Reads for Viewed<S> {
    const INPUTS: bool = false;
}

/// A plain smart pointer, lent through `Deref`.
pub(super) struct Pointed<S>(pub(super) S);

impl<S: Value + Deref<Target = Q>, Q: ?Sized> Lender<Q> for Pointed<S> {
    fn list_inputs(&self, _: &mut Inputs) {}
    fn lend<'f>(&'f self, _: &'f Frame<'_>) -> Lent<'f, Q> {
        Lent::Ref(&self.0)
    }
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>) {
        to.literal(&*self.0, info);
    }
}

impl<S> Reads for Pointed<S> {
    const INPUTS: bool = false;
}

macro_rules! of_node {
    ($($(#[$m:meta])* $name:ident [$($g:tt)*] $s:ty => $q:ty, |$n:ident, $f:ident| $e:expr;)*) => {$(
        $(#[$m])*
        pub(super) struct $name<S: ?Sized>(pub(super) NodePtr, pub(super) PhantomData<fn() -> Box<S>>);

        impl<$($g)*> Lender<$q> for $name<$s> {
            #[inline]
            fn list_inputs(&self, inputs: &mut Inputs) {
                inputs.push(Input::new(&self.0, Use::Ref));
            }
            #[inline]
            fn lend<'f>(&'f self, $f: &'f Frame<'_>) -> Lent<'f, $q> {
                Lent::Ref($e)
            }
            fn describe(&self, to: &mut Describe<'_>, _: &ParamInfo<$q>) {
                to.input();
            }
        }

        impl<S: ?Sized> Reads for $name<S> {}
    )*};
}

of_node! {
    /// A node's result, lent as it is.
    SameOf [Q: Value] Q => Q, |n, f| f.borrow::<Q>();
    /// A node's result, lent through `View`.
    ViewedOf [S: Value + View<Q>, Q: ?Sized] S => Q, |n, f| f.borrow::<S>().view();
    /// A scope's borrow of an unsized value.
    UnsizedOf [Q: Value + ?Sized] Q => Q, |n, f| f.borrow_unsized::<Q>();
    /// A node's result, lent through `Deref`.
    PointedOf [S: Value + Deref<Target = Q>, Q: ?Sized] S => Q, |n, f| f.borrow::<S>();
}

/// A collection of delayed values, gathered and lent as it is.
pub(super) struct Gathered<J>(pub(super) J);
/// A list of delayed values, gathered and lent as a slice.
pub(super) struct Listed<T>(NodeList, PhantomData<fn() -> Box<T>>);

impl<T: Value> Listed<T> {
    pub(super) fn of(list: Vec<Delayed<T>>) -> Listed<T> {
        Listed(nodes(list), PhantomData)
    }
}

fn nodes<T>(list: Vec<Delayed<T>>) -> NodeList {
    // The same memory: a delayed value is a node.
    let nodes: Vec<NodePtr> = list.into_iter().map(|delayed| delayed.node).collect();
    NodeList::from(nodes)
}

struct Own<T>(T);
impl<T> Holder<T> for Own<T> {
    fn get(&self) -> &T {
        &self.0
    }
}

/// Of numbers and the like, a few without an allocation.
struct Few<T>(SmallVec<[T; 6]>);
impl<T> Holder<[T]> for Few<T> {
    #[inline]
    fn get(&self) -> &[T] {
        &self.0
    }
}

impl<J: Join + Value> Lender<J::Out> for Gathered<J> {
    fn list_inputs(&self, inputs: &mut Inputs) {
        self.0.list_inputs(inputs);
    }
    fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Lent<'f, J::Out> {
        Lent::Owned(OwnedView::new(Own(self.0.assemble(frame))))
    }
    fn describe(&self, to: &mut Describe<'_>, _: &ParamInfo<J::Out>) {
        nesting::describe(&self.0, to);
    }
}

impl<J> Reads for Gathered<J> {}

impl<T: Value + Clone> Lender<[T]> for Listed<T> {
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.extend(self.0.iter().map(|node| Input::new(node, Use::Value)));
    }
    #[inline]
    fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Lent<'f, [T]> {
        let list = match frame.is_direct::<T>() {
            true => self.0.iter().map(|_| frame.take_direct::<T>()).collect(),
            false => self.0.iter().map(|_| frame.take::<T>()).collect(),
        };
        Lent::Owned(OwnedView::new(Few(list)))
    }
    fn describe(&self, to: &mut Describe<'_>, _: &ParamInfo<[T]>) {
        nesting::describe_list(self.0.len(), to);
    }
}

impl<T> Reads for Listed<T> {}

// ------------------------------------------------------------------ many

/// Many nodes, each lent by `fetch`.
pub(super) struct ManyOf<Q: ?Sized + 'static> {
    nodes: NodeList,
    fetch: for<'f> fn(&'f Frame<'_>) -> &'f Q,
}

impl<Q: ?Sized> ManyOf<Q> {
    pub(super) fn same(list: Vec<Delayed<Q>>) -> ManyOf<Q>
    where
        Q: Value + Sized,
    {
        ManyOf {
            nodes: nodes(list),
            fetch: |f| f.borrow::<Q>(),
        }
    }

    pub(super) fn viewed<S: Value + View<Q>>(list: Vec<Delayed<S>>) -> ManyOf<Q> {
        ManyOf {
            nodes: nodes(list),
            fetch: |f| f.borrow::<S>().view(),
        }
    }
}

impl<Q: ?Sized + 'static> ManyLender<Q> for ManyOf<Q> {
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.extend(self.nodes.iter().map(|n| Input::new(n, Use::Ref)));
    }
    fn has_inputs(&self) -> bool {
        !self.nodes.is_empty()
    }
    fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Vec<&'f Q> {
        self.nodes.iter().map(|_| (self.fetch)(frame)).collect()
    }
    fn describe(&self, to: &mut Describe<'_>, _: &ParamInfo<Q>) {
        nesting::describe_list(self.nodes.len(), to);
    }
}

/// Many plain values.
pub(super) struct ManyPlain<T>(pub(super) Vec<T>);

impl<T: Value> ManyLender<T> for ManyPlain<T> {
    fn list_inputs(&self, _: &mut Inputs) {}
    fn has_inputs(&self) -> bool {
        false
    }
    fn lend<'f>(&'f self, _: &'f Frame<'_>) -> Vec<&'f T> {
        self.0.iter().collect()
    }
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<T>) {
        for x in &self.0 {
            to.literal(x, info);
        }
    }
}

/// A shorthand for the rows.
pub(super) fn of<S: ?Sized>() -> PhantomData<fn() -> Box<S>> {
    PhantomData
}
