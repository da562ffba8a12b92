//! Futures in the order in which they complete.

use super::AsHandle;
use super::waiting::Wholes;
use crate::base::error::Error;
use crate::base::sync::{Mutex, lock};
use crate::delayed::Handle;
use crate::exec::{Awaited, Parker, wait};
use crate::task::{Claim, Value};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// An iterator over futures in the order in which they complete: [`as_completed`].
///
/// With the feature `async` it is also a `Stream`.
pub struct AsCompleted<T> {
    /// `None` where the future has been returned.
    waiting: Vec<Option<Handle<T>>>,
    left: usize,
    ended: Arc<Mutex<Ended>>,
}

#[derive(Default)]
struct Ended {
    /// Places in `waiting`.
    order: VecDeque<usize>,
    parker: Option<Arc<Parker>>,
    waker: Option<Waker>,
}

/// Returns an iterator over `futures` in the order in which they complete, successfully or not.
///
/// More futures may be [pushed](AsCompleted::push) during the iteration. Inside a task the slot is given up while the
/// iterator waits.
///
/// # Examples
/// ```
/// use lazygraph::{Client, as_completed, prelude::*};
///
/// #[delayed]
/// fn collatz(n: u64) -> u64 { if n % 2 == 0 { n / 2 } else { 3 * n + 1 } }
///
/// let client = Client::new();
/// let mut steps = 0;
/// let mut futures = as_completed([client.submit(collatz(6))]);
/// while let Some(future) = futures.next() {
///     steps += 1;
///     let n = future.result()?;
///     if n != 1 {
///         futures.push(client.submit(collatz(n)));
///     }
/// }
/// assert_eq!(steps, 8);
/// # Ok::<(), Error>(())
/// ```
pub fn as_completed<I, T>(futures: I) -> AsCompleted<T>
where
    I: IntoIterator,
    I::Item: AsHandle<Value = T>,
    T: Value,
{
    let mut completed = AsCompleted {
        waiting: Vec::new(),
        left: 0,
        ended: Arc::default(),
    };
    completed.extend(futures);
    completed
}

impl<T: Value> AsCompleted<T> {
    /// Adds a future.
    pub fn push(&mut self, future: impl AsHandle<Value = T>) {
        let (handle, place) = (future.as_handle().clone(), self.waiting.len());
        let promise = handle.claim.promise();
        promise.on_end_for(&self.ended, move |ended| {
            let mut ended = lock(&ended);
            ended.order.push_back(place);
            let (parker, waker) = (ended.parker.clone(), ended.waker.take());
            drop(ended);
            if let Some(parker) = parker {
                parker.unpark();
            }
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        self.waiting.push(Some(handle));
        self.left += 1;
    }

    /// Returns how many futures have not been returned yet.
    pub fn remaining(&self) -> usize {
        self.left
    }

    /// Returns the next future that has completed, if there is one; does not wait.
    pub fn try_next(&mut self) -> Option<Handle<T>> {
        let place = lock(&self.ended).order.pop_front()?;
        self.left -= 1;
        let handle = self.waiting[place].take();
        if self.left == 0 {
            self.waiting.clear();
        }
        handle
    }

    /// Waits for the next future that completes, for `limit` at most; `None` if none does, or none is left.
    ///
    /// # Errors
    /// Inside a task: `Cancelled` or `Timeout` if the task is stopped, `Deadlock` if a future waits for the task.
    pub fn next_timeout(&mut self, limit: Duration) -> Result<Option<Handle<T>>, Error> {
        wait(&Next(self), Instant::now().checked_add(limit))?;
        Ok(self.try_next())
    }
}

/// Waits until one has completed, or none is left.
struct Next<'a, T>(&'a AsCompleted<T>);

impl<T: Value> Next<'_, T> {
    fn waiting(&self) -> impl Iterator<Item = &Claim> {
        self.0.waiting.iter().flatten().map(|handle| &handle.claim)
    }
}

impl<T: Value> Awaited for Next<'_, T> {
    fn is_over(&self) -> bool {
        self.0.left == 0 || !lock(&self.0.ended).order.is_empty()
    }

    fn listen(&self, parker: &Arc<Parker>) {
        lock(&self.0.ended).parker = Some(parker.clone());
        if self.is_over() {
            parker.unpark();
        }
    }

    fn future(&self) -> Option<&Claim> {
        self.waiting().next().filter(|_| self.0.left == 1)
    }

    fn futures(&self) -> Vec<Claim> {
        self.waiting().cloned().collect()
    }

    fn work(&self) -> Vec<Claim> {
        // The rest is left to other threads.
        const MOST: usize = 64;
        let wholes = Wholes::of(self.waiting());
        let whole = self.waiting().filter(|claim| wholes.has(claim));
        whole.take(MOST).cloned().collect()
    }
}

impl<T: Value> Iterator for AsCompleted<T> {
    type Item = Handle<T>;

    /// Waits for the next future that completes.
    ///
    /// If the wait fails, because the task that iterates is stopped or a future waits for it, the unfinished futures are
    /// returned one by one; a wait for any of them fails at once.
    fn next(&mut self) -> Option<Handle<T>> {
        if wait(&Next(self), None).is_ok() {
            return self.try_next();
        }
        if let Some(ended) = self.try_next() {
            return Some(ended);
        }
        let handle = self.waiting.iter_mut().find_map(Option::take)?;
        self.left -= 1;
        Some(handle)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Value, H: AsHandle<Value = T>> Extend<H> for AsCompleted<T> {
    fn extend<I: IntoIterator<Item = H>>(&mut self, futures: I) {
        futures.into_iter().for_each(|future| self.push(future));
    }
}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("remaining", &self.left)
            .finish()
    }
}

#[cfg(feature = "async")]
impl<T: Value> futures_core::Stream for AsCompleted<T> {
    type Item = Handle<T>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Handle<T>>> {
        use std::task::Poll;
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let waker = context.waker().clone();
        let former = lock(&self.ended).waker.replace(waker);
        // Wakers are cloned and dropped under no lock: they are the user's.
        drop(former);
        match self.try_next() {
            Some(handle) => Poll::Ready(Some(handle)),
            None => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

// No field is pinned in place.
impl<T> Unpin for AsCompleted<T> {}
