//! A value that is alive or dropped, and is read and written as loom sees it.

use loom::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

pub(crate) struct Probe {
    cell: UnsafeCell<u32>,
    live: Arc<AtomicUsize>,
}

// SAFETY: whether its users keep apart is what is tried.
unsafe impl Send for Probe {}
// SAFETY: as above.
unsafe impl Sync for Probe {}

impl Probe {
    pub(crate) fn new(x: u32, live: &Arc<AtomicUsize>) -> Probe {
        live.fetch_add(1, SeqCst);
        Probe {
            cell: UnsafeCell::new(x),
            live: live.clone(),
        }
    }

    pub(crate) fn read(&self) -> u32 {
        // SAFETY: loom fails the model if somebody writes meanwhile.
        self.cell.with(|x| unsafe { *x })
    }

    /// What its owner may do, and nobody else.
    pub(crate) fn write(&self, to: u32) {
        // SAFETY: loom fails the model if somebody reads or writes meanwhile.
        self.cell.with_mut(|x| unsafe { *x = to });
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.write(0);
        self.live.fetch_sub(1, SeqCst);
    }
}
