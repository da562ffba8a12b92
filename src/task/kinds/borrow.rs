//! Sources that borrow from the stack of a scope.

use super::source::{SourceKind, source_node};
use crate::base::error::OutOfScope;
use crate::task::io::{ResultType, Storage, TaskError, Value};
use crate::task::node::NodePtr;
use crate::task::spec::{Purity, TaskSpec};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Counts the readers of a scope's borrows.
///
/// The protocol: `ScopeLender::lend` makes a node with a pointer to something that outlives the call of `with_lender`. A run
/// that reads the value enters under the lock, if the scope is still open, and leaves when it drops its slot. The end of
/// `with_lender` closes the scope and waits until all readers have left, so whoever holds a `Borrowed` may read what it
/// points to.
#[derive(Default, Debug)]
struct Borrows {
    state: Mutex<ScopeState>,
    idle: Condvar,
}

#[derive(Default, Debug)]
struct ScopeState {
    closed: bool,
    readers: usize,
}

impl Borrows {
    fn lock(&self) -> MutexGuard<'_, ScopeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a reader; `false` if the scope is closed.
    fn enter(&self) -> bool {
        let mut state = self.lock();
        if !state.closed {
            state.readers += 1;
        }
        !state.closed
    }

    fn leave(&self) {
        let mut state = self.lock();
        state.readers -= 1;
        if state.readers == 0 {
            self.idle.notify_all();
        }
    }

    /// Closes the scope. No borrow can be read after this returns.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        while state.readers > 0 {
            state = self
                .idle
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The content of a slot of [`Storage::Borrowed`]. Readers expect the pointer at its beginning.
#[repr(C)]
struct Borrowed<T: ?Sized> {
    pointer: *const T,
    borrows: Arc<Borrows>,
}

impl<T: ?Sized> Drop for Borrowed<T> {
    fn drop(&mut self) {
        self.borrows.leave();
    }
}

struct BorrowSource<T: ?Sized> {
    pointer: *const T,
    borrows: Arc<Borrows>,
}

// SAFETY: it is a `&T` in disguise, and `T: Sync` (a `Value`).
unsafe impl<T: ?Sized + Sync> Send for BorrowSource<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for BorrowSource<T> {}

impl<T: Value + ?Sized> SourceKind for BorrowSource<T> {
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

/// Lends values that outlive `'env`. Only [`with_lender`] makes one.
#[derive(Debug)]
pub(crate) struct ScopeLender<'env> {
    borrows: Arc<Borrows>,
    env: PhantomData<Cell<&'env ()>>,
}

impl<'env> ScopeLender<'env> {
    /// A source node that reads `x` in place, until `with_lender` returns.
    #[track_caller]
    pub(crate) fn lend<T: Value + ?Sized>(&self, x: &'env T) -> NodePtr {
        source_node(BorrowSource {
            pointer: x,
            borrows: self.borrows.clone(),
        })
    }
}

/// Runs `f` with a lender, then waits until none of its borrows is read any more.
pub(crate) fn with_lender<'env, R>(f: impl FnOnce(&ScopeLender<'env>) -> R) -> R {
    struct CloseOnDrop(Arc<Borrows>);
    impl Drop for CloseOnDrop {
        fn drop(&mut self) {
            self.0.close();
        }
    }
    let scope = CloseOnDrop(Arc::default());
    f(&ScopeLender {
        borrows: scope.0.clone(),
        env: PhantomData,
    })
}
