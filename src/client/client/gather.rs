//! Many futures at once: their results, or which of them have completed.

use super::Client;
use crate::base::error::Error;
use crate::client::AsHandle;
use crate::client::waiting::{Any, One, Wholes, claims, cloned, wait_for_all};
use crate::exec::{raise_awaited, wait};
use std::time::{Duration, Instant};

impl Client {
    /// Waits for all futures and returns their results, in their order.
    ///
    /// # Errors
    /// The error of the failed future that comes first in `futures`. Inside a task, the wait itself can fail: with
    /// `Cancelled` or `Timeout` if the task is stopped, with `Deadlock` if a future waits for this task.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// let client = Client::new();
    /// let futures = [client.submit(value(1)), client.submit(value(2))];
    /// assert_eq!(client.gather(&futures)?, [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn gather<I>(&self, futures: I) -> Result<Vec<<I::Item as AsHandle>::Value>, Error>
    where
        I: IntoIterator,
        I::Item: AsHandle<Value: Clone>,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        let wholes = Wholes::of(futures.iter().map(|f| &f.as_handle().claim));
        raise_awaited(|| cloned(&claims(&futures)));
        let mut values = Vec::with_capacity(futures.len());
        let mut futures = futures.into_iter();
        while let Some(mut future) = futures.next() {
            match taken(&mut future, &wholes) {
                Ok(value) => values.push(value),
                Err(error) => {
                    // It stands for those of the others.
                    futures.for_each(|future| future.as_handle().claim.promise().note_seen());
                    return Err(error);
                }
            }
        }
        Ok(values)
    }

    /// Waits for all futures and returns the outcome of each, in their order.
    #[must_use = "the outcomes include errors"]
    pub fn gather_all<I>(&self, futures: I) -> Vec<Result<<I::Item as AsHandle>::Value, Error>>
    where
        I: IntoIterator,
        I::Item: AsHandle<Value: Clone>,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        let wholes = Wholes::of(futures.iter().map(|f| &f.as_handle().claim));
        raise_awaited(|| cloned(&claims(&futures)));
        let values = futures.into_iter().map(|mut f| taken(&mut f, &wholes));
        values.collect()
    }

    /// Waits until all futures have completed, successfully or not.
    ///
    /// Returns `(done, pending)`: the futures that have completed, and those that have not. `pending` is empty unless a
    /// future was [retried](crate::Handle::retry) during the wait.
    ///
    /// # Errors
    /// Inside a task: `Cancelled` or `Timeout` if the task is stopped, `Deadlock` if a future waits for the task. The futures
    /// are not lost: [`is_done`](crate::Handle::is_done) tells which have completed.
    pub fn wait_all<I>(&self, futures: I) -> Result<(Vec<I::Item>, Vec<I::Item>), Error>
    where
        I: IntoIterator,
        I::Item: AsHandle,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        wait_for_all(&claims(&futures), None)?;
        Ok(sorted(futures))
    }

    /// Waits until one of the futures has completed, successfully or not.
    ///
    /// Returns `(done, pending)`: the futures that have completed, and those that have not.
    ///
    /// # Errors
    /// As [`wait_all`](Self::wait_all).
    pub fn wait_any<I>(&self, futures: I) -> Result<(Vec<I::Item>, Vec<I::Item>), Error>
    where
        I: IntoIterator,
        I::Item: AsHandle,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        let claims = claims(&futures);
        let wholes = &Wholes::of(claims.iter().copied());
        let any = Any {
            claims: &claims,
            wholes,
        };
        if !futures.is_empty() {
            wait(&any, None)?;
        }
        Ok(sorted(futures))
    }

    /// Waits until all futures have completed, successfully or not, for `limit` at most.
    ///
    /// Returns `(done, pending)`: the futures that have completed, and those that have not.
    ///
    /// # Errors
    /// As [`wait_all`](Self::wait_all). Reaching `limit` is not an error.
    pub fn wait_timeout<I>(
        &self,
        futures: I,
        limit: Duration,
    ) -> Result<(Vec<I::Item>, Vec<I::Item>), Error>
    where
        I: IntoIterator,
        I::Item: AsHandle,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        let until = Instant::now().checked_add(limit);
        wait_for_all(&claims(&futures), until)?;
        Ok(sorted(futures))
    }
}

#[inline]
fn taken<H: AsHandle<Value: Clone>>(future: &mut H, wholes: &Wholes) -> Result<H::Value, Error> {
    loop {
        let claim = &future.as_handle().claim;
        if !claim.promise().has_ended() {
            let whole = wholes.has(claim);
            wait(&One { claim, whole }, None)?;
        }
        if let Some(outcome) = future.take() {
            return outcome;
        }
    }
}

fn sorted<H: AsHandle>(futures: Vec<H>) -> (Vec<H>, Vec<H>) {
    let has_ended = |future: &H| future.as_handle().claim.promise().is_over();
    futures.into_iter().partition(has_ended)
}
