//! Futures: what was started, and the claims on what comes of it. Who runs it is somebody else's business ([`Work`]).

use super::payload::Payload;
use super::promise::Promise;
use crate::base::Shared;
use crate::base::error::Error;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

/// What runs behind some futures.
pub(crate) trait Work: Send + Sync + 'static {
    /// Its futures: always the same, at the same place.
    fn promises(&self) -> &[Promise];
    /// Nobody wants this one any more.
    fn unwanted(&self, index: usize);
    /// The call behind it, for people.
    fn call(&self, index: usize) -> String;
    /// Unique in the process.
    fn id(&self) -> u64;
    fn as_any(self: Arc<Self>) -> Shared;
    /// The futures that this one waits for: it cannot end before they have.
    fn needs(&self) -> Vec<Claim>;
}

/// A claim on a future: while there is one, its work is wanted and its result kept.
pub(crate) struct Claim {
    work: Arc<dyn Work>,
    /// One of its promises.
    promise: NonNull<Promise>,
}

// SAFETY: the pointer leads to a part of `work`, which is `Send` and `Sync`.
unsafe impl Send for Claim {}
// SAFETY: as above.
unsafe impl Sync for Claim {}

impl Claim {
    /// The first claim on a future: the one that its promise was made with. To be made once.
    #[inline]
    pub(crate) fn first(work: Arc<dyn Work>, index: usize) -> Claim {
        let promise = NonNull::from(&work.promises()[index]);
        Claim { work, promise }
    }

    #[inline]
    pub(crate) fn promise(&self) -> &Promise {
        // SAFETY: promises stay where they are for as long as their work is there, as `Work::promises` says.
        unsafe { self.promise.as_ref() }
    }

    pub(crate) fn work(&self) -> &Arc<dyn Work> {
        &self.work
    }

    pub(crate) fn index(&self) -> usize {
        let first = self.work.promises().as_ptr();
        (self.promise.addr().get() - first.addr()) / size_of::<Promise>()
    }

    /// Which future it is, of all in the process.
    pub(crate) fn id(&self) -> (u64, u32) {
        (self.work.id(), self.index() as u32)
    }

    pub(crate) fn call(&self) -> String {
        self.work.call(self.index())
    }

    /// Takes the result out if nobody else has a claim on it, else another handle to it. `None`: it has not ended.
    #[inline]
    pub(crate) fn take_outcome(&mut self) -> Option<Result<Payload, Error>> {
        self.promise().take()
    }
}

impl Clone for Claim {
    fn clone(&self) -> Claim {
        self.promise().claim();
        Claim {
            work: self.work.clone(),
            promise: self.promise,
        }
    }
}

impl Drop for Claim {
    #[inline]
    fn drop(&mut self) {
        let promise = self.promise();
        if promise.disclaim() {
            self.work.unwanted(self.index());
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.call())
    }
}
