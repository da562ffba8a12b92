//! Nodes of calls: a function, its operands, and the closures that run and describe it.

use super::describe::Describe;
use super::frame::Frame;
use super::header::{BARE, Header, INERT};
use super::input::Inputs;
use super::node::{Home, NodePtr, Outcome, Vtable};
use super::operand::Operands;
use super::outcome::TaskError;
use super::result::Typed;
use super::spec::Function;
use super::traits::Traits;
use super::value::Value;
use crate::base::footprint::Size;
use std::any::TypeId;
use std::marker::PhantomData;
use std::mem::needs_drop;
use std::panic::Location;

/// One call: its operands and the (usually captureless) closures that run and describe it.
#[repr(C)]
struct Call<F, T, Ops, R, D> {
    header: Header,
    ops: Ops,
    run: R,
    describe: D,
    function: PhantomData<fn() -> (F, T)>,
}

/// # Safety
/// `this` is the header of a live `Call` of these types.
unsafe fn as_call<'n, F, T, Ops, R, D>(this: *const Header) -> &'n Call<F, T, Ops, R, D> {
    // SAFETY: as promised by the caller; the header is the first field.
    unsafe { &*this.cast() }
}

impl<F, T, Ops, R, D> Call<F, T, Ops, R, D>
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Send + Sync + 'static,
{
    unsafe fn measure(result: *const u8) -> Size {
        // SAFETY: this function is only in tables of nodes whose result is a `T`.
        let result = unsafe { &*result.cast::<T>() };
        let owned = match std::mem::needs_drop::<T>() {
            true => F::footprint(result),
            false => Some(0),
        };
        Size {
            bytes: size_of::<T>().saturating_add(owned.unwrap_or(0)),
            estimated: owned.is_none(),
        }
    }

    unsafe fn visit(this: *const Header, inputs: &mut Inputs) {
        // SAFETY: this function is only in tables of this type's nodes.
        unsafe { as_call::<F, T, Ops, R, D>(this) }
            .ops
            .visit(inputs);
    }

    unsafe fn describe(this: *const Header, to: &mut Describe<'_>) {
        // SAFETY: as above.
        let call = unsafe { as_call::<F, T, Ops, R, D>(this) };
        (call.describe)(&call.ops, to);
        to.captures(&call.run);
    }

    unsafe fn free(this: *mut Header) {
        // SAFETY: as above, and the last counted pointer is gone.
        unsafe { this.cast::<Self>().drop_in_place() };
    }

    const fn table(
        flat: bool,
        run: unsafe fn(*const Header, &Frame<'_>, *mut u8) -> Outcome,
    ) -> Vtable {
        Vtable {
            spec: const { &F::SPEC },
            result: T::RESULT,
            traits: Traits::of(&F::SPEC, &T::RESULT, flat, false),
            home: Home::Arena,
            alias: None,
            awaits: None,
            identity: TypeId::of::<R>,
            measure: Self::measure,
            visit: Self::visit,
            run,
            describe: Self::describe,
            free: Self::free,
        }
    }

    #[inline]
    #[track_caller]
    fn node(vtable: &'static Vtable, ops: Ops, run: R, describe: D) -> NodePtr {
        let mut known = 0;
        if vtable.traits.are_bare() && !ops.has_inputs() {
            known |= BARE;
        }
        if !needs_drop::<R>() && !needs_drop::<D>() && ops.are_inert() {
            known |= INERT;
        }
        let location = Location::caller();
        NodePtr::placed(move || Self {
            header: Header::new(vtable, location, known),
            ops,
            run,
            describe,
            function: PhantomData,
        })
    }
}

/// A body that returns a value.
struct Plain;
/// A body that returns a graph.
struct Flat;

trait Bodied<B> {
    const TABLE: Vtable;
}

impl<F, T, Ops, R, D> Bodied<Plain> for Call<F, T, Ops, R, D>
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Fn(&Ops, &Frame<'_>) -> Result<T, TaskError> + Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Send + Sync + 'static,
{
    const TABLE: Vtable = {
        unsafe fn run<F, T, Ops, R, D>(
            this: *const Header,
            frame: &Frame<'_>,
            out: *mut u8,
        ) -> Outcome
        where
            R: Fn(&Ops, &Frame<'_>) -> Result<T, TaskError>,
        {
            // SAFETY: this function is only in tables of this type's nodes.
            let call = unsafe { as_call::<F, T, Ops, R, D>(this) };
            match (call.run)(&call.ops, frame) {
                Ok(value) => {
                    // SAFETY: the caller of `NodeRef::run` gives an empty slot that fits a `T`.
                    unsafe { out.cast::<T>().write(value) };
                    Outcome::Value
                }
                Err(e) => Outcome::Failed(e),
            }
        }
        Self::table(false, run::<F, T, Ops, R, D>)
    };
}

impl<F, T, Ops, R, D> Bodied<Flat> for Call<F, T, Ops, R, D>
where
    F: Function,
    T: Value,
    Ops: Operands,
    R: Fn(&Ops, &Frame<'_>) -> Result<NodePtr, TaskError> + Send + Sync + 'static,
    D: Fn(&Ops, &mut Describe<'_>) + Send + Sync + 'static,
{
    const TABLE: Vtable = {
        unsafe fn run<F, T, Ops, R, D>(
            this: *const Header,
            frame: &Frame<'_>,
            _out: *mut u8,
        ) -> Outcome
        where
            R: Fn(&Ops, &Frame<'_>) -> Result<NodePtr, TaskError>,
        {
            // SAFETY: as above.
            let call = unsafe { as_call::<F, T, Ops, R, D>(this) };
            match (call.run)(&call.ops, frame) {
                Ok(graph) => Outcome::Graph(graph),
                Err(e) => Outcome::Failed(e),
            }
        }
        Self::table(true, run::<F, T, Ops, R, D>)
    };
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
    let table = const { &<Call<F, T, Ops, R, D> as Bodied<Plain>>::TABLE };
    Call::<F, T, Ops, R, D>::node(table, ops, run, describe)
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
    let table = const { &<Call<F, T, Ops, R, D> as Bodied<Flat>>::TABLE };
    Call::<F, T, Ops, R, D>::node(table, ops, run, describe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::TaskSpec;

    struct Noisy;
    impl Function for Noisy {
        const SPEC: TaskSpec = TaskSpec::structural("noisy", super::super::spec::Purity::Impure);
    }

    #[track_caller]
    fn chained(below: Option<NodePtr>) -> NodePtr {
        let op = match below {
            Some(n) => super::super::operand::Val::from_node(n),
            None => super::super::operand::Val::literal(0u64),
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
        type Pair = (
            super::super::operand::Val<i64>,
            (super::super::operand::Val<i64>, ()),
        );
        assert!(size_of::<Call<Noisy, i64, Pair, (), ()>>() <= 64);
    }

    #[test]
    fn settings_are_shared_by_all_handles() {
        let a = chained(None);
        let b = a.clone();
        a.configure(|s| s.name = Some("named".into()));
        assert_eq!(&*b.node().label(), "named");
    }
}
