//! What the files of `src` find for atomics, thread-locals and memory: each access is seen by loom.

use loom::cell::UnsafeCell;
use loom::thread::ThreadId;
use std::alloc::Layout;
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;

std::thread_local! {
    static LOCALS: RefCell<HashMap<(usize, ThreadId), &'static dyn Any>> = RefCell::default();
    static BLOCKS: RefCell<HashMap<usize, &'static UnsafeCell<()>>> = RefCell::default();
}

/// For the beginning of each execution of a model: all of them have the same threads.
pub(crate) fn reset() {
    LOCALS.take();
    BLOCKS.take();
}

/// A value of each thread of the model. Loom's own are gone where another local's destructor asks for one.
pub(crate) struct PerThread<T: 'static>(pub(crate) fn() -> T);

impl<T> PerThread<T> {
    pub(crate) fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        let place = (
            std::ptr::from_ref(self).addr(),
            loom::thread::current().id(),
        );
        let known = LOCALS.with_borrow(|all| all.get(&place).copied());
        let value = known.unwrap_or_else(|| {
            let value = Box::leak(Box::new((self.0)()));
            LOCALS.with_borrow_mut(|all| all.insert(place, value));
            value
        });
        f(value.downcast_ref().unwrap())
    }

    pub(crate) fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, ()> {
        Ok(self.with(f))
    }
}

macro_rules! per_thread {
    ($(static $name:ident: $type:ty = const $init:block;)*) => {
        $(static $name: $crate::host::PerThread<$type> = $crate::host::PerThread(|| $init);)*
    };
}
pub(crate) use per_thread as thread_local;

/// # Safety
/// As that of the standard library.
pub(crate) unsafe fn alloc(layout: Layout) -> *mut u8 {
    // SAFETY: as promised by the caller.
    let at = unsafe { std::alloc::alloc(layout) };
    let block = Box::leak(Box::new(UnsafeCell::new(())));
    BLOCKS.with_borrow_mut(|all| all.insert(at.addr(), block));
    at
}

/// # Safety
/// As that of the standard library.
pub(crate) unsafe fn dealloc(at: *mut u8, layout: Layout) {
    let block = BLOCKS.with_borrow_mut(|all| all.remove(&at.addr()));
    // Fails the model where somebody reads meanwhile, or may have read afterwards.
    block.expect("a block that is there").with_mut(|_| ());
    // SAFETY: as promised by the caller.
    unsafe { std::alloc::dealloc(at, layout) };
}

/// Reads in the block of memory that begins at `at`.
pub(crate) fn read_block(at: usize) {
    let block = BLOCKS.with_borrow(|all| all.get(&at).copied());
    block.expect("a block that is there").with(|_| ());
}

pub(crate) fn blocks() -> usize {
    BLOCKS.with_borrow(HashMap::len)
}

/// Loom's atomics, but that a load with `SeqCst` is one order with all such accesses: loom's own may give an older value. So
/// it comes after a fence, as compilers for some machines translate it.
pub(crate) mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, Ordering};

    macro_rules! atomics {
        ($($name:ident: $int:ty;)*) => {$(
            pub(crate) struct $name(loom::sync::atomic::$name);

            impl $name {
                pub(crate) fn new(x: $int) -> $name {
                    $name(loom::sync::atomic::$name::new(x))
                }

                pub(crate) fn load(&self, order: Ordering) -> $int {
                    if order == Ordering::SeqCst {
                        loom::sync::atomic::fence(order);
                    }
                    self.0.load(order)
                }
            }

            impl std::ops::Deref for $name {
                type Target = loom::sync::atomic::$name;

                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }
        )*};
    }

    atomics! {
        AtomicU32: u32;
        AtomicU64: u64;
    }
}
