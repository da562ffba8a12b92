//! The hasher behind content keys: XXH3 with 128 bits over the bytes that were written.

use std::fmt;

use xxhash_rust::{
    const_xxh3,
    xxh3::{Xxh3Default, xxh3_128},
};

/// Bytes kept inline. Most argument lists fit, and are hashed in one call without an allocation.
const INLINE: usize = 248;
/// Bytes that a slice of numbers is copied through at a time: large enough to amortise the call, well inside L1.
const STAGE: usize = 4096;

/// Collects the content of a value and yields its 128-bit key.
///
/// The key is `XXH3-128(seed ++ everything written)`. How the writes are split into calls does not matter, so the writer
/// must delimit its values; [`bytes`](Hasher128::bytes) writes a length for that reason. See [`Token`](super::Token) for
/// the layout that this crate uses.
///
/// # Examples
/// ```
/// use lazygraph::{Hasher128, Token};
///
/// let key = |x: &str| {
///     let mut h = Hasher128::new(0);
///     x.token(&mut h);
///     h.finish()
/// };
/// assert_eq!(key("a"), key("a"));
/// assert_ne!(key("a"), key("b"));
/// ```
pub struct Hasher128 {
    /// Bytes not yet hashed: `buffer[..len]`.
    buffer: [u8; INLINE],
    len: usize,
    /// If `spilled`, everything written before `buffer`; otherwise an old state, kept for its allocation.
    stream: Option<Box<Xxh3Default>>,
    spilled: bool,
    failure: Option<Box<str>>,
}

impl Hasher128 {
    /// Creates a hasher; different seeds give unrelated keys.
    #[inline]
    pub fn new(seed: u128) -> Self {
        let mut hasher = Hasher128 {
            buffer: [0; INLINE],
            len: 0,
            stream: None,
            spilled: false,
            failure: None,
        };
        hasher.put(seed.to_le_bytes());
        hasher
    }

    /// Resets this hasher to the state of [`Hasher128::new(seed)`](Hasher128::new), keeping its buffers.
    #[inline]
    pub fn reset(&mut self, seed: u128) {
        self.len = 0;
        self.spilled = false;
        if self.failure.is_some() {
            self.failure = None;
        }
        self.put(seed.to_le_bytes());
    }

    /// Writes one byte.
    #[inline]
    pub fn u8(&mut self, x: u8) {
        self.put([x]);
    }

    /// Writes 4 bytes.
    #[inline]
    pub fn u32(&mut self, x: u32) {
        self.put(x.to_le_bytes());
    }

    /// Writes 8 bytes.
    #[inline]
    pub fn u64(&mut self, x: u64) {
        self.put(x.to_le_bytes());
    }

    /// Writes 16 bytes.
    #[inline]
    pub fn u128(&mut self, x: u128) {
        self.put(x.to_le_bytes());
    }

    /// Writes the length of `bytes` as a `u64`, then `bytes`.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Writes `bytes` without their length.
    #[inline]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        match self.buffer.get_mut(self.len..self.len + bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.spill(bytes),
        }
    }

    /// Writes a slice of numbers without its length, each as the bytes that `to_le` makes of it.
    #[inline]
    pub(super) fn numbers<T: Copy, const W: usize>(
        &mut self,
        numbers: &[T],
        to_le: impl Fn(T) -> [u8; W],
    ) {
        if numbers.len() <= (INLINE - self.len) / W {
            for &x in numbers {
                self.put(to_le(x));
            }
            return;
        }
        self.spill(&[]);
        let mut stage = [0; STAGE];
        let (cells, _) = stage.as_chunks_mut::<W>();
        for part in numbers.chunks(cells.len()) {
            for (cell, &x) in cells.iter_mut().zip(part) {
                *cell = to_le(x);
            }
            self.spill(cells[..part.len()].as_flattened());
        }
    }

    /// Writes the items of a collection whose order does not matter, such as a hash map.
    ///
    /// `token` writes one item. The keys of all items are added up, so every order gives the same sum.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Hasher128, Token};
    /// use std::collections::HashMap;
    ///
    /// struct Weights(HashMap<String, f64>);
    ///
    /// impl Token for Weights {
    ///     fn token(&self, h: &mut Hasher128) {
    ///         h.unordered(&self.0, |entry, h| entry.token(h));
    ///     }
    /// }
    /// ```
    pub fn unordered<I: IntoIterator>(
        &mut self,
        items: I,
        mut token: impl FnMut(I::Item, &mut Hasher128),
    ) {
        let mut bag = Bag::new();
        for item in items {
            token(item, &mut bag.item);
            bag.close_item();
        }
        bag.pour(self);
    }

    /// Writes the key of what `write` writes into a hasher of its own.
    #[inline(never)]
    pub(super) fn write_apart(&mut self, write: impl FnOnce(&mut Hasher128)) {
        let mut own = Hasher128::new(0);
        write(&mut own);
        self.u128(own.finish());
        if let Some(why) = own.failure() {
            self.poison(why);
        }
    }

    /// Marks the value as impossible to key, for the reason `why`.
    ///
    /// Only the first reason is kept. Compiling a graph with such an argument fails with
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid).
    #[cold]
    pub fn poison(&mut self, why: impl fmt::Display) {
        if self.failure.is_none() {
            self.failure = Some(why.to_string().into());
        }
    }

    /// Returns the reason given to [`poison`](Hasher128::poison), if it was called.
    #[inline]
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Returns the key of everything written so far.
    #[inline]
    pub fn finish(&self) -> u128 {
        match self.spilled {
            false => xxh3_128(&self.buffer[..self.len]),
            true => self.finish_stream(),
        }
    }

    #[cold]
    fn finish_stream(&self) -> u128 {
        let mut stream = self.stream.as_deref().cloned().unwrap_or_default();
        stream.update(&self.buffer[..self.len]);
        stream.digest128()
    }

    #[inline]
    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let at = self.len;
        // One comparison: `at + N` cannot overflow.
        if at <= const { INLINE - N } {
            self.buffer[at..at + N].copy_from_slice(&bytes);
            self.len = at + N;
        } else {
            self.spill_array(bytes);
        }
    }

    /// By value, so that the caller need not store it before it is known whether it fits.
    #[cold]
    fn spill_array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.spill(&bytes);
    }

    /// Moves the buffer into the streaming state, then `bytes`: into the buffer if they fit.
    #[inline(never)]
    fn spill(&mut self, bytes: &[u8]) {
        let stream = self.stream.get_or_insert_with(Default::default);
        if !self.spilled {
            stream.reset();
            self.spilled = true;
        }
        stream.update(&self.buffer[..self.len]);
        self.len = 0;
        match self.buffer.get_mut(..bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.len = bytes.len();
            }
            None => stream.update(bytes),
        }
    }
}

impl fmt::Debug for Hasher128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failure() {
            Some(why) => write!(f, "Hasher128(no key: {why})"),
            None => write!(f, "Hasher128({:032x})", self.finish()),
        }
    }
}

/// Sums up the keys of a collection whose order does not matter.
pub(super) struct Bag {
    /// The hasher of the current item.
    pub(super) item: Hasher128,
    sum: u128,
    count: u64,
}

impl Bag {
    pub(super) fn new() -> Self {
        Bag {
            item: Hasher128::new(0),
            sum: 0,
            count: 0,
        }
    }

    /// Adds the key of the current item to the sum, and starts the next.
    pub(super) fn close_item(&mut self) {
        self.sum = self.sum.wrapping_add(self.item.finish());
        self.count += 1;
        let failure = self.item.failure.take();
        self.item.reset(0);
        self.item.failure = failure;
    }

    /// Writes the count of the items and the sum of their keys.
    pub(super) fn pour(self, h: &mut Hasher128) {
        h.u64(self.count);
        h.u128(self.sum);
        if let Some(why) = self.item.failure() {
            h.poison(why);
        }
    }
}

/// The identity of a delayed function: its path, its `version`, and a hash of its tokens.
#[doc(hidden)]
pub const fn function_id(path: &str, version: &str, body: u128) -> u128 {
    let parts = [
        const_xxh3::xxh3_128(path.as_bytes()).to_le_bytes(),
        const_xxh3::xxh3_128(version.as_bytes()).to_le_bytes(),
        body.to_le_bytes(),
    ];
    const_xxh3::xxh3_128(parts.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_writes_are_cut_does_not_matter() {
        let bytes: Vec<u8> = (0..3000u32).map(|i| i as u8).collect();
        for total in [0, 1, 100, 223, 224, 231, 232, 233, 248, 249, 256, 257, 3000] {
            let mut seeded = 7u128.to_le_bytes().to_vec();
            seeded.extend(&bytes[..total]);
            let whole = xxhash_rust::xxh3::xxh3_128(&seeded);
            for cut in [1, 3, 64, 247, 248, 249, 500, 3000] {
                let mut h = Hasher128::new(7);
                bytes[..total].chunks(cut).for_each(|part| h.raw(part));
                assert_eq!(h.finish(), whole, "{total} bytes in parts of {cut}");
            }
        }
    }
}
