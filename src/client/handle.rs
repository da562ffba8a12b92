//! What a future can be asked.

use super::waiting::wait_for;
use crate::base::error::{Error, ErrorKind, drop_payload};
use crate::base::sync::{Mutex, lock};
use crate::delayed::{Handle, cloned, typed};
use crate::exec::{Chapter, Times, job_of};
use crate::task::{Claim, Payload, Value};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Where a future stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Status {
    /// It needs other futures that have not ended.
    Waiting,
    /// It could begin, and waits for a slot.
    Queued,
    /// Its body has begun.
    Running,
    /// Its body waits for something, with its slot given up.
    Suspended,
    /// It has its result.
    Finished,
    /// It has failed: see [`Handle::error`].
    Failed,
    /// It was cancelled, and will have no result.
    Cancelled,
}

impl<T: Value> Handle<T> {
    /// Waits for the result.
    ///
    /// Inside a task the slot is given up meanwhile; see [`hold_slot`](crate::hold_slot).
    ///
    /// # Errors
    /// What it has failed with; `Cancelled` if it was cancelled. Inside a task also those of the wait: `Cancelled` or
    /// `Timeout` if the task was told to stop, `Deadlock` if the future waits for the task.
    pub fn result(&self) -> Result<T, Error>
    where
        T: Clone,
    {
        self.read(cloned)
    }

    /// Waits for the result, but not longer than this. The task goes on, and the handle stays good.
    ///
    /// # Errors
    /// `Timeout` if it is not there in time; else as [`result`](Self::result).
    pub fn result_timeout(&self, limit: Duration) -> Result<T, Error>
    where
        T: Clone,
    {
        let payload = self.payload(Instant::now().checked_add(limit))?;
        payload.map(cloned).ok_or_else(|| {
            let message = format!("`{}` has not ended within {limit:?}", self.name());
            Error::run(ErrorKind::Timeout, message)
        })
    }

    /// Waits for the result, and shares it: for what is not `Clone`, or too big to copy.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub fn result_arc(&self) -> Result<Arc<T>, Error> {
        self.read(typed)
    }

    /// Waits for its end, well or not.
    ///
    /// # Errors
    /// Inside a task those of the wait, as for [`result`](Self::result).
    pub fn wait(&self) -> Result<(), Error> {
        wait_for(&self.claim, None).map(drop)
    }

    fn read<R>(&self, read: impl FnOnce(Payload) -> R) -> Result<R, Error> {
        match self.payload(None)? {
            Some(payload) => Ok(read(payload)),
            None => unreachable!("nothing has limited the wait"),
        }
    }

    /// Waits for its value; `None`: it is not there in time.
    fn payload(&self, until: Option<Instant>) -> Result<Option<Payload>, Error> {
        while wait_for(&self.claim, until)? {
            if let Some(outcome) = self.claim.promise().outcome() {
                return outcome.map(Some);
            }
            // Somebody has tried it once more.
        }
        Ok(None)
    }

    /// Calls `f` with what came of it, on the thread that ends it; at once, if it has ended. It must be quick. Until it
    /// is called the future is wanted, as by a handle. A panic of `f` is lost.
    pub fn on_done(&self, f: impl FnOnce(Result<Arc<T>, Error>) + Send + 'static) {
        let of = self.claim.clone();
        tell(of, move |outcome| f(outcome.map(typed)));
    }
}

/// Calls `f` with what comes of a future.
fn tell(of: Claim, f: impl FnOnce(Result<Payload, Error>) + Send + 'static) {
    let claim = of.clone();
    of.promise().on_end(Box::new(move || {
        let Some(outcome) = claim.promise().outcome() else {
            // Somebody has tried it once more.
            return tell(claim, f);
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| f(outcome))) {
            drop_payload(payload);
        }
    }));
}

impl<T> Handle<T> {
    /// Where it stands, at this moment.
    pub fn status(&self) -> Status {
        let promise = self.claim.promise();
        match promise.outcome() {
            Some(Ok(_)) => Status::Finished,
            Some(Err(e)) if e.kind() == ErrorKind::Cancelled => Status::Cancelled,
            Some(Err(_)) => Status::Failed,
            None if promise.is_suspended() => Status::Suspended,
            None if promise.has_begun() => Status::Running,
            None if job_of(&self.claim).is_some_and(|job| job.is_waiting()) => Status::Waiting,
            None => Status::Queued,
        }
    }

    /// Whether it has ended, well or not.
    pub fn is_done(&self) -> bool {
        self.claim.promise().is_over()
    }

    /// Why it has failed, if it has. Does not wait.
    pub fn error(&self) -> Option<Error> {
        self.claim.promise().outcome()?.err()
    }

    /// Cancels it, and what its body has started: nothing of that begins any more, bodies that run may look at their
    /// [`CancelToken`](crate::CancelToken::current), and whoever waits gets [`Cancelled`](ErrorKind::Cancelled), with
    /// other handles, too. Nothing happens if it has ended, or is about to: its body has, and its arguments are dropped.
    pub fn cancel(&self) {
        if let Some(job) = job_of(&self.claim) {
            job.cancel_one(self.claim.index());
        }
    }

    /// Tries again what has failed or was cancelled: the same handle, pending again. What had failed because of it stays.
    ///
    /// # Errors
    /// `Invalid` if it has not failed, or was never started; nothing is run then.
    pub fn retry(&self) -> Result<(), Error> {
        match job_of(&self.claim) {
            Some(job) if job.retry(self.claim.index()) => Ok(()),
            _ => {
                let message = format!(
                    "`{}` cannot be tried again: only what has failed or was cancelled, and has come to rest",
                    self.name()
                );
                Err(Error::run(ErrorKind::Invalid, message))
            }
        }
    }

    /// Lets it go on without a handle: fire and forget.
    pub fn detach(self) {
        self.claim.promise().detach();
    }

    /// The label of its call.
    pub fn name(&self) -> String {
        let job = job_of(&self.claim);
        job.map_or_else(String::new, |job| job.label(self.claim.index()).to_string())
    }

    /// What has happened to it, and how long after it was started; see [`Client::story`](crate::Client::story).
    pub fn story(&self) -> Vec<(Duration, Chapter)> {
        let job = job_of(&self.claim);
        job.map_or_else(Vec::new, |job| job.story(self.claim.index()))
    }

    /// How long it has waited to begin, run, and waited in its body, so far. `None` for those of a
    /// [`map`](crate::Client::map) of more than 4096 items.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// let x = Client::new().submit(value(1_i64) + 1);
    /// x.result()?;
    /// let times = x.times().unwrap();
    /// let (end, _) = *x.story().last().unwrap();
    /// assert_eq!(times.waiting + times.running + times.suspended, end);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn times(&self) -> Option<Times> {
        job_of(&self.claim)?.times(self.claim.index())
    }
}

// ------------------------------------------------------------------ `.await`

/// A [`Handle`] that is awaited, under any runtime.
#[must_use = "futures do nothing unless awaited"]
pub struct HandleFuture<T> {
    handle: Handle<T>,
    /// Who is to be woken; shared with the listener once there is one.
    waker: Option<Arc<Mutex<Option<Waker>>>>,
}

impl<T: Value + Clone> Future for HandleFuture<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(outcome) = self.handle.claim.promise().outcome() {
            return Poll::Ready(outcome.map(cloned));
        }
        let waker = context.waker().clone();
        match &self.waker {
            Some(slot) => {
                let before = lock(slot).replace(waker);
                drop(before);
            }
            None => {
                let slot = Arc::new(Mutex::new(Some(waker)));
                let promise = self.handle.claim.promise();
                promise.on_end_for(&slot, |slot| {
                    let waker = lock(&slot).take();
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                });
                self.waker = Some(slot);
            }
        }
        // It may have ended while the waker was put down.
        match self.handle.claim.promise().outcome() {
            Some(outcome) => Poll::Ready(outcome.map(cloned)),
            None => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for HandleFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}

impl<T: Value + Clone> IntoFuture for Handle<T> {
    type Output = Result<T, Error>;
    type IntoFuture = HandleFuture<T>;

    fn into_future(self) -> HandleFuture<T> {
        HandleFuture {
            handle: self,
            waker: None,
        }
    }
}

impl<T: Value + Clone> IntoFuture for &Handle<T> {
    type Output = Result<T, Error>;
    type IntoFuture = HandleFuture<T>;

    fn into_future(self) -> HandleFuture<T> {
        self.clone().into_future()
    }
}
