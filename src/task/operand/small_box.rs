//! Values of any type in a fixed number of words.

use std::marker::PhantomData;

/// How an `L` is stored in the words `W`: in place if it fits, else boxed.
pub(super) struct SmallBox<L, W>(PhantomData<(L, W)>);

impl<L, W> SmallBox<L, W> {
    pub(super) const IN_PLACE: bool =
        size_of::<L>() <= size_of::<W>() && align_of::<L>() <= align_of::<W>();

    /// # Safety
    /// The words may be written.
    #[inline]
    pub(super) unsafe fn put(it: L, words: *mut W) {
        // SAFETY: as promised by the caller; they have room for an `L`, or else for a pointer to one.
        unsafe {
            if Self::IN_PLACE {
                words.cast::<L>().write(it);
            } else {
                words.cast::<*mut L>().write(Box::into_raw(Box::new(it)));
            }
        }
    }

    /// # Safety
    /// The words hold an `L` that [`put`](Self::put) has put there.
    #[inline]
    pub(super) unsafe fn get(words: *const W) -> *const L {
        if Self::IN_PLACE {
            words.cast()
        } else {
            // SAFETY: as promised by the caller.
            unsafe { *words.cast::<*const L>() }
        }
    }

    /// # Safety
    /// As `get`; no one looks at it afterwards.
    #[inline]
    pub(super) unsafe fn drop(words: *mut W) {
        // SAFETY: as promised by the caller.
        unsafe {
            let it = Self::get(words).cast_mut();
            if Self::IN_PLACE {
                it.drop_in_place();
            } else {
                drop(Box::from_raw(it));
            }
        }
    }
}
