//! Long lists whose memory is reused: to get a page from the system costs more than to fill it.

use super::sync::unpoisoned;
use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A `Vec` whose buffer, if it is long, goes back to a [`BufferPool`] when it is dropped.
pub(crate) struct Pooled<T: Poolable>(Vec<T>);

/// What long lists are made of.
pub(crate) trait Poolable: Sized + Send + 'static {
    /// The type that its buffers are stored as: of the same size and alignment.
    type Stored: Send;

    /// Where they are stored.
    fn pool() -> &'static BufferPool<Self::Stored>;
}

/// Empty buffers, the last one that was returned at the end.
pub(crate) struct BufferPool<S>(Mutex<Vec<Vec<S>>>);

/// Buffers of fewer bytes are left to the allocator.
const LEAST: usize = 64 << 10;
/// The most bytes that all pools hold together: enough for a plan of two million nodes and its results, or for a map of a
/// million.
const MOST: usize = 128 << 20;
static POOLED: AtomicUsize = AtomicUsize::new(0);

impl<S> BufferPool<S> {
    pub(crate) const fn new() -> BufferPool<S> {
        BufferPool(Mutex::new(Vec::new()))
    }

    fn bytes(buffer: &Vec<S>) -> usize {
        buffer.capacity() * size_of::<S>()
    }

    /// Takes the shortest buffer with room for `len` elements, but not for many more; if `len` is 0, the longest.
    fn take(&self, len: usize) -> Option<Vec<S>> {
        let mut buffers = unpoisoned(self.0.lock());
        let fitting = buffers.iter().enumerate();
        let fitting = fitting.filter(|(_, buffer)| match len {
            0 => true,
            _ => buffer.capacity() >= len && buffer.capacity() / 4 <= len,
        });
        let best = match len {
            0 => fitting.max_by_key(|(_, buffer)| buffer.capacity()),
            _ => fitting.min_by_key(|(_, buffer)| buffer.capacity()),
        };
        let at = best?.0;
        let buffer = buffers.remove(at);
        POOLED.fetch_sub(Self::bytes(&buffer), Relaxed);
        Some(buffer)
    }

    /// Returns a buffer; if that is too much, frees those that were not used for longest.
    fn put(&self, buffer: Vec<S>) {
        let bytes = Self::bytes(&buffer);
        if bytes == 0 || bytes > MOST {
            return;
        }
        let mut buffers = unpoisoned(self.0.lock());
        let mut pooled = POOLED.fetch_add(bytes, Relaxed) + bytes;
        buffers.push(buffer);
        while pooled > MOST && !buffers.is_empty() {
            let bytes = Self::bytes(&buffers.remove(0));
            pooled = POOLED.fetch_sub(bytes, Relaxed) - bytes;
        }
    }
}

impl<T: Poolable> Pooled<T> {
    pub(crate) const fn new() -> Pooled<T> {
        Pooled(Vec::new())
    }

    /// Makes an empty list with room for `len` elements.
    pub(crate) fn with_capacity(len: usize) -> Pooled<T> {
        match len * size_of::<T>() < LEAST {
            true => Pooled(Vec::with_capacity(len)),
            false => Pooled::reused(len).unwrap_or_else(|| Pooled(Vec::with_capacity(len))),
        }
    }

    /// Makes an empty list of unknown final length, in the longest buffer of the pool. [`Pooled::shrink`] it when it is
    /// complete.
    pub(crate) fn with_longest() -> Pooled<T> {
        Pooled::reused(0).unwrap_or(Pooled(Vec::new()))
    }

    fn reused(len: usize) -> Option<Pooled<T>> {
        let buffer = T::pool().take(len)?;
        Some(Pooled(emptied(buffer)))
    }

    /// Returns most of an oversized buffer to the pool, after the last element was added.
    pub(crate) fn shrink(&mut self)
    where
        T: Copy,
    {
        if self.capacity() / 4 > self.len() {
            let mut fitting = Pooled::with_capacity(self.len());
            fitting.extend_from_slice(self);
            *self = fitting;
        }
    }

    /// Maps each element to another of the same size, in the same buffer.
    pub(crate) fn map<U: Poolable<Stored = T::Stored>>(
        mut self,
        to: impl FnMut(T) -> U,
    ) -> Pooled<U> {
        Pooled(take(&mut self.0).into_iter().map(to).collect())
    }
}

/// The same buffer, empty, for elements of another type.
fn emptied<A, B>(mut list: Vec<A>) -> Vec<B> {
    list.clear();
    let none = |_| unreachable!("it is empty");
    // Collected in place: see the test.
    list.into_iter().map(none).collect()
}

impl<T: Poolable> Drop for Pooled<T> {
    fn drop(&mut self) {
        if self.capacity() * size_of::<T>() >= LEAST && !cfg!(lazygraph_apart) {
            T::pool().put(emptied(take(&mut self.0)));
        }
    }
}

impl<T: Poolable> Deref for Pooled<T> {
    type Target = Vec<T>;

    #[inline]
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Poolable> DerefMut for Pooled<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Poolable> Default for Pooled<T> {
    fn default() -> Self {
        Pooled::new()
    }
}

impl<T: Poolable> From<Vec<T>> for Pooled<T> {
    fn from(list: Vec<T>) -> Self {
        Pooled(list)
    }
}

impl<'l, T: Poolable> IntoIterator for &'l Pooled<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Poolable> FromIterator<T> for Pooled<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let items = items.into_iter();
        let mut list = Pooled::with_capacity(items.size_hint().0);
        list.extend(items);
        list
    }
}

macro_rules! words {
    ($($word:ty),*) => {$(
        impl Poolable for $word {
            type Stored = $word;

            fn pool() -> &'static BufferPool<$word> {
                static POOL: BufferPool<$word> = BufferPool::new();
                &POOL
            }
        }
    )*};
}

words!(u16, u32, u64, [u64; 5]);

/// Lists of a type that is a number inside share the pool of that number.
macro_rules! pooled_as {
    ($type:ty, $word:ty) => {
        // Elsewhere nothing would be pooled: pointers are shorter on other machines, a model checker makes types larger.
        #[cfg(all(target_pointer_width = "64", not(lazygraph_shuttle)))]
        const _: () = assert!(
            size_of::<$type>() == size_of::<$word>() && align_of::<$type>() == align_of::<$word>()
        );

        impl $crate::base::buffer_pool::Poolable for $type {
            type Stored = $word;

            fn pool() -> &'static $crate::base::buffer_pool::BufferPool<$word> {
                <$word as $crate::base::buffer_pool::Poolable>::pool()
            }
        }
    };
}
pub(crate) use pooled_as;

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing else has lists of these: the test is alone with their pool.
    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Even(u16);
    words!(Even);

    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Odd(u16);
    pooled_as!(Odd, Even);

    #[test]
    fn memory_is_used_again() {
        let len = 3 << 20;
        let mut list = Pooled::<Even>::with_capacity(len);
        list.resize(len, Even(6));
        let at = list.as_ptr().addr();
        let list = list.map(|Even(x)| Odd(x + 1));
        assert_eq!((list.as_ptr().addr(), list[len - 1]), (at, Odd(7)));
        drop(list);
        // Not for what is much shorter, and stays.
        let short = Pooled::<Odd>::with_capacity(len / 8);
        assert_ne!(short.as_ptr().addr(), at);
        let again = Pooled::<Odd>::with_capacity(len / 2);
        assert_eq!((again.as_ptr().addr(), again.len()), (at, 0));
        drop(again);
        let mut roomy = Pooled::<Even>::with_longest();
        assert_eq!(roomy.as_ptr().addr(), at);
        roomy.push(Even(2));
        roomy.shrink();
        assert_eq!((roomy.capacity(), roomy[0]), (1, Even(2)));
        // More than all pools may hold.
        drop(Pooled(Vec::<Even>::with_capacity(MOST)));
        let lists = unpoisoned(Even::pool().0.lock());
        let pooled: usize = lists.iter().map(BufferPool::bytes).sum();
        assert_eq!(pooled, 2 * len);
    }
}
