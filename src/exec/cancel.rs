//! Cancellation.

use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::{Mutex, lock};
use std::fmt;
use std::sync::{Arc, Weak};

/// Asks runs to stop: nothing new starts, running bodies may look and end early.
///
/// Clones are the same token. Give one to a run with
/// [`Options::cancel`](crate::Options::cancel); a body asks for its own with
/// [`CancelToken::current`].
///
/// # Examples
/// ```
/// use lazygraph::{CancelToken, ErrorKind, Options, prelude::*};
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let token = CancelToken::new();
/// token.cancel(); // or from another thread, a signal handler's thread, ..
/// let e = inc(1).compute_with(&Options::new().cancel(&token)).unwrap_err();
/// assert_eq!(e.kind(), ErrorKind::Cancelled);
/// ```
#[derive(Clone)]
pub struct CancelToken(Arc<Token>);

struct Token {
    cancelled: AtomicBool,
    /// Told when this token is cancelled.
    listeners: Mutex<Vec<Weak<dyn Cancel>>>,
    /// Cancelled with this.
    above: Option<Arc<dyn IsCancelled>>,
}

/// Something that can be told to stop.
pub(crate) trait Cancel: Send + Sync {
    fn cancel(&self);
}

/// Something that can be asked whether it was told to stop.
pub(crate) trait IsCancelled: Send + Sync {
    fn is_cancelled(&self) -> bool;
}

impl Default for CancelToken {
    fn default() -> Self {
        CancelToken::new()
    }
}

impl CancelToken {
    /// A token that nobody has cancelled yet.
    pub fn new() -> CancelToken {
        CancelToken::under(None)
    }

    pub(crate) fn under(above: Option<Arc<dyn IsCancelled>>) -> CancelToken {
        let token = Token {
            cancelled: AtomicBool::new(false),
            listeners: Mutex::default(),
            above,
        };
        CancelToken(Arc::new(token))
    }

    /// A token that is cancelled with this one, or on its own.
    #[must_use = "a child token does nothing unless it is given to a run"]
    pub fn child(&self) -> CancelToken {
        let child = CancelToken::under(Some(self.0.clone()));
        self.listen(Arc::downgrade(&child.0) as Weak<dyn Cancel>);
        child
    }

    /// Asks everything that has this token to stop. More than once does nothing more.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether it was cancelled.
    #[must_use = "asking alone cancels nothing"]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// The token of the task whose body is running on this thread; `None` outside of tasks.
    ///
    /// It is cancelled when the run is: by its own token, its deadline, the task's deadline, or the failure
    /// of another task.
    pub fn current() -> Option<CancelToken> {
        super::active::current_token()
    }

    pub(crate) fn listen(&self, listener: Weak<dyn Cancel>) {
        let mut listeners = lock(&self.0.listeners);
        if self.is_cancelled() {
            drop(listeners);
            if let Some(listener) = listener.upgrade() {
                listener.cancel();
            }
            return;
        }
        if listeners.len() == listeners.capacity() {
            listeners.retain(|l| l.strong_count() > 0);
        }
        listeners.push(listener);
    }
}

/// Whether both are the same token.
impl PartialEq for CancelToken {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for CancelToken {}

impl std::hash::Hash for CancelToken {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl IsCancelled for Token {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
            || self.above.as_ref().is_some_and(|a| a.is_cancelled())
    }
}

impl Cancel for Token {
    fn cancel(&self) {
        if self.cancelled.swap(true, Ordering::AcqRel) {
            return;
        }
        let listeners = std::mem::take(&mut *lock(&self.listeners));
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.cancel();
        }
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}

/// For long bodies: `check()?` ends the task if its run was told to stop. `Ok` outside of tasks.
///
/// # Errors
/// [`ErrorKind::Cancelled`].
///
/// # Examples
/// ```
/// use lazygraph::{check, prelude::*};
///
/// #[delayed]
/// fn search(n: u64) -> Result<u64, Error> {
///     let mut found = 0;
///     for i in 0..n {
///         check()?;
///         found += i % 2;
///     }
///     Ok(found)
/// }
/// assert_eq!(search(10).compute()?, 5);
/// # Ok::<(), Error>(())
/// ```
pub fn check() -> Result<(), Error> {
    match CancelToken::current() {
        Some(token) if token.is_cancelled() => {
            Err(Error::run(ErrorKind::Cancelled, "the run was cancelled"))
        }
        _ => Ok(()),
    }
}
