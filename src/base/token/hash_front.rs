//! `#[key(hash)]`: a content key for a type that is only [`Hash`].

use std::hash::{Hash, Hasher};

use super::Hasher128;

/// Writes what the `Hash` implementation of `value` writes.
///
/// A hand-written `Hash` may leave fields out; values that differ only there share a key. Slices of integers arrive
/// here in native byte order, so, unlike other keys, these are stable only between machines of the same byte order.
#[doc(hidden)]
#[inline]
pub(crate) fn token_hash<T: Hash + ?Sized>(value: &T, h: &mut Hasher128) {
    h.write_apart(|own| value.hash(&mut StdHasher::new(own)));
}

/// A [`Hasher`] that writes into a [`Hasher128`].
pub(crate) struct StdHasher<'a>(&'a mut Hasher128);

impl<'a> StdHasher<'a> {
    #[inline]
    pub(crate) fn new(h: &'a mut Hasher128) -> Self {
        StdHasher(h)
    }
}

/// The signed methods of the trait forward to the unsigned ones.
impl Hasher for StdHasher<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.bytes(bytes);
    }

    #[inline]
    fn write_u8(&mut self, x: u8) {
        self.0.u8(x);
    }

    #[inline]
    fn write_u16(&mut self, x: u16) {
        self.0.put(x.to_le_bytes());
    }

    #[inline]
    fn write_u32(&mut self, x: u32) {
        self.0.u32(x);
    }

    #[inline]
    fn write_u64(&mut self, x: u64) {
        self.0.u64(x);
    }

    #[inline]
    fn write_u128(&mut self, x: u128) {
        self.0.u128(x);
    }

    #[inline]
    fn write_usize(&mut self, x: usize) {
        self.0.u64(x as u64);
    }

    /// Not through `write_usize`: the sign must reach all 64 bits.
    #[inline]
    fn write_isize(&mut self, x: isize) {
        self.0.u64(x as i64 as u64);
    }

    fn finish(&self) -> u64 {
        self.0.finish() as u64
    }
}
