//! Lists of nodes, stored beside the nodes: the inputs of a call that takes many.

use super::raw::NodePtr;
use super::reclaim::free_memory;
use crate::task::memory::alloc_array;
use std::ops::Deref;
use std::ptr::NonNull;

/// A list of nodes of fixed length. A short one lies in the arena, next to the node that it belongs to.
pub(crate) struct NodeList {
    first: NonNull<NodePtr>,
    len: usize,
}

// SAFETY: it owns its elements, as a `Vec` does, and they are `Send`.
unsafe impl Send for NodeList {}
// SAFETY: as above, and they are `Sync`.
unsafe impl Sync for NodeList {}

/// The most nodes of a list in the arena.
const SHORT: usize = 512 / size_of::<NodePtr>();

impl NodeList {
    fn is_in_arena(len: usize) -> bool {
        (1..=SHORT).contains(&len)
    }
}

impl From<Vec<NodePtr>> for NodeList {
    fn from(mut list: Vec<NodePtr>) -> NodeList {
        let len = list.len();
        if !NodeList::is_in_arena(len) {
            let list = Box::leak(list.into_boxed_slice());
            let first = NonNull::from(list).cast();
            return NodeList { first, len };
        }
        let first = alloc_array::<NodePtr>(len);
        // SAFETY: there is room for as many, which no one else knows of; the list forgets them.
        unsafe {
            first.copy_from_nonoverlapping(NonNull::new_unchecked(list.as_mut_ptr()), len);
            list.set_len(0);
        }
        NodeList { first, len }
    }
}

impl Deref for NodeList {
    type Target = [NodePtr];

    #[inline]
    fn deref(&self) -> &[NodePtr] {
        // SAFETY: that many were put there, and stay until it is dropped.
        unsafe { NonNull::slice_from_raw_parts(self.first, self.len).as_ref() }
    }
}

impl Drop for NodeList {
    fn drop(&mut self) {
        let list = NonNull::slice_from_raw_parts(self.first, self.len);
        if !NodeList::is_in_arena(self.len) {
            // SAFETY: it was a boxed slice.
            drop(unsafe { Box::from_raw(list.as_ptr()) });
            return;
        }
        // Frees the memory even if a drop panics.
        struct Memory(NonNull<NodePtr>);
        impl Drop for Memory {
            fn drop(&mut self) {
                // SAFETY: it came from the arena, and the nodes in it have been dropped.
                unsafe { free_memory(self.0.cast()) };
            }
        }
        let _memory = Memory(self.first);
        self.iter().for_each(NodePtr::prefetch);
        // SAFETY: they are there, and dropped once.
        unsafe { list.drop_in_place() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::source::value_source;
    use std::sync::Arc;

    #[test]
    fn it_holds_what_the_list_held() {
        for len in [0, 1, 2, 63, 64, 65, 1_000] {
            let values: Vec<Arc<usize>> = (0..len).map(Arc::new).collect();
            let list = values.iter().map(|x| value_source(x.clone()));
            let list: Vec<NodePtr> = list.collect();
            let raws: Vec<_> = list.iter().map(NodePtr::raw).collect();
            let list = NodeList::from(list);
            assert!(list.iter().map(NodePtr::raw).eq(raws));
            assert!(values.iter().all(|x| Arc::strong_count(x) == 2));
            drop(list);
            assert!(values.iter().all(|x| Arc::strong_count(x) == 1));
        }
    }
}
