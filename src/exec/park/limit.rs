//! The time limit of one attempt at a call. It holds for all that the call stands for: what its body computes, and the graph
//! that it returns.

use super::timer::{TimerHandle, call_at};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::atomic::Ordering::{Acquire, Release};
use crate::base::sync::from_now;
use std::sync::Arc;
use std::time::Duration;

/// A time limit.
pub(in crate::exec) struct Limit {
    time: Duration,
    has_passed: AtomicBool,
    /// The limit that it is within.
    around: Option<Arc<Limit>>,
}

impl Limit {
    /// Whether it, or one around it, has passed.
    pub(in crate::exec) fn has_passed(&self) -> bool {
        self.has_passed.load(Acquire) || self.around.as_ref().is_some_and(|l| l.has_passed())
    }

    /// Whether `limit` is this one, or one around it.
    pub(in crate::exec) fn is_within(&self, limit: &Arc<Limit>) -> bool {
        std::ptr::eq(self, &**limit) || self.around.as_ref().is_some_and(|l| l.is_within(limit))
    }

    /// What fails because it has passed.
    pub(in crate::exec) fn error(&self) -> Error {
        let around = self.around.as_ref().filter(|l| l.has_passed());
        match around {
            Some(around) => around.error(),
            None => {
                let message = format!("a call around it timed out after {:?}", self.time);
                Error::run(ErrorKind::Timeout, message)
            }
        }
    }
}

/// A limit whose time runs, until this is dropped.
pub(in crate::exec) struct RunningLimit {
    pub(in crate::exec) limit: Arc<Limit>,
    _timer: TimerHandle,
}

impl RunningLimit {
    /// From here on `time` runs; when it is over, `passed` is called on the timer's thread.
    pub(in crate::exec) fn start(
        time: Duration,
        around: Option<Arc<Limit>>,
        passed: impl Fn(&Arc<Limit>) + Send + Sync + 'static,
    ) -> RunningLimit {
        let limit = Arc::new(Limit {
            time,
            has_passed: AtomicBool::new(false),
            around,
        });
        let this = limit.clone();
        let timer = call_at(from_now(time), move || {
            this.has_passed.store(true, Release);
            passed(&this);
        });
        RunningLimit {
            limit,
            _timer: timer,
        }
    }

    /// Whether this limit itself has passed.
    pub(in crate::exec) fn has_passed(&self) -> bool {
        self.limit.has_passed.load(Acquire)
    }
}
