//! Long lists whose memory is used again: to have the system lend a page costs more than to fill it.

use super::sync::unpoisoned;
use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A list. If it is long, its memory is kept when it is dropped, for the next list of this kind.
pub(crate) struct Spared<T: Spares>(Vec<T>);

/// What long lists are made of.
pub(crate) trait Spares: Sized + Send + 'static {
    /// What the list is kept as: of the same size and alignment.
    type Kept: Send;

    /// Where it is kept.
    fn shelf() -> &'static Shelf<Self::Kept>;
}

/// Lists that are kept, empty; the one that was put down last is the last.
pub(crate) struct Shelf<K>(Mutex<Vec<Vec<K>>>);

/// Shorter lists, in bytes, are the allocator's business.
const LEAST: usize = 64 << 10;
/// What all shelves keep together, in bytes: enough for a plan of two million nodes and its results, or for a map of a million.
const MOST: usize = 128 << 20;
static KEPT: AtomicUsize = AtomicUsize::new(0);

impl<K> Shelf<K> {
    pub(crate) const fn new() -> Shelf<K> {
        Shelf(Mutex::new(Vec::new()))
    }

    fn bytes(list: &Vec<K>) -> usize {
        list.capacity() * size_of::<K>()
    }

    /// The shortest with room for `len`, but not much more than that; for none in particular, the longest.
    fn take(&self, len: usize) -> Option<Vec<K>> {
        let mut lists = unpoisoned(self.0.lock());
        let fits = lists.iter().enumerate();
        let fits = fits.filter(|(_, list)| match len {
            0 => true,
            _ => list.capacity() >= len && list.capacity() / 4 <= len,
        });
        let best = match len {
            0 => fits.max_by_key(|(_, list)| list.capacity()),
            _ => fits.min_by_key(|(_, list)| list.capacity()),
        };
        let at = best?.0;
        let list = lists.remove(at);
        KEPT.fetch_sub(Self::bytes(&list), Relaxed);
        Some(list)
    }

    /// Where that is too much, those go that were not taken for longest.
    fn put(&self, list: Vec<K>) {
        let bytes = Self::bytes(&list);
        if bytes == 0 || bytes > MOST {
            return;
        }
        let mut lists = unpoisoned(self.0.lock());
        let mut kept = KEPT.fetch_add(bytes, Relaxed) + bytes;
        lists.push(list);
        while kept > MOST && !lists.is_empty() {
            let bytes = Self::bytes(&lists.remove(0));
            kept = KEPT.fetch_sub(bytes, Relaxed) - bytes;
        }
    }
}

impl<T: Spares> Spared<T> {
    pub(crate) const fn new() -> Spared<T> {
        Spared(Vec::new())
    }

    /// Empty, with room for `len`.
    pub(crate) fn with_capacity(len: usize) -> Spared<T> {
        match len * size_of::<T>() < LEAST {
            true => Spared(Vec::with_capacity(len)),
            false => Spared::kept(len).unwrap_or_else(|| Spared(Vec::with_capacity(len))),
        }
    }

    /// Empty, for nobody knows how many: has the room of the longest that is kept. [`Spared::settle`] it.
    pub(crate) fn roomy() -> Spared<T> {
        Spared::kept(0).unwrap_or(Spared(Vec::new()))
    }

    fn kept(len: usize) -> Option<Spared<T>> {
        let list = T::shelf().take(len)?;
        Some(Spared(emptied(list)))
    }

    /// Nothing will be added: gives back room that it does not need.
    pub(crate) fn settle(&mut self)
    where
        T: Copy,
    {
        if self.capacity() / 4 > self.len() {
            let mut fitting = Spared::with_capacity(self.len());
            fitting.extend_from_slice(self);
            *self = fitting;
        }
    }

    /// Something else in the same memory, of the same size.
    pub(crate) fn map<U: Spares<Kept = T::Kept>>(mut self, to: impl FnMut(T) -> U) -> Spared<U> {
        Spared(take(&mut self.0).into_iter().map(to).collect())
    }
}

/// The same memory, without what was in it.
fn emptied<A, B>(mut list: Vec<A>) -> Vec<B> {
    list.clear();
    let none = |_| unreachable!("it is empty");
    // Collected in place: see the test.
    list.into_iter().map(none).collect()
}

impl<T: Spares> Drop for Spared<T> {
    fn drop(&mut self) {
        if self.capacity() * size_of::<T>() >= LEAST && !cfg!(lazygraph_apart) {
            T::shelf().put(emptied(take(&mut self.0)));
        }
    }
}

impl<T: Spares> Deref for Spared<T> {
    type Target = Vec<T>;

    #[inline]
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Spares> DerefMut for Spared<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Spares> Default for Spared<T> {
    fn default() -> Self {
        Spared::new()
    }
}

impl<T: Spares> From<Vec<T>> for Spared<T> {
    fn from(list: Vec<T>) -> Self {
        Spared(list)
    }
}

impl<'l, T: Spares> IntoIterator for &'l Spared<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Spares> FromIterator<T> for Spared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let items = items.into_iter();
        let mut list = Spared::with_capacity(items.size_hint().0);
        list.extend(items);
        list
    }
}

macro_rules! words {
    ($($word:ty),*) => {$(
        impl Spares for $word {
            type Kept = $word;

            fn shelf() -> &'static Shelf<$word> {
                static SHELF: Shelf<$word> = Shelf::new();
                &SHELF
            }
        }
    )*};
}

words!(u16, u32, u64, [u64; 5]);

/// Lists of a type that is a number inside are kept as lists of numbers.
macro_rules! spared_as {
    ($type:ty, $word:ty) => {
        // Else nothing would be kept: of pointers on other machines, of what a model checker has made larger.
        #[cfg(all(target_pointer_width = "64", not(lazygraph_shuttle)))]
        const _: () = assert!(
            size_of::<$type>() == size_of::<$word>() && align_of::<$type>() == align_of::<$word>()
        );

        impl $crate::base::spare::Spares for $type {
            type Kept = $word;

            fn shelf() -> &'static $crate::base::spare::Shelf<$word> {
                <$word as $crate::base::spare::Spares>::shelf()
            }
        }
    };
}
pub(crate) use spared_as;

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing else has lists of these: the test is alone with their shelf.
    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Even(u16);
    words!(Even);

    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Odd(u16);
    spared_as!(Odd, Even);

    #[test]
    fn memory_is_used_again() {
        let len = 3 << 20;
        let mut list = Spared::<Even>::with_capacity(len);
        list.resize(len, Even(6));
        let at = list.as_ptr().addr();
        let list = list.map(|Even(x)| Odd(x + 1));
        assert_eq!((list.as_ptr().addr(), list[len - 1]), (at, Odd(7)));
        drop(list);
        // Not for what is much shorter, and stays.
        let short = Spared::<Odd>::with_capacity(len / 8);
        assert_ne!(short.as_ptr().addr(), at);
        let again = Spared::<Odd>::with_capacity(len / 2);
        assert_eq!((again.as_ptr().addr(), again.len()), (at, 0));
        drop(again);
        let mut roomy = Spared::<Even>::roomy();
        assert_eq!(roomy.as_ptr().addr(), at);
        roomy.push(Even(2));
        roomy.settle();
        assert_eq!((roomy.capacity(), roomy[0]), (1, Even(2)));
        // More than all shelves may keep.
        drop(Spared(Vec::<Even>::with_capacity(MOST)));
        let lists = unpoisoned(Even::shelf().0.lock());
        let kept: usize = lists.iter().map(Shelf::bytes).sum();
        assert_eq!(kept, 2 * len);
    }
}
