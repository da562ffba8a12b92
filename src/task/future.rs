//! Futures: what was started, and the claims on what comes of it. Who runs it is somebody else's business ([`Work`]).

use super::payload::Payload;
use super::promise::Promise;
use crate::base::error::Error;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A result that is shared.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

/// What runs behind some futures.
pub(crate) trait Work: Send + Sync + 'static {
    /// Its futures.
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
    index: u32,
}

impl Claim {
    /// The first claim on a future: the one that its promise was made with. To be made once.
    #[inline]
    pub(crate) fn first(work: Arc<dyn Work>, index: usize) -> Claim {
        let index = index as u32;
        Claim { work, index }
    }

    pub(crate) fn promise(&self) -> &Promise {
        &self.work.promises()[self.index as usize]
    }

    pub(crate) fn work(&self) -> &Arc<dyn Work> {
        &self.work
    }

    pub(crate) fn index(&self) -> usize {
        self.index as usize
    }

    /// Which future it is, of all in the process.
    pub(crate) fn id(&self) -> (u64, u32) {
        (self.work.id(), self.index)
    }

    pub(crate) fn call(&self) -> String {
        self.work.call(self.index())
    }

    /// Takes the result out if nobody else has a claim on it, else another handle to it. `Err`: it has not ended.
    #[inline]
    pub(crate) fn into_outcome(self) -> Result<Result<Payload, Error>, Claim> {
        self.promise().take().ok_or(self)
    }
}

impl Clone for Claim {
    fn clone(&self) -> Claim {
        self.promise().claim();
        Claim::first(self.work.clone(), self.index())
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
