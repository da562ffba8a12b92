//! Memory orders under loom, which models weak memory and tries all interleavings: of the counts and the memory of nodes, of
//! claims on futures, and of what a run notes of its results. The use counts of slots are in `slots.rs`.
//!
//! It is the files of `src` themselves that run here, with loom's atomics. Where a file says `crate::`, it finds what is below.
//!
//! ```text
//! RUSTFLAGS="--cfg lazygraph_loom" cargo test --package lazygraph-models --target-dir target/models --test weak
//! ```
#![cfg(lazygraph_loom)]
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "modules of the crate, out of their place"
)]
#![allow(
    clippy::arc_with_non_send_sync,
    reason = "whether values cross safely is what is tried"
)]

mod claims;
mod host;
mod ledger;
mod nodes;
mod probe;

#[path = "../../../src/base"]
mod base {
    mod owners;
    pub(crate) use owners::Owners;
    pub(crate) use std::sync::Arc;

    pub(crate) type Shared = Arc<dyn std::any::Any + Send + Sync>;

    pub(crate) mod host {
        pub(crate) use crate::host::{alloc, dealloc, thread_local};
        pub(crate) use loom::sync::atomic;
    }
    pub(crate) mod sync {
        pub(crate) use crate::claims::wait_for_end as yield_now;
        pub(crate) use crate::host::atomic;
        pub(crate) use loom::sync::{Mutex, MutexGuard};
        pub(crate) use std::sync::OnceLock;

        pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
            mutex.lock().unwrap()
        }
    }
    pub(crate) mod error {
        #[derive(Clone, Debug)]
        pub(crate) struct Error;

        pub(crate) fn drop_payload(payload: Box<dyn std::any::Any + Send>) {
            std::panic::resume_unwind(payload);
        }
    }
    pub(crate) mod buffer_pool {
        macro_rules! pooled_as {
            ($($any:tt)*) => {};
        }
        pub(crate) use pooled_as;
    }
}

#[path = "../../../src/task"]
mod task {
    pub(crate) mod future;
    mod memory;

    pub(crate) use io::Number;
    use std::any::TypeId;
    use std::ptr::NonNull;

    pub(crate) mod io {
        pub(crate) trait Value: Send + Sync + 'static {}
        impl<T: Send + Sync + 'static> Value for T {}

        #[derive(Clone, Copy, PartialEq, Debug)]
        pub(crate) struct Number(pub(crate) u8, pub(crate) u64);

        impl Number {
            pub(crate) fn from_parts(kind: u8, bits: u64) -> Number {
                Number(kind, bits)
            }

            pub(crate) fn kind(self) -> u8 {
                self.0
            }

            pub(crate) fn bits(self) -> u64 {
                self.1
            }

            pub(crate) fn get<T: Value>(self) -> Option<T> {
                None
            }
        }
    }

    /// As the crate's, without keys that users give.
    pub(crate) struct ContentKey {
        pub(crate) hash: u128,
        pub(crate) identity: TypeId,
    }

    /// Makes a node of `bytes` bytes, which a `NodePtr` does.
    pub(crate) fn make(bytes: usize) -> NonNull<u8> {
        memory::alloc_array(bytes)
    }

    /// Frees one, as the last `NodePtr` does.
    ///
    /// # Safety
    /// It was made by `make`, and no one has it any more.
    pub(crate) unsafe fn free(node: NonNull<u8>) {
        // SAFETY: as promised by the caller.
        unsafe {
            if !memory::free_in_open_chunk(node) {
                memory::FreeBatch::new().add(node);
            }
        }
    }

    pub(crate) const CHUNK: usize = memory::SIZE;
}

#[path = "../../../src/store/memo"]
mod memo {
    pub(crate) mod ledger;

    pub(crate) use crate::ledger::table;
    use crate::task::ContentKey;
    use ledger::{Ledger, LedgerEntry};

    /// `None`: it runs, and its end can be waited for. Else whether it has a result.
    pub(crate) fn look_up(
        ledger: &Ledger,
        call: &ContentKey,
        table: &table::Table,
    ) -> Option<bool> {
        match ledger.look_up(call, table) {
            LedgerEntry::Running => None,
            entry => Some(matches!(entry, LedgerEntry::Done(_))),
        }
    }

    pub(crate) fn fail_node(ledger: &Ledger, node: usize) -> bool {
        ledger.fail_node(node)
    }
}
