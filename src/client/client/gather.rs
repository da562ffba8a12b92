//! Many futures at once: their values, or which of them have ended.

use super::Client;
use crate::base::error::Error;
use crate::client::AsHandle;
use crate::client::waiting::{Any, One, Wholes, claims, wait_for_all};
use crate::exec::wait;
use std::time::{Duration, Instant};

impl Client {
    /// The values of all of them, in their order; waits for them.
    ///
    /// # Errors
    /// The failure of the first, in their order, that has failed. Inside a task also `Cancelled`, `Timeout` and
    /// `Deadlock` of the wait.
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
        let mut values = Vec::with_capacity(futures.len());
        for mut future in futures {
            values.push(taken(&mut future, &wholes)?);
        }
        Ok(values)
    }

    /// What came of each of them, in their order; waits for all.
    pub fn gather_all<I>(&self, futures: I) -> Vec<Result<<I::Item as AsHandle>::Value, Error>>
    where
        I: IntoIterator,
        I::Item: AsHandle<Value: Clone>,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        let wholes = Wholes::of(futures.iter().map(|f| &f.as_handle().claim));
        let values = futures.into_iter().map(|mut f| taken(&mut f, &wholes));
        values.collect()
    }

    /// Waits until all of them have ended, well or not. Gives those that have, and those that have not: none, unless
    /// the wait was broken off inside a task (it was told to stop, or they wait for it).
    #[must_use = "it tells which of them have ended"]
    pub fn wait_all<I>(&self, futures: I) -> (Vec<I::Item>, Vec<I::Item>)
    where
        I: IntoIterator,
        I::Item: AsHandle,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        let _ = wait_for_all(&claims(&futures), None);
        sorted(futures)
    }

    /// Waits until one of them has ended, well or not. Gives those that have, and those that have not.
    #[must_use = "it tells which of them have ended"]
    pub fn wait_any<I>(&self, futures: I) -> (Vec<I::Item>, Vec<I::Item>)
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
            let _ = wait(&any, None);
        }
        sorted(futures)
    }

    /// Waits until all of them have ended, or the time is up. Gives those that have, and those that have not.
    #[must_use = "it tells which of them have ended"]
    pub fn wait_timeout<I>(&self, futures: I, limit: Duration) -> (Vec<I::Item>, Vec<I::Item>)
    where
        I: IntoIterator,
        I::Item: AsHandle,
    {
        let futures: Vec<I::Item> = futures.into_iter().collect();
        let until = Instant::now().checked_add(limit);
        let _ = wait_for_all(&claims(&futures), until);
        sorted(futures)
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
