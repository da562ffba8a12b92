//! The use counts of result slots under loom: all interleavings of a few users of one result, with weak memory.
//!
//! It is `src/task/io/frame.rs` itself that runs here, with loom's atomics. Values are loom cells: whoever clones one reads
//! it, whoever moves or drops it writes it, and loom fails where a write does not come after every read.
//!
//! ```text
//! RUSTFLAGS="--cfg lazygraph_loom" cargo test --target-dir target/slots --test slots
//! ```
#![cfg(lazygraph_loom)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of the crate, out of its place"
)]
#![allow(
    clippy::arc_with_non_send_sync,
    reason = "whether values cross safely is what is tried"
)]

/// What `frame` finds in the crate.
mod base {
    pub(crate) mod error {
        #[derive(Clone)]
        pub(crate) struct Error;
    }
    pub(crate) mod sync {
        pub(crate) use loom::sync::atomic;
    }
}
mod value {
    pub(crate) trait Value {}
    impl<T> Value for T {}
}
#[path = "../../src/task/io/frame.rs"]
mod frame;

use base::sync::atomic::AtomicU32;
use base::sync::atomic::Ordering::Relaxed;
use frame::{Edge, Frame, SlotTable};
use loom::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// A value that is alive or dropped, and is read and written as loom sees it.
struct Probe {
    cell: UnsafeCell<u32>,
    live: Arc<AtomicUsize>,
}

impl Probe {
    fn new(x: u32, live: &Arc<AtomicUsize>) -> Probe {
        live.fetch_add(1, SeqCst);
        Probe {
            cell: UnsafeCell::new(x),
            live: live.clone(),
        }
    }

    fn read(&self) -> u32 {
        // SAFETY: loom fails the model if somebody writes meanwhile.
        self.cell.with(|x| unsafe { *x })
    }

    /// What an owner may do.
    fn write(&mut self, to: u32) {
        // SAFETY: as above.
        self.cell.with_mut(|x| unsafe { *x = to });
    }
}

impl Clone for Probe {
    fn clone(&self) -> Probe {
        Probe::new(self.read(), &self.live)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        assert_eq!(self.read() / 7, 1, "a value that is none");
        self.write(0);
        self.live.fetch_sub(1, SeqCst);
    }
}

/// How the result lies in its slot.
#[derive(Clone, Copy, PartialEq)]
enum Slot {
    InPlace,
    Shared,
}

/// How a user reads it.
#[derive(Clone, Copy)]
enum User {
    /// By value: moved by the last, cloned by others.
    Takes,
    /// In place, and lets go after its body.
    Borrows,
    /// By value, but may be tried again: clones, and lets go after its last attempt.
    Keeps,
}

/// A result in a slot, with as many users as are counted.
struct Result {
    buffer: Box<[u64; 16]>,
    offsets: [u32; 1],
    uses: Box<[AtomicU32; 1]>,
    slot: Slot,
}

// SAFETY: what the buffer holds is guarded by the use count: that is what is tried here.
unsafe impl Send for Result {}
// SAFETY: as above.
unsafe impl Sync for Result {}

impl Result {
    /// As `Segment::fill`.
    fn new(slot: Slot, users: u32, live: &Arc<AtomicUsize>) -> Result {
        let result = Result {
            buffer: Box::new([0; 16]),
            offsets: [0],
            uses: Box::new([AtomicU32::new(0)]),
            slot,
        };
        assert!(size_of::<Probe>() <= size_of_val(&*result.buffer));
        let (value, to) = (Probe::new(7, live), result.place());
        // SAFETY: the slot is empty and large enough, and nobody else knows it.
        unsafe {
            match slot {
                Slot::InPlace => to.cast::<Probe>().write(value),
                Slot::Shared => to
                    .cast::<*const Probe>()
                    .write(Arc::into_raw(Arc::new(value))),
            }
        }
        result.uses[0].store(users, Relaxed);
        result
    }

    fn place(&self) -> *mut u8 {
        self.buffer.as_ptr().cast_mut().cast()
    }

    fn table(&self) -> SlotTable {
        SlotTable {
            base: self.place(),
            offsets: self.offsets.as_ptr(),
            uses: self.uses.as_ptr(),
            exclusive: false,
            direct: false,
        }
    }

    fn edge(&self, taken: bool) -> Edge {
        let indirect = if self.slot == Slot::Shared {
            Edge::INDIRECT
        } else {
            0
        };
        let taken = if taken { Edge::TAKEN } else { 0 };
        Edge(Edge::TRACKED | indirect | taken)
    }

    /// As `Segment::let_go`.
    fn let_go(&self) {
        // SAFETY: the caller is a counted user that reads no more; the last one empties the slot.
        unsafe {
            if self.table().release(0) {
                match self.slot {
                    Slot::InPlace => self.place().cast::<Probe>().drop_in_place(),
                    Slot::Shared => {
                        drop(Arc::from_raw(self.place().cast::<*const Probe>().read()));
                    }
                }
            }
        }
    }

    fn used_by(&self, user: User) {
        let edges = [self.edge(!matches!(user, User::Borrows))];
        let keep = matches!(user, User::Keeps);
        // SAFETY: the result is there, the caller is one of its counted users, and it is a `Probe`.
        let frame = unsafe { Frame::new(self.table(), &edges, keep, None) };
        match user {
            User::Takes => {
                let mut mine: Probe = frame.take();
                assert_eq!(mine.read(), 7);
                mine.write(8);
                assert_eq!(mine.read(), 8);
            }
            User::Borrows => {
                assert_eq!(frame.borrow::<Probe>().read(), 7);
                self.let_go();
            }
            User::Keeps => {
                let mut mine: Probe = frame.take();
                mine.write(9);
                drop(mine);
                self.let_go();
            }
        }
    }
}

/// Tries all interleavings of these users, and that nothing is left of the result, nor dropped twice.
fn check(slot: Slot, users: &'static [User]) {
    let mut builder = loom::model::Builder::new();
    // With four users and more than three preemptions there is no end to it.
    builder.preemption_bound = (users.len() > 3).then_some(3);
    builder.check(move || {
        let live = Arc::default();
        let result = loom::sync::Arc::new(Result::new(slot, users.len() as u32, &live));
        let threads: Vec<_> = users[1..]
            .iter()
            .map(|user| {
                let result = result.clone();
                loom::thread::spawn(move || result.used_by(*user))
            })
            .collect();
        result.used_by(users[0]);
        threads.into_iter().for_each(|t| t.join().unwrap());
        assert_eq!(result.uses[0].load(Relaxed), 0);
        assert_eq!(live.load(SeqCst), 0, "values that are still alive");
    });
}

use User::{Borrows, Keeps, Takes};

macro_rules! models {
    ($($name:ident: $($user:ident)*;)*) => {$(
        #[test]
        fn $name() {
            check(Slot::InPlace, &[$($user),*]);
            check(Slot::Shared, &[$($user),*]);
        }
    )*};
}

models! {
    one_takes: Takes;
    two_take: Takes Takes;
    one_takes_and_one_borrows: Takes Borrows;
    two_borrow: Borrows Borrows;
    one_takes_and_one_may_be_tried_again: Takes Keeps;
    three_take: Takes Takes Takes;
    each_in_its_way: Takes Borrows Keeps;
    two_take_and_two_borrow: Takes Takes Borrows Borrows;
}
