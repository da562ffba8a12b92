//! Failures that nobody has looked at.

use crate::base::error::{Error, drop_payload};
use crate::base::sync::{self, Mutex, lock, thread_local};
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

/// What is called with each of them: user code.
pub(crate) type OnUnseenError = Arc<dyn Fn(&Error) + Send + Sync>;

/// Failures that are to be told. They are told by a thread of their own: what they are told to may wait for the client.
pub(super) struct UnseenErrors {
    call: OnUnseenError,
    reports: Mutex<Reports>,
}

#[derive(Default)]
struct Reports {
    waiting: VecDeque<Error>,
    /// A thread tells them, or is about to.
    is_told: bool,
}

thread_local! {
    /// Whose failures this thread tells. Only compared.
    static TELLS: Cell<*const UnseenErrors> = const { Cell::new(ptr::null()) };
}

impl UnseenErrors {
    pub(super) fn new(call: OnUnseenError) -> Arc<UnseenErrors> {
        Arc::new(UnseenErrors {
            call,
            reports: Mutex::default(),
        })
    }

    /// Has a failure told. Calls `told` when all have been.
    pub(super) fn report(self: &Arc<Self>, error: Error, told: impl FnOnce() + Send + 'static) {
        let mut reports = lock(&self.reports);
        reports.waiting.push_back(error);
        if std::mem::replace(&mut reports.is_told, true) {
            return;
        }
        drop(reports);
        let this = self.clone();
        let tell = move || {
            this.tell();
            told();
        };
        let thread = sync::Builder::new().name("lazygraph-unseen".into());
        if thread.spawn(tell).is_err() {
            // The system gives no thread.
            self.tell();
        }
    }

    fn tell(&self) {
        let before = TELLS.with(|tells| tells.replace(self));
        loop {
            let mut reports = lock(&self.reports);
            let Some(error) = reports.waiting.pop_front() else {
                reports.is_told = false;
                break;
            };
            drop(reports);
            let called = catch_unwind(AssertUnwindSafe(|| {
                (self.call)(&error);
                drop(error);
            }));
            if let Err(payload) = called {
                drop_payload(payload);
            }
        }
        TELLS.with(|tells| tells.set(before));
    }

    /// Whether there are failures that have not been told. The thread that tells them waits for none.
    pub(super) fn are_left(&self) -> bool {
        let is_teller = TELLS.with(|tells| ptr::eq(tells.get(), self));
        !is_teller && lock(&self.reports).is_told
    }
}
