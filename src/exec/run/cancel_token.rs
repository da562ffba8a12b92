//! The token by which users stop runs, and bodies see that they are to stop.

use super::current::current;
use super::run::{Run, RunOwner};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::{Mutex, lock};
use crate::exec::park::{Cancel, IsCancelled, Limit};
use std::fmt;
use std::sync::{Arc, Weak};

/// Cancels runs: no further task starts, and running bodies can ask the token and return early.
///
/// Clones are the same token. Pass it to a run with [`Options::cancel`](crate::Options::cancel). A body gets
/// the token of its own run from [`CancelToken::current`].
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
pub struct CancelToken(Arc<TokenState>);

struct TokenState {
    cancelled: AtomicBool,
    /// Told when this token is cancelled.
    listeners: Mutex<Vec<Weak<dyn Cancel>>>,
    /// Cancelled with this.
    above: Option<Arc<dyn IsCancelled>>,
}

impl Default for CancelToken {
    fn default() -> Self {
        CancelToken::new()
    }
}

impl CancelToken {
    /// Creates a token that is not cancelled.
    pub fn new() -> CancelToken {
        CancelToken::new_under(None)
    }

    fn new_under(above: Option<Arc<dyn IsCancelled>>) -> CancelToken {
        let token = TokenState {
            cancelled: AtomicBool::new(false),
            listeners: Mutex::default(),
            above,
        };
        CancelToken(Arc::new(token))
    }

    /// Creates a child: cancelling this token cancels it, too; cancelling the child leaves this token as it is.
    #[must_use = "a child token does nothing unless it is given to a run"]
    pub fn child(&self) -> CancelToken {
        let child = CancelToken::new_under(Some(self.0.clone()));
        self.listen(&child.0);
        child
    }

    /// Cancels everything that has this token. Further calls have no effect.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Returns whether the token, or one that it is a child of, was cancelled.
    #[must_use = "asking alone cancels nothing"]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Returns the token of the task whose body is running on this thread; `None` outside of tasks.
    ///
    /// It is cancelled when the run is: by the run's token or deadline, the task's own deadline, or the failure of another
    /// task.
    pub fn current() -> Option<CancelToken> {
        let current = current()?;
        let body = RunningBody {
            run: current.run.clone(),
            limit: current.limit(),
            element: current.element(),
        };
        Some(CancelToken::new_under(Some(Arc::new(body))))
    }

    pub(crate) fn listen(&self, listener: &Arc<impl Cancel + 'static>) {
        let mut listeners = lock(&self.0.listeners);
        if self.is_cancelled() {
            drop(listeners);
            return listener.cancel();
        }
        if listeners.len() == listeners.capacity() {
            listeners.retain(|l| l.strong_count() > 0);
        }
        let listener = Arc::downgrade(listener);
        listeners.push(listener);
    }
}

impl IsCancelled for TokenState {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
            || self.above.as_ref().is_some_and(|a| a.is_cancelled())
    }
}

impl Cancel for TokenState {
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

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}

/// What the token of a body asks.
struct RunningBody {
    run: Arc<Run>,
    /// The nearest time limit that the body is within.
    limit: Option<Arc<Limit>>,
    /// The node whose futures the body is for, if these are not all of the task's.
    element: Option<(Arc<dyn RunOwner>, usize)>,
}

impl IsCancelled for RunningBody {
    fn is_cancelled(&self) -> bool {
        let is_unwanted = |(owner, node): &(Arc<dyn RunOwner>, usize)| {
            let futures = owner.futures();
            !futures.wants_node(*node)
        };
        self.limit.as_ref().is_some_and(|limit| limit.has_passed())
            || self.run.is_cancelled()
            || self.element.as_ref().is_some_and(is_unwanted)
    }
}

/// Returns an error if the running task was cancelled or its deadline has passed: `check()?` ends a long body early.
///
/// Returns `Ok` outside of tasks.
///
/// # Errors
/// [`ErrorKind::Cancelled`] if the task is to stop.
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
