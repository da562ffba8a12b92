//! Inside a task: the client it runs on, and its slot.

use super::Client;
use crate::base::error::{Error, ErrorKind};
use crate::exec;
use std::fmt;
use std::marker::PhantomData;

/// The client that the task on this thread runs on.
///
/// # Errors
/// [`NotInTask`](ErrorKind::NotInTask) outside of tasks, and in those of a plain `compute`.
///
/// # Examples
/// ```
/// use lazygraph::{Client, get_client, prelude::*};
///
/// #[delayed]
/// fn fib(n: u64) -> Result<u64, Error> {
///     if n < 2 { return Ok(n) }
///     let client = get_client()?;
///     let (a, b) = (client.submit(fib(n - 1)), client.submit(fib(n - 2)));
///     Ok(a.result()? + b.result()?)
/// }
/// assert_eq!(Client::builder().threads(1).build()?.submit(fib(10)).result()?, 55);
/// # Ok::<(), Error>(())
/// ```
pub fn get_client() -> Result<Client, Error> {
    Client::current().ok_or_else(|| {
        let message =
            "this thread does not run a task that a client has started, as `client.submit` does";
        Error::run(ErrorKind::NotInTask, message)
    })
}

/// Calls `f` with the client that the task on this thread runs on, without a slot: [`secede`] before, [`rejoin`] after,
/// also if `f` panics. May be nested.
///
/// For bodies that do little but launch tasks and wait, in ways that lazygraph does not know of as well. What `submit`,
/// `gather` and the like wait for needs no such care.
///
/// # Errors
/// What `f` gives; [`NotInTask`](ErrorKind::NotInTask) outside of tasks.
///
/// # Examples
/// ```
/// use lazygraph::{Client, prelude::*, worker_client};
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
/// #[delayed]
/// fn fan_out(n: i64) -> Result<i64, Error> {
///     worker_client(|c| Ok(c.gather(c.map(inc, 0..n))?.iter().sum()))
/// }
/// assert_eq!(Client::new().submit(fan_out(10)).result()?, 55);
/// # Ok::<(), Error>(())
/// ```
pub fn worker_client<R>(f: impl FnOnce(&Client) -> Result<R, Error>) -> Result<R, Error> {
    let client = get_client()?;
    let _seceded = secede()?;
    f(&client)
}

/// A body works on without a slot, until this is dropped: [`secede`].
#[must_use = "the slot is taken back when this is dropped: keep it in a variable, like `let seceded = secede()?;`"]
pub struct Seceded {
    /// It was not seceded before: this one takes the slot back.
    first: bool,
    /// Of this thread.
    thread: PhantomData<*mut ()>,
}

impl Seceded {
    /// Takes the slot back, as dropping it does.
    pub fn rejoin(self) {}
}

impl Drop for Seceded {
    fn drop(&mut self) {
        if self.first {
            // Outside of the task there is nothing to take back.
            let _ = exec::rejoin_here();
        }
    }
}

impl fmt::Debug for Seceded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seceded").finish_non_exhaustive()
    }
}

/// The body on this thread gives its slot up and goes on without: for long waits that lazygraph does not know of, like
/// blocking I/O. The slot is taken back, ahead of tasks that have not begun, when the guard is dropped or
/// [rejoined](rejoin), or the body ends.
///
/// Seceding twice is seceding once: the first guard counts.
///
/// # Errors
/// [`NotInTask`](ErrorKind::NotInTask) outside of tasks. [`ThreadsExhausted`](ErrorKind::ThreadsExhausted) if there is work that nobody
/// could do meanwhile.
///
/// # Examples
/// ```
/// use lazygraph::{Client, prelude::*, secede};
///
/// #[delayed]
/// fn read(path: String) -> Result<usize, Error> {
///     let guard = secede()?;                 // others work meanwhile
///     let text = std::fs::read(path).unwrap_or_default();
///     drop(guard);
///     Ok(text.len())
/// }
/// assert_eq!(Client::new().submit(read("/no/such/file")).result()?, 0);
/// # Ok::<(), Error>(())
/// ```
pub fn secede() -> Result<Seceded, Error> {
    Ok(Seceded {
        first: exec::secede()?,
        thread: PhantomData,
    })
}

/// What [`secede`] has given: the guard, or the error if it could not.
pub trait Yielded {
    #[doc(hidden)]
    fn give_back(self) -> Result<(), Error>;
}

impl Yielded for Seceded {
    fn give_back(self) -> Result<(), Error> {
        drop(self);
        Ok(())
    }
}

impl Yielded for Result<Seceded, Error> {
    fn give_back(self) -> Result<(), Error> {
        self.map(drop)
    }
}

/// Takes the slot back that [`secede`] has given up.
///
/// # Errors
/// The error of `secede`, if it gave one.
pub fn rejoin(seceded: impl Yielded) -> Result<(), Error> {
    seceded.give_back()
}

/// Calls `f` with a body that keeps its slot while it waits: nobody works in its place.
///
/// A wait that nobody could end then hangs: for short waits whose end is sure. Outside of tasks it changes nothing.
///
/// # Examples
/// ```
/// use lazygraph::{Client, get_client, hold_slot, prelude::*};
///
/// #[delayed]
/// fn twice(x: i64) -> Result<i64, Error> {
///     let x = get_client()?.submit(value(x));
///     hold_slot(|| Ok(2 * x.result()?))
/// }
/// assert_eq!(Client::builder().threads(2).build()?.submit(twice(4)).result()?, 8);
/// # Ok::<(), Error>(())
/// ```
pub fn hold_slot<R>(f: impl FnOnce() -> R) -> R {
    exec::holding(f)
}
