//! Memory that will be looked at: hints to the processor, where there are any.

/// The bytes that come into the cache together.
const LINE: usize = 64;

/// `at` will be read or written soon.
#[inline]
pub(super) fn prefetch<T>(at: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint; it reads nothing, and any address will do.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// So will all of `bytes` bytes from `at` on.
pub(super) fn prefetch_all(at: *const u8, bytes: usize) {
    for offset in (0..bytes).step_by(LINE) {
        prefetch(at.wrapping_add(offset));
    }
}
