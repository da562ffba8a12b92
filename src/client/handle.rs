//! The methods of a future.

use super::waiting::wait_for;
use crate::base::error::{Error, ErrorKind, drop_payload};
use crate::base::sync::{Mutex, lock};
use crate::delayed::{Handle, cloned, typed};
use crate::exec::{Job, Times, Transition};
use crate::task::{Claim, Payload, Value};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The state of a future.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Status {
    /// It waits for other futures.
    Waiting,
    /// It could start, and waits for a slot.
    Queued,
    /// Its body is running.
    Running,
    /// Its body waits for something and has given its slot up.
    Suspended,
    /// It completed successfully.
    Finished,
    /// It failed; see [`Handle::error`].
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl<T: Value> Handle<T> {
    /// Waits for the result.
    ///
    /// Inside a task the slot is given up meanwhile; see [`hold_slot`](crate::hold_slot).
    ///
    /// # Errors
    /// The error of the task; `Cancelled` if it was cancelled. Inside a task also the errors of the wait: `Cancelled` or
    /// `Timeout` if the waiting task is stopped, `Deadlock` if the future waits for it.
    pub fn result(&self) -> Result<T, Error>
    where
        T: Clone,
    {
        self.read(cloned)
    }

    /// Waits for the result, for `limit` at most.
    ///
    /// The task goes on after the limit, and the handle stays valid.
    ///
    /// # Errors
    /// `Timeout` if the task has not completed within `limit`; otherwise as [`result`](Self::result).
    pub fn result_timeout(&self, limit: Duration) -> Result<T, Error>
    where
        T: Clone,
    {
        let payload = self.payload(Instant::now().checked_add(limit))?;
        payload.map(cloned).ok_or_else(|| {
            let message = format!("`{}` did not complete within {limit:?}", self.name());
            Error::run(ErrorKind::Timeout, message)
        })
    }

    /// Waits for the result and shares it: for results that are not `Clone`, or too big to copy.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub fn result_arc(&self) -> Result<Arc<T>, Error> {
        self.read(typed)
    }

    /// Waits until the future has completed, successfully or not.
    ///
    /// # Errors
    /// Inside a task the errors of the wait, as for [`result`](Self::result).
    pub fn wait(&self) -> Result<(), Error> {
        wait_for(&self.claim, None).map(drop)
    }

    fn read<R>(&self, read: impl FnOnce(Payload) -> R) -> Result<R, Error> {
        match self.payload(None)? {
            Some(payload) => Ok(read(payload)),
            None => unreachable!("nothing has limited the wait"),
        }
    }

    /// Waits for the value; `None`: not in time.
    fn payload(&self, until: Option<Instant>) -> Result<Option<Payload>, Error> {
        while wait_for(&self.claim, until)? {
            if let Some(outcome) = self.claim.promise().outcome() {
                return outcome.map(Some);
            }
            // It is being tried again.
        }
        Ok(None)
    }

    /// Calls `f` with the outcome when the future completes.
    ///
    /// `f` is called on the thread that completes the future, or at once if it has completed; it should be quick. It is called
    /// after all who wait for the future were told, and may wait itself: the slot is given up meanwhile. A panic of `f` is
    /// ignored. Until `f` is called it keeps the future alive, as a handle does.
    pub fn on_done(&self, f: impl FnOnce(Result<Arc<T>, Error>) + Send + 'static) {
        let of = self.claim.clone();
        tell(of, move |outcome| f(outcome.map(typed)));
    }
}

/// Calls `f` with the outcome of a future.
fn tell(of: Claim, f: impl FnOnce(Result<Payload, Error>) + Send + 'static) {
    let claim = of.clone();
    of.promise().on_end_last(Box::new(move || {
        let Some(outcome) = claim.promise().outcome() else {
            // It is being tried again.
            return tell(claim, f);
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| f(outcome))) {
            drop_payload(payload);
        }
    }));
}

impl<T> Handle<T> {
    /// Returns the state of the future at this moment.
    pub fn status(&self) -> Status {
        let promise = self.claim.promise();
        match promise.outcome() {
            Some(Ok(_)) => Status::Finished,
            Some(Err(e)) if e.kind() == ErrorKind::Cancelled => Status::Cancelled,
            Some(Err(_)) => Status::Failed,
            None if promise.is_suspended() => Status::Suspended,
            None if promise.has_begun() => Status::Running,
            None if Job::of_claim(&self.claim).is_some_and(|job| job.is_waiting()) => {
                Status::Waiting
            }
            None => Status::Queued,
        }
    }

    /// Returns whether the future has completed, successfully or not.
    pub fn is_done(&self) -> bool {
        self.claim.promise().is_over()
    }

    /// Returns the error of a future that has failed or was cancelled. Does not wait.
    pub fn error(&self) -> Option<Error> {
        self.claim.promise().outcome()?.err()
    }

    /// Cancels the future, and all tasks that its body has started.
    ///
    /// What has not started never starts. Bodies that are running can see it by their
    /// [`CancelToken`](crate::CancelToken::current). Every wait for the future fails with
    /// [`Cancelled`](ErrorKind::Cancelled), through other handles too.
    ///
    /// Does nothing if the future has completed, or its body has returned.
    pub fn cancel(&self) {
        if let Some(job) = Job::of_claim(&self.claim) {
            job.cancel_one(self.claim.index());
        }
    }

    /// Tries a future again that has failed or was cancelled.
    ///
    /// All handles of the future are pending again. Futures that failed because of this one stay failed.
    ///
    /// # Errors
    /// `Invalid` if the future has not failed, is still running, or could not be started in the first place.
    pub fn retry(&self) -> Result<(), Error> {
        match Job::of_claim(&self.claim) {
            Some(job) if job.retry(self.claim.index()) => Ok(()),
            _ => {
                let message = format!(
                    "cannot retry `{}`: it has not failed, or is still running",
                    self.name()
                );
                Err(Error::run(ErrorKind::Invalid, message))
            }
        }
    }

    /// Lets the task go on without a handle: fire and forget.
    ///
    /// The process ends with `main`, also while detached tasks run: wait for them with [`Client::wait_idle`](crate::Client::wait_idle)
    /// or [`Client::shutdown`](crate::Client::shutdown). Of an error only
    /// [`ClientBuilder::on_unseen_error`](crate::ClientBuilder::on_unseen_error) tells.
    pub fn detach(self) {
        self.claim.promise().detach();
    }

    /// Returns the label of the call.
    pub fn name(&self) -> String {
        let job = Job::of_claim(&self.claim);
        job.map_or_else(String::new, |job| job.label(self.claim.index()).to_string())
    }

    /// Returns the state transitions of the future, each with the time since its start; see
    /// [`Client::story`](crate::Client::story).
    pub fn story(&self) -> Vec<(Duration, Transition)> {
        let job = Job::of_claim(&self.claim);
        job.map_or_else(Vec::new, |job| job.history(self.claim.index()))
    }

    /// Returns how long the future has been waiting, running and suspended so far.
    ///
    /// `None` for the futures of a [`map`](crate::Client::map) of more than 4096 items.
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
        Job::of_claim(&self.claim)?.times(self.claim.index())
    }
}

// ------------------------------------------------------------------ `.await`

/// The future of an awaited [`Handle`], under any async runtime.
#[must_use = "futures do nothing unless awaited"]
pub struct HandleFuture<T> {
    handle: Handle<T>,
    /// Shared with the listener once there is one.
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
        // It may have completed while the waker was stored.
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
