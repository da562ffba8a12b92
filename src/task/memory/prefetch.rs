//! Hints to the processor about memory that will be accessed soon.

/// The bytes of a cache line.
const LINE: usize = 64;

/// Brings the cache line at `at` into the cache.
#[inline]
pub(in crate::task) fn prefetch<T>(at: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint; it reads nothing, and any address will do.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// Brings `bytes` bytes from `at` on into the cache.
pub(super) fn prefetch_range(at: *const u8, bytes: usize) {
    for offset in (0..bytes).step_by(LINE) {
        prefetch(at.wrapping_add(offset));
    }
}
