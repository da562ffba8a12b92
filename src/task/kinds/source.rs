//! Sources: nodes without inputs and without a body, for values put into a graph and for futures.

use crate::base::footprint::Size;
use crate::task::future::{Claim, SourceClaim};
use crate::task::io::{ResultType, Share, Storage, TaskError, Typed, Value, drop_shared};
use crate::task::node::{ALONE, Alone, Header, Home, NodeFlags, NodePtr, Outcome, Vtable};
use crate::task::spec::{Purity, TaskSpec};
use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

/// What a source node holds instead of operands and a body.
pub(super) trait SourceKind: Send + Sync + 'static {
    const SPEC: TaskSpec;
    const RESULT: ResultType;
    /// Writes the result into its slot.
    ///
    /// # Safety
    /// `out` is empty and fits `RESULT`.
    unsafe fn put(&self, out: *mut u8) -> Result<(), TaskError>;
    /// The future whose value it is.
    const AWAITS: Option<fn(&Self) -> &SourceClaim> = None;
    /// Whether that is of a type that may own much memory.
    const HOLDS_FUTURE: bool = false;
}

/// The table of source nodes. They lie alone: a value that was put into a graph often outlives the graph.
struct SourceTable<S>(PhantomData<S>);

impl<S: SourceKind> SourceTable<S> {
    const TABLE: Vtable = Vtable {
        spec: &S::SPEC,
        result: S::RESULT,
        flags: NodeFlags::new(&S::SPEC, &S::RESULT, false, S::AWAITS.is_some()),
        home: Home::Alone,
        alias: None,
        identity: TypeId::of::<S>,
        identity_name: type_name::<S>,
        // Put into the graph from outside: it is not measured.
        measure: |_| Size {
            bytes: S::RESULT.size,
            estimated: true,
        },
        holds_future: S::HOLDS_FUTURE,
        awaits: match S::AWAITS {
            // SAFETY: this closure is only in tables of this type's nodes.
            Some(_) => Some(|this| unsafe { Self::claim(this) }),
            None => None,
        },
        list_inputs: |_, _| {},
        run: |this, _, out| {
            // SAFETY: this closure is only in tables of this type's nodes; `out` is the caller's promise.
            match unsafe { (*this.cast::<Alone<S>>()).node.put(out) } {
                Ok(()) => Outcome::Value,
                Err(e) => Outcome::Failed(e),
            }
        },
        describe: |_, _| {},
        // SAFETY: as above, and the last counted pointer is gone.
        free: |this| drop(unsafe { Box::from_raw(this.cast::<Alone<S>>()) }),
    };

    /// # Safety
    /// `this` is a node of this type.
    unsafe fn claim(this: *const Header) -> *const SourceClaim {
        // SAFETY: as promised by the caller.
        let source = unsafe { &(*this.cast::<Alone<S>>()).node };
        S::AWAITS.map_or(std::ptr::null(), |claim| claim(source))
    }
}

#[track_caller]
pub(super) fn source_node<S: SourceKind>(source: S) -> NodePtr {
    let table = const { &SourceTable::<S>::TABLE };
    let header = Header::new(table, Location::caller(), ALONE);
    Alone::alloc(header, source)
}

/// A value put into a graph.
struct ValueSource<T>(Arc<T>);

/// A result that is stored as an `Arc` from the beginning.
const fn shared<T: Value>() -> ResultType {
    ResultType {
        size: size_of::<*const T>(),
        align: align_of::<*const T>(),
        storage: Storage::Shared,
        drop: Some(drop_shared::<T>),
        share: Some(Share {
            wrap: |_| {},
            ..shareable::<T>()
        }),
        name: std::any::type_name::<T>,
    }
}

impl<T: Value> SourceKind for ValueSource<T> {
    const SPEC: TaskSpec = TaskSpec::structural("value", Purity::Impure);
    const RESULT: ResultType = shared::<T>();

    unsafe fn put(&self, out: *mut u8) -> Result<(), TaskError> {
        // SAFETY: the slot is empty and has room for a pointer.
        unsafe { out.cast::<*const T>().write(Arc::into_raw(self.0.clone())) };
        Ok(())
    }
}

/// Whether a value of the type may own memory on the heap, or is large.
pub(crate) const fn owns_much<T>() -> bool {
    std::mem::needs_drop::<T>() || size_of::<T>() > 64
}

const fn shareable<T: Value>() -> Share {
    match <T as Typed>::RESULT.share {
        Some(share) => share,
        None => unreachable!(),
    }
}

/// The value of a future, once it has ended.
struct FutureSource<T> {
    claim: SourceClaim,
    value: PhantomData<fn() -> T>,
}

impl<T: Value> SourceKind for FutureSource<T> {
    const SPEC: TaskSpec = TaskSpec::structural("future", Purity::Impure);
    const RESULT: ResultType = shared::<T>();
    const AWAITS: Option<fn(&Self) -> &SourceClaim> = Some(|this| &this.claim);
    const HOLDS_FUTURE: bool = owns_much::<T>();

    unsafe fn put(&self, out: *mut u8) -> Result<(), TaskError> {
        let value = match self.claim.get().promise().outcome() {
            Some(Ok(value)) => value.arc::<T>(),
            Some(Err(error)) => return Err(TaskError::new(Box::new(error))),
            None => None,
        };
        let value =
            value.ok_or_else(|| TaskError::new("a future was read before its end".into()))?;
        // SAFETY: the slot is empty and has room for a pointer.
        unsafe { out.cast::<*const T>().write(Arc::into_raw(value)) };
        Ok(())
    }
}

/// A source node with the value of a future: a `T`.
#[track_caller]
pub(crate) fn future_source<T: Value>(claim: Claim) -> NodePtr {
    let (claim, value) = (SourceClaim::new(claim), PhantomData::<fn() -> T>);
    source_node(FutureSource { claim, value })
}

/// A source node that holds `x`.
#[track_caller]
pub(crate) fn value_source<T: Value>(x: Arc<T>) -> NodePtr {
    source_node(ValueSource(x))
}
