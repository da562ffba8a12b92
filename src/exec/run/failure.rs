//! Why a run has failed.

use crate::base::error::Error;
use crate::base::sync::{Mutex, lock};

/// The first failure of a run, and how many came after it.
#[derive(Default)]
pub(super) struct RunFailure(Mutex<(Option<Error>, usize)>);

impl RunFailure {
    pub(super) fn add(&self, error: Error) {
        let (first, others) = &mut *lock(&self.0);
        match first {
            None => *first = Some(error),
            Some(_) => *others += 1,
        }
    }

    pub(super) fn take(&self) -> (Option<Error>, usize) {
        let (first, others) = &mut *lock(&self.0);
        (first.take(), *others)
    }
}
