//! The counts of nodes, and the chunks that they lie in.

use crate::base::Owners;
use crate::host;
use crate::probe::Probe;
use crate::task::{CHUNK, free, make};
use loom::thread;
use std::ptr::NonNull;
use std::sync::Arc;

/// What owns it does with it, and then leaves; the last drops it.
#[derive(Clone, Copy)]
enum Owner {
    Leaves,
    LeavesOrKeeps,
    /// Makes another owner first, which leaves on its own thread.
    Clones,
}

struct Owned {
    owners: Owners,
    value: Probe,
}

fn leave(owned: &Owned, is_last: impl FnOnce(&Owners) -> bool) {
    assert_eq!(owned.value.read(), 7);
    if is_last(&owned.owners) {
        owned.value.write(8);
    }
}

fn own(owned: &Arc<Owned>, owner: Owner) {
    match owner {
        Owner::Leaves => leave(owned, |owners| owners.leave(1)),
        Owner::LeavesOrKeeps => leave(owned, Owners::leave_or_keep),
        Owner::Clones => {
            owned.owners.add();
            let other = owned.clone();
            let other = thread::spawn(move || leave(&other, Owners::leave_or_keep));
            leave(owned, Owners::leave_or_keep);
            other.join().unwrap();
        }
    }
}

/// Tries all interleavings of these owners: each has read it before the last writes.
fn check(owners: &'static [Owner]) {
    loom::model(move || {
        let owned = Arc::new(Owned {
            owners: Owners::new(owners.len() as u32),
            value: Probe::new(7, &Arc::default()),
        });
        let threads: Vec<_> = owners[1..]
            .iter()
            .map(|owner| {
                let owned = owned.clone();
                thread::spawn(move || own(&owned, *owner))
            })
            .collect();
        own(&owned, owners[0]);
        threads.into_iter().for_each(|t| t.join().unwrap());
        assert_eq!(owned.value.read(), 8, "one of them was the last");
    });
}

use Owner::{Clones, Leaves, LeavesOrKeeps};

#[test]
fn owners_that_leave() {
    check(&[Leaves, Leaves]);
    check(&[Leaves, Leaves, Leaves]);
}

#[test]
fn owners_that_may_keep_the_last_count() {
    check(&[LeavesOrKeeps, LeavesOrKeeps]);
    check(&[LeavesOrKeeps, LeavesOrKeeps, LeavesOrKeeps]);
    check(&[LeavesOrKeeps, Leaves, LeavesOrKeeps]);
}

#[test]
fn owners_that_make_others() {
    check(&[Clones, LeavesOrKeeps]);
    check(&[LeavesOrKeeps, Clones]);
}

/// Who finds that it is the only one may change what it owns.
#[test]
fn who_is_alone_may_write() {
    loom::model(|| {
        let owned = Arc::new(Owned {
            owners: Owners::new(2),
            value: Probe::new(7, &Arc::default()),
        });
        let other = owned.clone();
        let other = thread::spawn(move || leave(&other, Owners::leave_or_keep));
        if owned.owners.is_sole() {
            owned.value.write(7);
        }
        leave(&owned, Owners::leave_or_keep);
        other.join().unwrap();
    });
}

#[derive(Clone, Copy)]
struct Node(NonNull<u8>);

// SAFETY: whether its memory is freed too soon is what is tried.
unsafe impl Send for Node {}

impl Node {
    fn new() -> Node {
        Node(make(8))
    }

    /// Closes the chunk that this thread has filled so far.
    fn large() -> Node {
        Node(make(CHUNK))
    }

    fn read_and_free(self) {
        host::read_block(self.0.addr().get() & !(CHUNK - 1));
        // SAFETY: made above, and each is freed once.
        unsafe { free(self.0) };
    }
}

/// Nodes are freed by the thread that made them and by others, before and after it has closed their chunk: that is freed
/// when all of them are, and once.
#[test]
fn a_chunk_goes_with_the_last_of_its_nodes() {
    loom::model(|| {
        host::reset();
        let [a, b, c, d] = [(); 4].map(|()| Node::new());
        let others = [b, c].map(|node| thread::spawn(move || node.read_and_free()));
        a.read_and_free();
        let large = Node::large();
        d.read_and_free();
        large.read_and_free();
        others.into_iter().for_each(|t| t.join().unwrap());
        assert_eq!(host::blocks(), 0, "chunks that nobody frees");
    });
}

/// As above, where the last node is freed before the chunk is closed.
#[test]
fn a_chunk_goes_when_it_is_closed_empty() {
    loom::model(|| {
        host::reset();
        let [a, b] = [(); 2].map(|()| Node::new());
        let other = thread::spawn(move || {
            b.read_and_free();
            // In a chunk of its own thread.
            let [mine, other] = [Node::new(), Node::new()];
            mine.read_and_free();
            other.read_and_free();
            (Node::large(), Node::new())
        });
        a.read_and_free();
        let large = Node::large();
        let (their_large, theirs) = other.join().unwrap();
        for node in [large, theirs, their_large] {
            node.read_and_free();
        }
        // The one that their thread has not closed.
        assert_eq!(host::blocks(), 1, "chunks that nobody frees");
    });
}
