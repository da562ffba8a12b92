//! A list that lies beside the nodes: the inputs of a call that takes many.

use super::arena;
use super::node::NodePtr;
use std::ops::Deref;
use std::ptr::NonNull;

/// What a [`Row`] is a list of.
pub(crate) trait Lined {
    /// It will be dropped soon.
    fn prefetch(&self);
}

impl Lined for NodePtr {
    #[inline]
    fn prefetch(&self) {
        NodePtr::prefetch(self);
    }
}

/// A list of fixed length. A short one lies in the arena, next to the node that it belongs to.
pub(crate) struct Row<T: Lined> {
    first: NonNull<T>,
    len: usize,
}

// SAFETY: it owns its elements, as a `Vec` does.
unsafe impl<T: Lined + Send> Send for Row<T> {}
// SAFETY: as above.
unsafe impl<T: Lined + Sync> Sync for Row<T> {}

/// The most bytes of a list in the arena.
const SHORT: usize = 512;

impl<T: Lined> Row<T> {
    fn is_short(len: usize) -> bool {
        len * size_of::<T>() <= SHORT && align_of::<T>() <= align_of::<usize>()
    }
}

impl<T: Lined> From<Vec<T>> for Row<T> {
    fn from(mut list: Vec<T>) -> Row<T> {
        let len = list.len();
        if len == 0 || !Row::<T>::is_short(len) {
            let list = Box::leak(list.into_boxed_slice());
            let first = NonNull::from(list).cast();
            return Row { first, len };
        }
        let first = arena::room_for::<T>(len);
        // SAFETY: there is room for as many, which nobody else knows of; the list forgets them.
        unsafe {
            first.copy_from_nonoverlapping(NonNull::new_unchecked(list.as_mut_ptr()), len);
            list.set_len(0);
        }
        Row { first, len }
    }
}

impl<T: Lined> Deref for Row<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: that many were put there, and stay until it is dropped.
        unsafe { NonNull::slice_from_raw_parts(self.first, self.len).as_ref() }
    }
}

impl<T: Lined> Drop for Row<T> {
    fn drop(&mut self) {
        let list = NonNull::slice_from_raw_parts(self.first, self.len);
        if self.len == 0 || !Row::<T>::is_short(self.len) {
            // SAFETY: it was a boxed slice.
            drop(unsafe { Box::from_raw(list.as_ptr()) });
            return;
        }
        // The memory is given back, also if a drop panics.
        struct Room<T>(NonNull<T>);
        impl<T> Drop for Room<T> {
            fn drop(&mut self) {
                // SAFETY: it came from the arena, and what was in it has been dropped.
                unsafe { super::bury::count_out(self.0.cast()) };
            }
        }
        let _room = Room(self.first);
        self.iter().for_each(T::prefetch);
        // SAFETY: they are there, and dropped once.
        unsafe { list.drop_in_place() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::source::held;
    use std::sync::Arc;

    #[test]
    fn it_holds_what_the_list_held() {
        for len in [0, 1, 2, 63, 64, 65, 1_000] {
            let values: Vec<Arc<usize>> = (0..len).map(Arc::new).collect();
            let list: Vec<NodePtr> = values.iter().map(|x| held(x.clone())).collect();
            let raws: Vec<_> = list.iter().map(NodePtr::raw).collect();
            let row = Row::from(list);
            assert!(row.iter().map(NodePtr::raw).eq(raws));
            assert!(values.iter().all(|x| Arc::strong_count(x) == 2));
            drop(row);
            assert!(values.iter().all(|x| Arc::strong_count(x) == 1));
        }
    }
}
