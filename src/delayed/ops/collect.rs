//! One delayed value of many: joined, collected, summed, or only waited for.

use crate::delayed::Delayed;
use crate::delayed::args::Assembled;
use crate::delayed::nesting::{self, Join};
use crate::task::Operand;
use crate::task::{
    Function, Input, Inputs, ParamInfo, Purity, TaskSpec, Use, Val, Value, call_node,
};
use std::iter::{Product, Sum};

struct JoinFn;
impl Function for JoinFn {
    const SPEC: TaskSpec = TaskSpec::structural("join", Purity::Structural);
}

/// Joins a nesting of delayed values into one delayed value.
///
/// Use it for arguments that no parameter takes as they are, and for results.
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
    let nesting = Val::from_parts(Assembled(nesting.to_owned_join()));
    Delayed::from_node(call_node::<JoinFn, J::Out, _, _, _>(
        (nesting, ()),
        |ops, f| Ok(ops.0.take(f)),
        |ops, to| ops.0.describe(to, &ParamInfo::OPAQUE),
    ))
}

/// The nodes of an iterator, as one operand.
struct Elements<T>(Box<[Delayed<T>]>);

impl<T: Value> Operand for Elements<T> {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.extend(self.0.iter().map(|d| Input::new(&d.node, Use::Value)));
    }
}

macro_rules! of_iterators {
    ($($(#[$doc:meta])* $name:ident $label:literal [$($g:tt)*] $tr:ty, $out:ty: $f:ident($($iter:tt)*) => $collect:ident;)*) => {$(
        struct $name;
        impl Function for $name {
            const SPEC: TaskSpec = TaskSpec::structural($label, Purity::Structural);
        }

        $(#[$doc])*
        impl<$($g)*> $tr for Delayed<$out> {
            #[track_caller]
            fn $f<I: $($iter)*<Item = Delayed<T>>>(iter: I) -> Self {
                let list = Elements(iter.into_iter().collect());
                Delayed::from_node(call_node::<$name, $out, _, _, _>(
                    (list, ()),
                    |ops, f| Ok(ops.0.0.iter().map(|_| f.take::<T>()).$collect()),
                    |ops, to| nesting::describe_list(ops.0.0.len(), to),
                ))
            }
        }
    )*};
}

of_iterators! {
    /// `iter.collect::<Delayed<Vec<T>>>()`, and of any other collection.
    Collect "collect" [T: Value + Clone, C: FromIterator<T> + Value] FromIterator<Delayed<T>>, C: from_iter(IntoIterator) => collect;
    /// `iter.sum::<Delayed<T>>()`.
    SumFn "sum" [T: Value + Clone + Sum] Sum<Delayed<T>>, T: sum(Iterator) => sum;
    /// `iter.product::<Delayed<T>>()`.
    ProductFn "product" [T: Value + Clone + Product] Product<Delayed<T>>, T: product(Iterator) => product;
}

struct CheckpointFn;
impl Function for CheckpointFn {
    const SPEC: TaskSpec = TaskSpec::structural("checkpoint", Purity::Structural);
}

/// Inputs whose values are not used.
struct OrderOnly<J>(J);

impl<J: Join + Value> Operand for OrderOnly<J> {
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        let from = inputs.len();
        self.0.list_inputs(inputs);
        for input in &mut inputs[from..] {
            *input = input.only_order();
        }
    }
}

/// Makes a `Delayed<()>` that completes when everything in `nesting` has; it holds none of the values.
///
/// Use it for work that is done for its side effects: pass it to [`Delayed::after`], or compute it.
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
        (OrderOnly(nesting.to_owned_join()), ()),
        |_, _| Ok(()),
        |ops, to| nesting::describe(&ops.0.0, to),
    ))
}
