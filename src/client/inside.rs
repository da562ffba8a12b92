//! Inside a task: the client it runs on, and its slot.

use super::Client;
use crate::base::error::Error;
use crate::exec;
use std::fmt;
use std::marker::PhantomData;

/// Returns the client that runs the current task: [`Client::current`], by the name it has in Dask.
///
/// # Errors
/// [`NotInTask`](crate::ErrorKind::NotInTask) outside of a client's tasks.
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
    Client::current()
}

/// Calls `f` with the client of the current task, while the task has no slot.
///
/// The slot is given up before `f` ([`secede`]) and taken back after it, also if `f` panics. Calls may be nested.
///
/// Use it for tasks that do little but start other tasks and wait for them in ways that lazygraph cannot see. The waits
/// of this crate (`result`, `gather`, ..) give the slot up by themselves.
///
/// # Errors
/// The error of `f`; [`NotInTask`](crate::ErrorKind::NotInTask) outside of a client's tasks.
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

/// A guard of a task that has given its slot up: [`secede`].
///
/// The slot is taken back when the guard is dropped.
#[must_use = "the slot is taken back when this is dropped: keep it in a variable, like `let seceded = secede()?;`"]
pub struct Seceded {
    /// The task had its slot: this guard takes it back.
    first: bool,
    /// Of this thread.
    thread: PhantomData<*mut ()>,
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

/// Gives up the slot of the current task, which goes on without it.
///
/// Use it around long waits that lazygraph cannot see, such as blocking I/O: another task runs meanwhile. The slot is
/// taken back, ahead of tasks that have not begun, when the guard is dropped or given to [`rejoin`], or when the task
/// ends.
///
/// A task that has no slot may secede again: the first guard takes the slot back.
///
/// # Errors
/// [`NotInTask`](crate::ErrorKind::NotInTask) outside of a client's tasks.
/// [`ThreadsExhausted`](crate::ErrorKind::ThreadsExhausted) if there is other work and no thread is left for it.
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

/// Takes back the slot that [`secede`] gave up, as dropping the guard does.
pub fn rejoin(seceded: Seceded) {
    drop(seceded);
}

/// Calls `f` with waits that keep the slot of the current task: nothing runs in its place.
///
/// Use it for short waits that are sure to end: a wait for a task that needs the slot never ends. Outside of tasks
/// `f` is just called.
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
    exec::holding_slot(f)
}
