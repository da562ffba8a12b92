//! Nodes without inputs: values put into a graph, and borrows from a scope.

use super::future::Claim;
use super::header::{ALONE, Header};
use super::node::{Alone, Home, NodePtr, Outcome, Vtable};
use super::outcome::TaskError;
use super::result::{ResultType, Share, Storage, Typed, drop_shared};
use super::spec::{Purity, TaskSpec};
use super::traits::Traits;
use super::value::Value;
use crate::base::error::OutOfScope;
use crate::base::footprint::Size;
use std::any::TypeId;
use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A node without inputs whose result is made by `S`, not by a call.
trait Source: Send + Sync + 'static {
    const SPEC: TaskSpec;
    const RESULT: ResultType;
    /// # Safety
    /// `out` is empty and fits `RESULT`.
    unsafe fn put(&self, out: *mut u8) -> Result<(), TaskError>;
    /// The future whose result it is.
    const AWAITS: Option<fn(&Self) -> &Claim> = None;
}

/// Sources lie alone: a value that was put into a graph is often kept for longer than the graph.
struct Sources<S>(PhantomData<S>);

impl<S: Source> Sources<S> {
    const TABLE: Vtable = Vtable {
        spec: &S::SPEC,
        result: S::RESULT,
        traits: Traits::of(&S::SPEC, &S::RESULT, false, S::AWAITS.is_some()),
        home: Home::Alone,
        alias: None,
        identity: TypeId::of::<S>,
        // Put into the graph from outside: not a result that anybody measures.
        measure: |_| Size {
            bytes: S::RESULT.size,
            estimated: true,
        },
        awaits: match S::AWAITS {
            // SAFETY: this closure is only in tables of this type's nodes.
            Some(_) => Some(|this| unsafe { Self::claim(this) }),
            None => None,
        },
        visit: |_, _| {},
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
    unsafe fn claim(this: *const Header) -> *const Claim {
        // SAFETY: as promised by the caller.
        let source = unsafe { &(*this.cast::<Alone<S>>()).node };
        S::AWAITS.map_or(std::ptr::null(), |claim| claim(source))
    }
}

#[track_caller]
fn source<S: Source>(source: S) -> NodePtr {
    let header = Header::new(const { &Sources::<S>::TABLE }, Location::caller(), ALONE);
    Alone::placed(header, source)
}

/// A value put into a graph.
struct Held<T>(Arc<T>);

/// A value that lies behind an `Arc`.
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

impl<T: Value> Source for Held<T> {
    const SPEC: TaskSpec = TaskSpec::structural("value", Purity::Impure);
    const RESULT: ResultType = shared::<T>();

    unsafe fn put(&self, out: *mut u8) -> Result<(), TaskError> {
        // SAFETY: the slot is empty and has room for a pointer.
        unsafe { out.cast::<*const T>().write(Arc::into_raw(self.0.clone())) };
        Ok(())
    }
}

const fn shareable<T: Value>() -> Share {
    match <T as Typed>::RESULT.share {
        Some(share) => share,
        None => unreachable!(),
    }
}

/// The result of a future, once it has ended.
struct Awaited<T> {
    claim: Claim,
    value: PhantomData<fn() -> T>,
}

impl<T: Value> Source for Awaited<T> {
    const SPEC: TaskSpec = TaskSpec::structural("future", Purity::Impure);
    const RESULT: ResultType = shared::<T>();
    const AWAITS: Option<fn(&Self) -> &Claim> = Some(|this| &this.claim);

    unsafe fn put(&self, out: *mut u8) -> Result<(), TaskError> {
        let value = match self.claim.promise().outcome() {
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

/// A source node that has the result of a future: a `T`.
#[track_caller]
pub(crate) fn awaited<T: Value>(claim: Claim) -> NodePtr {
    let value = PhantomData::<fn() -> T>;
    source(Awaited { claim, value })
}

/// A source node that holds `x`.
#[track_caller]
pub(crate) fn held<T: Value>(x: Arc<T>) -> NodePtr {
    source(Held(x))
}

/// Whether a scope is open, and how many of its borrows are being read.
///
/// The protocol: `Lender::lend` makes a node with a pointer to what outlives the call of `with_lender`. A run that wants the value counts itself in under the lock, if the scope is still open, and
/// out when it drops its slot. The end of that call closes it and waits for the count to reach zero, so
/// whoever holds a `Borrowed` may read what it points to.
#[derive(Default, Debug)]
struct Borrows {
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default, Debug)]
struct State {
    closed: bool,
    readers: usize,
}

impl Borrows {
    fn enter(self: &Arc<Self>) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.closed {
            state.readers += 1;
        }
        !state.closed
    }

    fn leave(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.readers -= 1;
        if state.readers == 0 {
            self.idle.notify_all();
        }
    }

    /// No borrow can be read after this returns.
    fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        while state.readers > 0 {
            state = self
                .idle
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What a slot of [`Storage::Borrowed`] holds: the pointer first, so that readers find it there.
#[repr(C)]
pub(super) struct Borrowed<T: ?Sized> {
    pub(super) pointer: *const T,
    borrows: Arc<Borrows>,
}

impl<T: ?Sized> Drop for Borrowed<T> {
    fn drop(&mut self) {
        self.borrows.leave();
    }
}

struct Pointer<T: ?Sized> {
    pointer: *const T,
    borrows: Arc<Borrows>,
}

// SAFETY: it is a `&T` in disguise, and `T: Sync` (a `Value`).
unsafe impl<T: ?Sized + Sync> Send for Pointer<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for Pointer<T> {}

impl<T: Value + ?Sized> Source for Pointer<T> {
    const SPEC: TaskSpec = TaskSpec::structural("borrow", Purity::Impure);
    const RESULT: ResultType = ResultType {
        size: size_of::<Borrowed<T>>(),
        align: align_of::<Borrowed<T>>(),
        storage: Storage::Borrowed,
        // SAFETY: such a slot holds a `Borrowed<T>`; the caller promises that it is dropped once.
        drop: Some(|slot| unsafe { slot.cast::<Borrowed<T>>().drop_in_place() }),
        share: None,
        name: std::any::type_name::<T>,
    };

    unsafe fn put(&self, out: *mut u8) -> Result<(), TaskError> {
        if !self.borrows.enter() {
            return Err(TaskError::new(Box::new(OutOfScope)));
        }
        let borrowed = Borrowed {
            pointer: self.pointer,
            borrows: self.borrows.clone(),
        };
        // SAFETY: the slot is empty and fits a `Borrowed<T>`.
        unsafe { out.cast::<Borrowed<T>>().write(borrowed) };
        Ok(())
    }
}

/// Lends what outlives `'env`; only [`with_lender`] makes one.
#[derive(Debug)]
pub(crate) struct Lender<'env> {
    borrows: Arc<Borrows>,
    env: PhantomData<Cell<&'env ()>>,
}

impl<'env> Lender<'env> {
    /// A source node that reads `x` in place, until `with_lender` returns.
    #[track_caller]
    pub(crate) fn lend<T: Value + ?Sized>(&self, x: &'env T) -> NodePtr {
        source(Pointer {
            pointer: x,
            borrows: self.borrows.clone(),
        })
    }
}

/// Runs `f` with a lender, then waits until none of its borrows is read any more.
pub(crate) fn with_lender<'env, R>(f: impl FnOnce(&Lender<'env>) -> R) -> R {
    struct End(Arc<Borrows>);
    impl Drop for End {
        fn drop(&mut self) {
            self.0.close();
        }
    }
    let end = End(Arc::default());
    f(&Lender {
        borrows: end.0.clone(),
        env: PhantomData,
    })
}
