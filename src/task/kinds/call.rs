//! Nodes of calls: a function, its operands, and the closures that run and describe it.

use crate::base::footprint::Size;
use crate::task::io::{Describe, Frame, TaskError, Typed, Value};
use crate::task::node::{Header, Home, INERT, Inputs, LEAF, NodeFlags, NodePtr, Outcome, Vtable};
use crate::task::operand::Operands;
use crate::task::spec::Function;
use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::mem::needs_drop;
use std::panic::Location;

/// One call: its operands and the (usually captureless) closures that run and describe it.
#[repr(C)]
struct CallNode<F, T, Ops, R, D> {
    header: Header,
    ops: Ops,
    run: R,
    describe: D,
    function: PhantomData<fn() -> (F, T)>,
}

/// What the body of a call with a result of type `T` returns.
trait Body<T> {
    type Returned;
    const FLAT: bool;

    /// # Safety
    /// `out` is an empty slot that fits a `T`.
    unsafe fn outcome(returned: Self::Returned, out: *mut u8) -> Outcome;
}

/// A body that returns a value.
struct Plain;
/// A body that returns a graph.
struct Flat;

impl<T> Body<T> for Plain {
    type Returned = T;
    const FLAT: bool = false;

    #[inline]
    unsafe fn outcome(value: T, out: *mut u8) -> Outcome {
        // SAFETY: as promised by the caller.
        unsafe { out.cast::<T>().write(value) };
        Outcome::Value
    }
}

impl<T> Body<T> for Flat {
    type Returned = NodePtr;
    const FLAT: bool = true;

    #[inline]
    unsafe fn outcome(graph: NodePtr, _: *mut u8) -> Outcome {
        Outcome::Graph(graph)
    }
}

/// What a call is: two calls are of one item only if function, type arguments, result and kinds of arguments are the same.
struct Item<F, T, Ops, R>(PhantomData<(F, fn() -> T, Ops, R)>);

impl<F, T, Ops, R, D> CallNode<F, T, Ops, R, D>
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Send + Sync + 'static,
{
    /// # Safety
    /// `this` is the header of a live node of this type.
    unsafe fn from_header<'n>(this: *const Header) -> &'n Self {
        // SAFETY: as promised by the caller; the header is the first field.
        unsafe { &*this.cast() }
    }

    unsafe fn measure(result: *const u8) -> Size {
        // SAFETY: this function is only in tables of nodes whose result is a `T`.
        let result = unsafe { &*result.cast::<T>() };
        let owned = match needs_drop::<T>() {
            true => F::footprint(result),
            false => Some(0),
        };
        Size {
            bytes: size_of::<T>().saturating_add(owned.unwrap_or(0)),
            estimated: owned.is_none(),
        }
    }

    unsafe fn list_inputs(this: *const Header, inputs: &mut Inputs) {
        // SAFETY: this function is only in tables of this type's nodes.
        unsafe { Self::from_header(this) }.ops.list_inputs(inputs);
    }

    unsafe fn run<B: Body<T>>(this: *const Header, frame: &Frame<'_>, out: *mut u8) -> Outcome
    where
        R: Fn(&Ops, &Frame<'_>) -> Result<B::Returned, TaskError>,
    {
        // SAFETY: as above.
        let call = unsafe { Self::from_header(this) };
        match (call.run)(&call.ops, frame) {
            // SAFETY: the caller of `NodeRef::run` gives an empty slot that fits a `T`.
            Ok(returned) => unsafe { B::outcome(returned, out) },
            Err(e) => Outcome::Failed(e),
        }
    }

    unsafe fn describe(this: *const Header, to: &mut Describe<'_>) {
        // SAFETY: as above.
        let call = unsafe { Self::from_header(this) };
        (call.describe)(&call.ops, to);
        to.captures(&call.run);
    }

    unsafe fn free(this: *mut Header) {
        // SAFETY: as above, and the last counted pointer is gone.
        unsafe { this.cast::<Self>().drop_in_place() };
    }

    const fn table<B: Body<T>>() -> Vtable
    where
        R: Fn(&Ops, &Frame<'_>) -> Result<B::Returned, TaskError>,
    {
        Vtable {
            spec: const { &F::SPEC },
            result: T::RESULT,
            flags: NodeFlags::new(&F::SPEC, &T::RESULT, B::FLAT, false),
            home: Home::Arena,
            alias: None,
            holds_future: false,
            awaits: None,
            identity: TypeId::of::<Item<F, T, Ops, R>>,
            identity_name: type_name::<Item<F, T, Ops, R>>,
            measure: Self::measure,
            list_inputs: Self::list_inputs,
            run: Self::run::<B>,
            describe: Self::describe,
            free: Self::free,
        }
    }

    #[inline]
    #[track_caller]
    fn node<B: Body<T>>(ops: Ops, run: R, describe: D) -> NodePtr
    where
        R: Fn(&Ops, &Frame<'_>) -> Result<B::Returned, TaskError>,
    {
        let vtable = const { &Self::table::<B>() };
        let mut known = 0;
        if vtable.flags.is_plain_call() && !ops.has_inputs() {
            known |= LEAF;
        }
        if !needs_drop::<R>() && !needs_drop::<D>() && ops.are_inert() {
            known |= INERT;
        }
        let location = Location::caller();
        NodePtr::alloc_with(move || Self {
            header: Header::new(vtable, location, known),
            ops,
            run,
            describe,
            function: PhantomData,
        })
    }
}

/// A node whose body returns a value of type `T`.
#[inline]
#[track_caller]
pub(crate) fn call_node<F, T, Ops, R, D>(ops: Ops, run: R, describe: D) -> NodePtr
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Fn(&Ops, &Frame<'_>) -> Result<T, TaskError> + Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Send + Sync + 'static,
{
    CallNode::<F, T, Ops, R, D>::node::<Plain>(ops, run, describe)
}

/// A node whose body returns a graph, whose result (of type `T`) is the node's.
#[inline]
#[track_caller]
pub(crate) fn flat_node<F, T, Ops, R, D>(ops: Ops, run: R, describe: D) -> NodePtr
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Fn(&Ops, &Frame<'_>) -> Result<NodePtr, TaskError> + Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Send + Sync + 'static,
{
    CallNode::<F, T, Ops, R, D>::node::<Flat>(ops, run, describe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Purity, TaskSpec, Val};

    struct Noisy;
    impl Function for Noisy {
        const SPEC: TaskSpec = TaskSpec::structural("noisy", Purity::Impure);
    }

    #[track_caller]
    fn chained(below: Option<NodePtr>) -> NodePtr {
        let op = match below {
            Some(n) => Val::from_node(n),
            None => Val::literal(0u64),
        };
        call_node::<Noisy, u64, _, _, _>((op, ()), |ops, f| Ok(ops.0.take(f) + 1), |_, _| {})
    }

    #[test]
    fn a_chain_of_a_million_nodes_is_dropped_without_recursion() {
        let small = std::thread::Builder::new().stack_size(128 * 1024);
        let built = small.spawn(|| {
            let mut node = chained(None);
            for _ in 0..1_000_000 {
                node = chained(Some(node));
            }
            drop(node);
        });
        built.unwrap().join().unwrap();
    }

    #[test]
    fn a_two_input_node_of_numbers_fits_a_cache_line() {
        type Pair = (Val<i64>, (Val<i64>, ()));
        assert!(size_of::<CallNode<Noisy, i64, Pair, (), ()>>() <= 64);
    }

    #[test]
    fn settings_are_shared_by_all_handles() {
        let a = chained(None);
        let b = a.clone();
        a.configure(|s| s.name = Some("named".into()));
        assert_eq!(&*b.node().label(), "named");
    }
}
