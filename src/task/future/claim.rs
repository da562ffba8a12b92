//! Claims on futures, and what produces their values.

use super::payload::Payload;
use super::promise::Promise;
use super::state::Released;
use crate::base::Shared;
use crate::base::error::Error;
use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire};
use std::any::Any;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

/// The work that completes some futures.
pub(crate) trait Producer: Any + Send + Sync {
    /// Its futures: always the same, at the same address.
    fn promises(&self) -> &[Promise];
    /// The last claim on future `index` was dropped before its end.
    fn unwanted(&self, index: usize);
    /// A future has failed, its last claim was dropped, and nobody has looked at that.
    fn unseen(&self, error: &Error);
    /// The text of the call behind future `index`.
    fn call(&self, index: usize) -> String;
    /// Unique in the process.
    fn id(&self) -> u64;
    /// What executes it, while it is open.
    fn run(&self) -> Option<Shared>;
    /// The futures that it waits for: it cannot end before they have.
    fn needs(&self) -> Vec<Claim>;
    /// Those that future `index` waits for.
    fn needs_of(&self, index: usize) -> Vec<Claim>;
    /// Future `index` is as urgent as one that waits for it; `false`: it is at least so urgent.
    fn raise(&self, index: usize, priority: i32) -> bool;
}

/// A claim on a future: while there is one, the work goes on and the result is stored.
pub(crate) struct Claim {
    producer: Arc<dyn Producer>,
    /// One of its promises.
    promise: NonNull<Promise>,
}

// SAFETY: the pointer leads to a part of `producer`, which is `Send` and `Sync`.
unsafe impl Send for Claim {}
// SAFETY: as above.
unsafe impl Sync for Claim {}

impl Claim {
    /// The first claim on a future: the one that its promise was made with. Call it once for each.
    #[inline]
    pub(crate) fn first(producer: Arc<dyn Producer>, index: usize) -> Claim {
        let promise = NonNull::from(&producer.promises()[index]);
        Claim { producer, promise }
    }

    #[inline]
    pub(crate) fn promise(&self) -> &Promise {
        // SAFETY: promises stay where they are for as long as their producer exists, see `Producer::promises`.
        unsafe { self.promise.as_ref() }
    }

    pub(crate) fn producer(&self) -> &Arc<dyn Producer> {
        &self.producer
    }

    pub(crate) fn index(&self) -> usize {
        let first = self.producer.promises().as_ptr();
        (self.promise.addr().get() - first.addr()) / size_of::<Promise>()
    }

    /// The identity of the future, unique in the process.
    pub(crate) fn id(&self) -> (u64, u32) {
        (self.producer.id(), self.index() as u32)
    }

    #[inline]
    fn release(&self) {
        match self.promise().release_claim() {
            Released::Nothing => {}
            Released::Unwanted => self.producer.unwanted(self.index()),
            Released::Unseen(error) => self.producer.unseen(&error),
        }
    }

    /// The text of the call behind the future.
    pub(crate) fn call(&self) -> String {
        self.producer.call(self.index())
    }

    /// Takes the outcome out if this is the only claim, else clones it. `None` if the future has not ended.
    #[inline]
    pub(crate) fn take_outcome(&mut self) -> Option<Result<Payload, Error>> {
        self.promise().take()
    }
}

impl Clone for Claim {
    fn clone(&self) -> Claim {
        self.promise().add_claim();
        Claim {
            producer: self.producer.clone(),
            promise: self.promise,
        }
    }
}

impl Drop for Claim {
    #[inline]
    fn drop(&mut self) {
        self.release();
    }
}

/// The claim of a source: it can be released before the source is dropped.
pub(crate) struct SourceClaim {
    claim: Claim,
    is_released: AtomicBool,
}

impl SourceClaim {
    pub(crate) fn new(claim: Claim) -> SourceClaim {
        SourceClaim {
            claim,
            is_released: AtomicBool::new(false),
        }
    }

    pub(crate) fn get(&self) -> &Claim {
        &self.claim
    }

    /// The result is not needed here any more: it is dropped if it is not elsewhere either.
    pub(crate) fn release(&self) {
        if !self.is_released.swap(true, AcqRel) {
            self.claim.release();
        }
    }
}

impl Drop for SourceClaim {
    fn drop(&mut self) {
        if self.is_released.load(Acquire) {
            // It is released with the claim once more.
            self.claim.promise().add_claim();
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.call())
    }
}
