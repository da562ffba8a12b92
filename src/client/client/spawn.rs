//! Async work as a future that graphs can use.

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
    /// Starts async work on a runtime of your choice and returns a future of its result, which graphs can use.
    ///
    /// The work takes no slot of the client. `runtime` is called once, with the future to spawn: pass `tokio::spawn`
    /// itself, or a closure like `|work| pool.spawn_ok(work)`. What it returns is dropped. On a runtime that cancels a
    /// task when its handle is dropped, detach the task: `|work| smol::spawn(work).detach()`.
    ///
    /// Inside the work, use `.await` on a [`Handle`]; [`result`](Handle::result) and other blocking methods would block a
    /// thread of the runtime. Futures that `.await` each other in a cycle hang: that is not detected.
    ///
    /// The work is dropped, at once or after the poll in progress, when the future is cancelled, its last handle is
    /// dropped, the task that spawned it is cancelled, or the client is closed.
    ///
    /// # Errors
    /// The future fails with the error or panic of the work; with [`Cancelled`](ErrorKind::Cancelled) if the runtime
    /// drops the work before it completes, or the client is closed.
    ///
    /// # Panics
    /// If `runtime` panics.
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
        let job = Job::external(&self.0.service.options, LABEL.into());
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

/// Async work that a runtime drives: the argument of the closure that [`Client::spawn`] takes.
///
/// It completes when the work does, or when the work is cancelled. Dropping it before cancels the work.
#[must_use = "async work does nothing unless a runtime drives it"]
pub struct AsyncWork(Arc<SpawnedWork>);

struct SpawnedWork {
    job: Arc<Job>,
    state: Mutex<WorkState>,
    at: &'static Location<'static>,
}

enum WorkState {
    /// Between two polls, with the waker of the last.
    Idle(Erased, Option<Waker>),
    /// A thread polls it.
    Polled,
    /// A thread polls it, and drops it then.
    Unwanted,
    Gone,
}

impl SpawnedWork {
    /// The future has ended without it. The client counts it as live until it is dropped.
    fn stop(&self) {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, WorkState::Gone) {
            WorkState::Idle(future, waker) => {
                drop(state);
                // A panic has nowhere to go.
                let _ = self.drop_future(future);
                self.job.unregister();
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

    /// Drops the future, then publishes the outcome.
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
        self.job.begin();
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
            let message = "the runtime dropped the future before it completed";
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
