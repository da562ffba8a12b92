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
    /// has spawned it and closing the client have the work dropped: the runtime is woken, and does it. A circle of
    /// `.await`s is not found, for no one can tell such a wait from one that something else may end.
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
        let slot = Arc::<Mutex<Option<Waker>>>::default();
        handle.claim.promise().on_end_for(&slot, |slot| {
            let waker = lock(&slot).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        let erased = async move {
            let result = work.await;
            result
                .map(|value| Arc::new(value) as Shared)
                .map_err(E::into)
        };
        let work = AsyncWork {
            job: job.clone(),
            future: Some(Box::pin(erased)),
            waker: slot,
            at: Location::caller(),
        };
        if job.is_admitted() {
            drop(runtime(work));
        }
        handle
    }
}

type Erased = Pin<Box<dyn Future<Output = Result<Shared, BoxError>> + Send>>;

/// Work for a runtime: what [`Client::spawn`] gives it to drive.
///
/// It ends when the work has, or nobody wants it any more. Dropped before, its future is cancelled.
#[must_use = "async work does nothing unless a runtime drives it"]
pub struct AsyncWork {
    job: Arc<Job>,
    /// `None`: it has ended.
    future: Option<Erased>,
    /// Who is to be woken when nobody wants it any more.
    waker: Arc<Mutex<Option<Waker>>>,
    at: &'static Location<'static>,
}

impl AsyncWork {
    fn culprit(&self) -> Culprit {
        let (task, call) = (LABEL.to_owned(), format!("{LABEL}(..)"));
        let at = self.at;
        Culprit { task, call, at }
    }

    /// Drops the future, then tells what came of it.
    fn end(&mut self, outcome: Result<Shared, Error>) {
        let future = self.future.take();
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        let outcome = match dropped {
            Ok(()) => outcome,
            Err(payload) => outcome.and(Err(Error::panicked(self.culprit(), payload))),
        };
        self.job.complete(outcome);
    }
}

impl Future for AsyncWork {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let before = lock(&this.waker).replace(context.waker().clone());
        drop(before);
        if this.job.has_ended() {
            // Nobody wants it any more.
            this.end(Err(Error::run(ErrorKind::Cancelled, "")));
            return Poll::Ready(());
        }
        let Some(future) = &mut this.future else {
            return Poll::Ready(());
        };
        this.job.has_begun();
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        let outcome = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => outcome.map_err(|e| Error::failed(this.culprit(), e)),
            Err(payload) => Err(Error::panicked(this.culprit(), payload)),
        };
        this.end(outcome);
        Poll::Ready(())
    }
}

impl Drop for AsyncWork {
    fn drop(&mut self) {
        if self.future.is_some() {
            let message = "the work was dropped by its runtime before its end";
            self.end(Err(Error::run(ErrorKind::Cancelled, message)));
        }
    }
}

impl fmt::Debug for AsyncWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncWork")
            .field("at", &format_args!("{}", self.at))
            .field("has_ended", &self.future.is_none())
            .finish()
    }
}
