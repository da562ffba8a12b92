//! Async work as a future that graphs can use. It takes no slot, and its runtime is the user's.

use super::Client;
use crate::base::error::{BoxError, Culprit, Error, ErrorKind};
use crate::base::sync::{Mutex, lock};
use crate::delayed::Handle;
use crate::exec::Job;
use crate::task::{Claim, Shared, Value};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const LABEL: &str = "spawn";

impl Client {
    /// Starts async work on a runtime of the user's, and gives a future of it that graphs can use. It takes no slot.
    ///
    /// `runtime` is given the work, once, to drive it: `tokio::spawn` itself will do, or a closure like
    /// `|work| pool.spawn_ok(work)`. What it returns is dropped; a runtime whose tasks end with their handles must be
    /// told to let them go on: `|work| smol::spawn(work).detach()`.
    ///
    /// Inside, `.await` on a [`Handle`] takes no slot either; [`result`](Handle::result) and the other verbs that block
    /// would block a thread of the runtime. Cancelling the future, dropping its last handle, cancelling the task that
    /// has spawned it and closing the client drop the work at once, or at the end of the poll that is under way. A circle
    /// of `.await`s is not found, for no one can tell such a wait from one that something else may end.
    ///
    /// # Errors
    /// The future fails with what the work fails with, or panics with; with [`Cancelled`](ErrorKind::Cancelled) if the
    /// runtime drops the work before its end, or the client is closed.
    ///
    /// # Panics
    /// If `runtime` does.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// #[delayed]
    /// fn double(x: i64) -> i64 { 2 * x }
    ///
    /// // The simplest of all runtimes: a thread for each.
    /// fn runtime(work: lazygraph::AsyncWork) {
    ///     std::thread::spawn(|| pollster::block_on(work));
    /// }
    ///
    /// let client = Client::new();
    /// let x = client.submit(value(20));
    /// let y = client.spawn(runtime, async move { Ok::<_, Error>(x.await? + 1) });
    /// assert_eq!(client.submit(double(&y)).result()?, 42);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<T, E, R>(
        &self,
        runtime: impl FnOnce(AsyncWork) -> R,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Handle<T>
    where
        T: Value,
        E: Into<BoxError>,
    {
        let job = Job::promised(&self.0.service.terms, LABEL.into());
        let handle = Handle::of(Claim::first(job.clone(), 0));
        let erased = async move {
            let result = work.await;
            result
                .map(|value| Arc::new(value) as Shared)
                .map_err(E::into)
        };
        let work = Arc::new(SpawnedWork {
            job: job.clone(),
            state: Mutex::new(WorkState::Idle(Box::pin(erased), None)),
            at: Location::caller(),
        });
        handle.claim.promise().on_end_for(&work, |work| work.stop());
        if job.is_admitted() {
            drop(runtime(AsyncWork(work)));
        }
        handle
    }
}

type Erased = Pin<Box<dyn Future<Output = Result<Shared, BoxError>> + Send>>;

/// Work for a runtime: what [`Client::spawn`] gives it to drive.
///
/// It ends when the work has, or nobody wants it any more. Dropped before, its future is cancelled.
#[must_use = "async work does nothing unless a runtime drives it"]
pub struct AsyncWork(Arc<SpawnedWork>);

struct SpawnedWork {
    job: Arc<Job>,
    state: Mutex<WorkState>,
    at: &'static Location<'static>,
}

enum WorkState {
    /// Between two polls; and who is to be woken if nobody wants it any more.
    Idle(Erased, Option<Waker>),
    /// A thread polls it.
    Polled,
    /// A thread polls it, and is to drop it then.
    Unwanted,
    Gone,
}

impl SpawnedWork {
    /// Nobody waits for it any more. The client counts it as live until it is dropped.
    fn stop(&self) {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, WorkState::Gone) {
            WorkState::Idle(future, waker) => {
                drop(state);
                // Nobody is left to be told of a panic.
                let _ = self.drop_future(future);
                self.job.rest();
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            WorkState::Polled => *state = WorkState::Unwanted,
            WorkState::Unwanted | WorkState::Gone => {}
        }
    }

    fn drop_future(&self, future: Erased) -> Result<(), Error> {
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        dropped.map_err(|payload| Error::panicked(self.culprit(), payload))
    }

    /// Drops the future, then tells what came of it.
    fn end(&self, future: Erased, outcome: Result<Shared, Error>) {
        let outcome = match self.drop_future(future) {
            Ok(()) => outcome,
            Err(panic) => outcome.and(Err(panic)),
        };
        *lock(&self.state) = WorkState::Gone;
        self.job.complete(outcome);
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        let mut future = match std::mem::replace(&mut *state, WorkState::Polled) {
            WorkState::Idle(future, waker) => {
                drop(state);
                drop(waker);
                future
            }
            other => {
                *state = other;
                return Poll::Ready(());
            }
        };
        self.job.has_begun();
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        let outcome = match polled {
            Ok(Poll::Pending) => {
                let waker = context.waker().clone();
                let mut state = lock(&self.state);
                if matches!(*state, WorkState::Polled) {
                    *state = WorkState::Idle(future, Some(waker));
                    return Poll::Pending;
                }
                drop(state);
                Err(Error::run(ErrorKind::Cancelled, "the task was cancelled"))
            }
            Ok(Poll::Ready(outcome)) => outcome.map_err(|e| Error::failed(self.culprit(), e)),
            Err(payload) => Err(Error::panicked(self.culprit(), payload)),
        };
        self.end(future, outcome);
        Poll::Ready(())
    }

    fn culprit(&self) -> Culprit {
        let (task, call) = (LABEL.to_owned(), format!("{LABEL}(..)"));
        let at = self.at;
        Culprit { task, call, at }
    }
}

impl Future for AsyncWork {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll(context)
    }
}

impl Drop for AsyncWork {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if let WorkState::Idle(future, waker) = std::mem::replace(&mut *state, WorkState::Gone) {
            drop(state);
            drop(waker);
            let message = "the work was dropped by its runtime before its end";
            self.0
                .end(future, Err(Error::run(ErrorKind::Cancelled, message)));
        }
    }
}

impl fmt::Debug for AsyncWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncWork")
            .field("at", &format_args!("{}", self.0.at))
            .field("has_ended", &self.0.job.has_ended())
            .finish()
    }
}
