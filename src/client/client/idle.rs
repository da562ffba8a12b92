//! Waiting for all tasks of a client, and ending it in good order.

use super::Client;
use crate::base::error::{Error, ErrorKind};
use crate::exec::{Awaited, JobQueue, OnChange, Parker, wait};
use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Client {
    /// Waits until every task has ended, also those that were [detached](crate::Handle::detach), and those that they start.
    ///
    /// Use it before the end of `main`, where the process would end with the tasks that still run. New tasks may be started
    /// meanwhile; the wait is over when there are none. Errors that are told to
    /// [`on_unseen_error`](crate::ClientBuilder::on_unseen_error) have been told then.
    ///
    /// # Errors
    /// `Deadlock` if it is called by a task of this client, or on its threads: it would wait for its own end. Inside a task of
    /// another client: `Cancelled` or `Timeout` if that task is stopped.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static SAVED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// #[delayed]
    /// fn save(_page: u32) { SAVED.fetch_add(1, Ordering::Relaxed); }
    ///
    /// let client = Client::new();
    /// client.map(save, 0..10).into_iter().for_each(|task| task.detach());
    /// client.wait_idle()?;
    /// assert_eq!(SAVED.load(Ordering::Relaxed), 10);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn wait_idle(&self) -> Result<(), Error> {
        self.wait_until_idle(None).map(drop)
    }

    /// Waits until every task has ended, for `limit` at most, and returns whether all have; see [`wait_idle`](Self::wait_idle).
    ///
    /// # Errors
    /// As [`wait_idle`](Self::wait_idle). That `limit` has passed is no error.
    pub fn wait_idle_timeout(&self, limit: Duration) -> Result<bool, Error> {
        self.wait_until_idle(Instant::now().checked_add(limit))
    }

    /// Refuses new tasks, waits until those that were started have ended, for `limit` at most, and cancels the rest.
    ///
    /// Tasks may go on starting tasks; others get futures that have failed with [`Cancelled`](ErrorKind::Cancelled). Bodies that
    /// have not returned when `limit` has passed are told to stop and not waited for; [`close`](Self::close) waits for them.
    ///
    /// # Errors
    /// `Timeout` if `limit` has passed and tasks were cancelled. `Deadlock` if it is called by a task of this client, or on its
    /// threads: then nothing happens.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, ErrorKind, check, prelude::*};
    /// use std::time::Duration;
    ///
    /// #[delayed]
    /// fn poll_for_ever() -> Result<(), Error> {
    ///     loop {
    ///         check()?;
    ///         std::thread::sleep(Duration::from_millis(1));
    ///     }
    /// }
    ///
    /// let client = Client::new();
    /// client.submit(value(1).map(|x| x + 1)).detach();
    /// client.shutdown(Duration::from_secs(10))?;       // done at once
    ///
    /// let client = Client::new();
    /// client.submit(poll_for_ever()).detach();
    /// let error = client.shutdown(Duration::from_millis(20)).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Timeout);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn shutdown(&self, limit: Duration) -> Result<(), Error> {
        let until = Instant::now().checked_add(limit);
        self.check_outside()?;
        self.0.service.options.queue.drain();
        let is_idle = self.wait_until_idle(until)?;
        let left = self.0.service.options.queue.live_futures();
        self.0.close();
        match is_idle {
            true => Ok(()),
            false => {
                let message =
                    format!("{left} futures had not ended within {limit:?}, and were cancelled");
                Err(Error::run(ErrorKind::Timeout, message))
            }
        }
    }

    fn wait_until_idle(&self, until: Option<Instant>) -> Result<bool, Error> {
        self.check_outside()?;
        let queue = &self.0.service.options.queue;
        let idle = Idle {
            queue,
            listening: OnceCell::new(),
        };
        wait(&idle, until)
    }

    /// # Errors
    /// `Deadlock` if the calling thread works for this client.
    fn check_outside(&self) -> Result<(), Error> {
        if !self.is_caller_inside() {
            return Ok(());
        }
        let message =
            "deadlock: a task waits until all tasks of its client have ended, itself included";
        Err(Error::run(ErrorKind::Deadlock, message))
    }
}

/// Waits until a client is idle.
struct Idle<'q> {
    queue: &'q JobQueue,
    listening: OnceCell<OnChange>,
}

impl Awaited for Idle<'_> {
    fn is_over(&self) -> bool {
        self.queue.is_idle()
    }

    fn listen(&self, parker: &Arc<Parker>) {
        self.listening
            .get_or_init(|| self.queue.unpark_on_change(parker));
    }
}
