//! The type of a result, erased: how it lies in its slot, is dropped and shared.

use super::number::Number;
use super::value::Value;
use std::any::{Any, TypeId};
use std::sync::Arc;

/// How a result lies in its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Storage {
    /// The value itself.
    Inline,
    /// `Arc::into_raw` of it.
    Shared,
    /// A [`Borrowed`](super::source::Borrowed): a pointer into a scope's stack, first word(s) of the slot.
    Borrowed,
}

/// The type of a node's result, as far as the executor needs it.
pub(crate) struct ResultType {
    pub(crate) size: usize,
    pub(crate) align: usize,
    pub(crate) storage: Storage,
    /// Drops what the slot holds in its own `storage`; `None` if there is nothing to drop.
    pub(crate) drop: Option<unsafe fn(*mut u8)>,
    /// How to turn an `Inline` result into a `Shared` one, and what can be done with it then.
    pub(crate) share: Option<Share>,
    pub(crate) name: fn() -> &'static str,
}

/// What can be done with a result that may be shared.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    /// `T` in the slot becomes `Arc<T>` (raw) in the slot.
    pub(crate) wrap: unsafe fn(*mut u8),
    /// Another handle to the `Arc<T>` in the slot.
    pub(crate) export: unsafe fn(*const u8) -> Arc<dyn Any + Send + Sync>,
    /// Puts a handle into the empty slot; `false` if the value is of another type.
    pub(crate) import: unsafe fn(&Arc<dyn Any + Send + Sync>, *mut u8) -> bool,
    /// Drops the `Arc<T>` in the slot.
    pub(crate) drop: unsafe fn(*mut u8),
    /// The `T` in the slot, if it is a number of at most eight bytes.
    pub(crate) number: unsafe fn(*const u8) -> Option<Number>,
    /// Such a number, shared; `None`: it is no `T`.
    pub(crate) shared_number: fn(Number) -> Option<Arc<dyn Any + Send + Sync>>,
    /// Whether `T` is a number, a `char` or a `bool`: what follows may be called.
    pub(crate) copies: fn() -> bool,
    /// A copy of the `T` in the slot.
    pub(crate) copy_out: unsafe fn(*const u8) -> Arc<dyn Any + Send + Sync>,
    /// Puts a copy into the empty slot; `false` if the value is of another type.
    pub(crate) copy_in: unsafe fn(&Arc<dyn Any + Send + Sync>, *mut u8) -> bool,
}

pub(crate) trait Typed {
    const RESULT: ResultType;
}

impl<T: Value> Typed for T {
    const RESULT: ResultType = ResultType {
        size: size_of::<T>(),
        align: align_of::<T>(),
        storage: Storage::Inline,
        drop: if std::mem::needs_drop::<T>() {
            Some(drop_inline::<T>)
        } else {
            None
        },
        share: Some(Share {
            wrap: wrap::<T>,
            export: export::<T>,
            import: import::<T>,
            drop: drop_shared::<T>,
            number: number::<T>,
            shared_number: shared_number::<T>,
            copies: copies::<T>,
            copy_out: copy_out::<T>,
            copy_in: copy_in::<T>,
        }),
        name: std::any::type_name::<T>,
    };
}

/// # Safety
/// `slot` holds a `T` that nobody else reads or drops.
unsafe fn drop_inline<T>(slot: *mut u8) {
    // SAFETY: as promised by the caller.
    unsafe { slot.cast::<T>().drop_in_place() }
}

/// # Safety
/// `slot` holds `Arc::into_raw` of an `Arc<T>` that nobody else drops.
pub(super) unsafe fn drop_shared<T>(slot: *mut u8) {
    // SAFETY: as promised by the caller.
    drop(unsafe { Arc::from_raw(slot.cast::<*const T>().read()) });
}

/// # Safety
/// `slot` holds a `T`, is large and aligned enough for a pointer too, and is the caller's alone.
unsafe fn wrap<T: Value>(slot: *mut u8) {
    // SAFETY: the value is moved out of the slot before the pointer is written over it.
    unsafe {
        let value = Arc::new(slot.cast::<T>().read());
        slot.cast::<*const T>().write(Arc::into_raw(value));
    }
}

/// # Safety
/// `slot` holds `Arc::into_raw` of an `Arc<T>`, which stays there during the call.
unsafe fn export<T: Value>(slot: *const u8) -> Arc<dyn Any + Send + Sync> {
    // SAFETY: the slot's own handle keeps the value alive while the count is raised.
    unsafe {
        let raw = slot.cast::<*const T>().read();
        Arc::increment_strong_count(raw);
        Arc::from_raw(raw)
    }
}

/// # Safety
/// `slot` is empty, the caller's alone, and large and aligned enough for a pointer.
unsafe fn import<T: Value>(value: &Arc<dyn Any + Send + Sync>, slot: *mut u8) -> bool {
    let Ok(value) = value.clone().downcast::<T>() else {
        return false;
    };
    // SAFETY: as promised by the caller.
    unsafe { slot.cast::<*const T>().write(Arc::into_raw(value)) };
    true
}

/// # Safety
/// `slot` holds a `T`, which nobody writes to during the call.
unsafe fn number<T: Value>(slot: *const u8) -> Option<Number> {
    // SAFETY: as promised by the caller.
    Number::of(unsafe { &*slot.cast::<T>() })
}

fn shared_number<T: Value>(number: Number) -> Option<Arc<dyn Any + Send + Sync>> {
    Some(Arc::new(number.get::<T>()?))
}

/// Whether a bitwise copy of a `T` is as good as the `T`: one of those types that are `Copy` for certain.
fn copies<T: Value>() -> bool {
    let this = TypeId::of::<T>();
    Number::is::<T>() || this == TypeId::of::<i128>() || this == TypeId::of::<u128>()
}

/// # Safety
/// `T` is one that `copies`; `slot` holds a `T`, which nobody writes to during the call.
unsafe fn copy_out<T: Value>(slot: *const u8) -> Arc<dyn Any + Send + Sync> {
    // SAFETY: as promised by the caller.
    Arc::new(unsafe { slot.cast::<T>().read() })
}

/// # Safety
/// `T` is one that `copies`; `slot` is empty, the caller's alone, and fits a `T`.
unsafe fn copy_in<T: Value>(value: &Arc<dyn Any + Send + Sync>, slot: *mut u8) -> bool {
    let Some(value) = value.downcast_ref::<T>() else {
        return false;
    };
    // SAFETY: as promised by the caller.
    unsafe { slot.cast::<T>().copy_from_nonoverlapping(value, 1) };
    true
}
