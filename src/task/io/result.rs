//! The type of a result, erased: how it is stored in its slot, dropped and shared.

use super::number::Number;
use super::value::Value;
use crate::base::Shared;
use std::any::TypeId;
use std::sync::Arc;

/// How a result is stored in its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Storage {
    /// The value itself.
    Inline,
    /// `Arc::into_raw` of it.
    Shared,
    /// A `Borrowed` of `kinds/borrow.rs`: it begins with a pointer into the stack of a scope.
    Borrowed,
}

/// The type of a node's result, as the executor needs to know it.
pub(crate) struct ResultType {
    pub(crate) size: usize,
    pub(crate) align: usize,
    pub(crate) storage: Storage,
    /// Drops what the slot holds in its own `storage`; `None` if there is nothing to drop.
    pub(crate) drop: Option<unsafe fn(*mut u8)>,
    /// How to share the result; `None` if it cannot be shared.
    pub(crate) share: Option<Share>,
    pub(crate) name: fn() -> &'static str,
}

/// Operations on a result that may be shared.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    /// Replaces the `T` in the slot by `Arc::into_raw` of an `Arc<T>`.
    pub(crate) wrap: unsafe fn(*mut u8),
    /// Clones the `Arc<T>` in the slot.
    pub(crate) export: unsafe fn(*const u8) -> Shared,
    /// Puts an `Arc<T>` into the empty slot; `false` if the value is of another type.
    pub(crate) import: unsafe fn(&Shared, *mut u8) -> bool,
    /// Drops the `Arc<T>` in the slot.
    pub(crate) drop: unsafe fn(*mut u8),
    /// The `T` in the slot, if it is a [`Number`].
    pub(crate) number: unsafe fn(*const u8) -> Option<Number>,
    /// Such a number as an `Arc<T>`; `None` if it is not a `T`.
    pub(crate) shared_number: fn(Number) -> Option<Shared>,
    /// Whether `T` is a number, a `char` or a `bool`: only then may the following be called.
    pub(crate) copies: fn() -> bool,
    /// Copies the `T` out of the slot.
    pub(crate) copy_out: unsafe fn(*const u8) -> Shared,
    /// Copies a `T` into the empty slot; `false` if the value is of another type.
    pub(crate) copy_in: unsafe fn(&Shared, *mut u8) -> bool,
}

/// A type as the result of a node.
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
/// `slot` holds a `T` that no one else reads or drops.
unsafe fn drop_inline<T>(slot: *mut u8) {
    // SAFETY: as promised by the caller.
    unsafe { slot.cast::<T>().drop_in_place() }
}

/// # Safety
/// `slot` holds `Arc::into_raw` of an `Arc<T>` that no one else drops.
pub(crate) unsafe fn drop_shared<T>(slot: *mut u8) {
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
unsafe fn export<T: Value>(slot: *const u8) -> Shared {
    // SAFETY: the slot's own handle keeps the value alive while the count is raised.
    unsafe {
        let raw = slot.cast::<*const T>().read();
        Arc::increment_strong_count(raw);
        Arc::from_raw(raw)
    }
}

/// # Safety
/// `slot` is empty, the caller's alone, and large and aligned enough for a pointer.
unsafe fn import<T: Value>(value: &Shared, slot: *mut u8) -> bool {
    let Ok(value) = value.clone().downcast::<T>() else {
        return false;
    };
    // SAFETY: as promised by the caller.
    unsafe { slot.cast::<*const T>().write(Arc::into_raw(value)) };
    true
}

/// # Safety
/// `slot` holds a `T`, which no one writes to during the call.
unsafe fn number<T: Value>(slot: *const u8) -> Option<Number> {
    // SAFETY: as promised by the caller.
    Number::new(unsafe { &*slot.cast::<T>() })
}

fn shared_number<T: Value>(number: Number) -> Option<Shared> {
    Some(Arc::new(number.get::<T>()?))
}

/// Whether `T` is one of the types that are known to be `Copy`.
fn copies<T: Value>() -> bool {
    let this = TypeId::of::<T>();
    Number::is::<T>() || this == TypeId::of::<i128>() || this == TypeId::of::<u128>()
}

/// # Safety
/// `T` is one that [`copies`]; `slot` holds a `T`, which no one writes to during the call.
unsafe fn copy_out<T: Value>(slot: *const u8) -> Shared {
    // SAFETY: as promised by the caller.
    Arc::new(unsafe { slot.cast::<T>().read() })
}

/// # Safety
/// `T` is one that [`copies`]; `slot` is empty, the caller's alone, and fits a `T`.
unsafe fn copy_in<T: Value>(value: &Shared, slot: *mut u8) -> bool {
    let Some(value) = value.downcast_ref::<T>() else {
        return false;
    };
    // SAFETY: as promised by the caller.
    unsafe { slot.cast::<T>().copy_from_nonoverlapping(value, 1) };
    true
}
