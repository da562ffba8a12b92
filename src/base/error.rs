//! Why a computation failed.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Any error a task body may return.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// The kind of an [`Error`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A task's body returned `Err`.
    Failed,
    /// A task panicked: its body, the `Clone` of an argument, or the `Drop` of a value.
    Panicked,
    /// The computation was cancelled: through a [`CancelToken`](crate::CancelToken) or [`Handle::cancel`], because the
    /// client was closed or the last handle dropped, or because another task of the run failed.
    ///
    /// [`Handle::cancel`]: crate::Handle::cancel
    Cancelled,
    /// A deadline passed: of the run (`Options::timeout`), of a task (`.timeout(..)`), or of a wait.
    Timeout,
    /// A value borrowed with `Scope::borrow` was used after its scope ended.
    OutOfScope,
    /// Tasks wait for each other in a circle.
    Deadlock,
    /// One explicit `.key(..)` was given to two different computations.
    KeyConflict,
    /// An option, an argument or a graph is invalid.
    Invalid,
    /// An observer panicked.
    ObserverPanicked,
    /// All threads are blocked, and the limit of substitute threads is reached.
    ThreadsExhausted,
    /// A function that must be called inside a task was called outside of one.
    NotInTask,
}

/// Why a computation failed. Cheap to clone.
///
/// `Display` is one line (`{:#}` adds the source), `Debug` tells the whole story: every task on the
/// way down through nested computes, with the place where its call was built.
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// #[delayed]
/// fn parse(s: &str) -> Result<i64, std::num::ParseIntError> {
///     s.parse()
/// }
/// let e = parse("x").compute().unwrap_err();
/// assert_eq!(format!("{e:#}"), "task `parse(\"x\")` failed: invalid digit found in string");
/// assert!(e.downcast_ref::<std::num::ParseIntError>().is_some());
/// ```
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
    others: usize,
}

struct Inner {
    kind: ErrorKind,
    task: String,
    call: String,
    at: Option<&'static Location<'static>>,
    place: String,
    message: Option<String>,
    /// At its root is the halt of a whole run, not the failure of a task. Kept, for chains may be long.
    halt: bool,
    source: Option<BoxError>,
}

impl Drop for Inner {
    /// Frees a chain of nested errors without recursion: nesting may be thousands of levels deep.
    fn drop(&mut self) {
        let mut next = self.source.take();
        while let Some(source) = next {
            next = match source.downcast::<Error>() {
                Ok(e) => Arc::into_inner(e.inner).and_then(|mut inner| inner.source.take()),
                Err(_) => None,
            };
        }
    }
}

/// The task an error is about.
pub(crate) struct Culprit {
    pub(crate) task: String,
    pub(crate) call: String,
    pub(crate) at: &'static Location<'static>,
}

impl Error {
    fn new(
        kind: ErrorKind,
        culprit: Option<Culprit>,
        message: Option<String>,
        source: Option<BoxError>,
    ) -> Error {
        let (task, call, at) = match culprit {
            Some(c) => (c.task, c.call, Some(c.at)),
            None => (String::new(), String::new(), None),
        };
        let place = at.map(ToString::to_string).unwrap_or_default();
        let halt = match source.as_ref().and_then(|s| s.downcast_ref::<Error>()) {
            Some(below) => below.inner.halt,
            None => at.is_none() && matches!(kind, ErrorKind::Cancelled | ErrorKind::Timeout),
        };
        let inner = Inner {
            kind,
            task,
            call,
            at,
            place,
            message,
            halt,
            source,
        };
        Error {
            inner: Arc::new(inner),
            others: 0,
        }
    }

    /// The body of a task returned `Err`.
    pub(crate) fn failed(culprit: Culprit, source: BoxError) -> Error {
        let kind = match source.downcast_ref::<Error>().map(Error::kind) {
            Some(
                kind @ (ErrorKind::Cancelled
                | ErrorKind::Timeout
                | ErrorKind::Deadlock
                | ErrorKind::OutOfScope
                | ErrorKind::KeyConflict
                | ErrorKind::ThreadsExhausted
                | ErrorKind::Invalid),
            ) => kind,
            _ if source.is::<OutOfScope>() => ErrorKind::OutOfScope,
            _ => ErrorKind::Failed,
        };
        Self::new(kind, Some(culprit), None, Some(source))
    }

    /// A task panicked. A panic that carries an [`Error`] (from `.get()`) is a failure.
    pub(crate) fn panicked(culprit: Culprit, payload: Box<dyn Any + Send>) -> Error {
        match payload.downcast::<Carried>() {
            Ok(carried) => Self::failed(culprit, Box::new(carried.0)),
            Err(payload) => {
                let message = panic_message(&*payload);
                drop_payload(payload);
                Self::new(ErrorKind::Panicked, Some(culprit), Some(message), None)
            }
        }
    }

    /// A task ran past its own deadline.
    pub(crate) fn task_timeout(culprit: Culprit, limit: std::time::Duration) -> Error {
        Self::new(
            ErrorKind::Timeout,
            Some(culprit),
            Some(format!("timed out after {limit:?}")),
            None,
        )
    }

    /// A task cannot be run as it asks to be: `message` goes on after its call.
    pub(crate) fn refused(culprit: Culprit, message: String) -> Error {
        Self::new(ErrorKind::Invalid, Some(culprit), Some(message), None)
    }

    /// User code panicked outside of a task's body.
    pub(crate) fn stray_panic(whose: &str, payload: Box<dyn Any + Send>) -> Error {
        let message = format!("{whose} panicked: {}", panic_message(&*payload));
        drop_payload(payload);
        Self::run(ErrorKind::Panicked, message)
    }

    /// A failure of a run as a whole, not of one task.
    pub(crate) fn run(kind: ErrorKind, message: impl Into<String>) -> Error {
        Self::new(kind, None, Some(message.into()), None)
    }

    /// Says that `others` more tasks of the run failed while this error was on its way.
    pub(crate) fn with_others(mut self, others: usize) -> Error {
        self.others = others;
        self
    }

    /// Whether this is only the echo of a run's cancellation or deadline.
    pub(crate) fn is_halt(&self) -> bool {
        self.inner.halt
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns the label of the task that failed; empty if the run failed as a whole (cancelled, timed out).
    pub fn task(&self) -> &str {
        &self.inner.task
    }

    /// The failed call with its arguments, shortened: `load("a.csv", <clean>)`.
    pub fn call(&self) -> &str {
        &self.inner.call
    }

    /// Returns `file:line:column` of the call that built the failed node; empty if the run failed as a whole.
    pub fn location(&self) -> &str {
        &self.inner.place
    }

    /// The message of the panic, if the task panicked.
    pub fn panic_message(&self) -> Option<&str> {
        self.inner.message.as_deref().filter(|_| self.is_panic())
    }

    /// Whether the task panicked (rather than returned `Err`).
    pub fn is_panic(&self) -> bool {
        self.inner.kind == ErrorKind::Panicked
    }

    /// How many more tasks of the same run failed before it came to rest.
    pub fn others(&self) -> usize {
        self.others
    }

    /// The innermost error of a task, through nested computes; this one if nothing is below.
    pub fn root(&self) -> &Error {
        let mut error = self;
        while let Some(inner) = error.below() {
            error = inner;
        }
        error
    }

    fn below(&self) -> Option<&Error> {
        self.inner.source.as_ref()?.downcast_ref::<Error>()
    }

    /// The task's own error, at any depth, if it is an `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        let mut source = StdError::source(self);
        while let Some(e) = source {
            if let Some(found) = e.downcast_ref::<E>() {
                return Some(found);
            }
            source = e.source();
        }
        None
    }

    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        match (inner.at, &inner.message) {
            (None, Some(message)) => f.write_str(message),
            (_, Some(message)) if inner.kind == ErrorKind::Panicked => {
                write!(f, "task `{}` panicked: {message}", inner.call)
            }
            (_, Some(message)) => write!(f, "task `{}` {message}", inner.call),
            (_, None) => write!(f, "task `{}` failed", inner.call),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        if !f.alternate() {
            return Ok(());
        }
        // A loop, not `{:#}` of the source: nesting may be thousands of levels deep.
        let mut error = self;
        while let Some(inner) = error.below() {
            f.write_str(": ")?;
            inner.headline(f)?;
            error = inner;
        }
        match &error.inner.source {
            Some(source) => write!(f, ": {source:#}"),
            None => Ok(()),
        }
    }
}

/// `unwrap()` and `fn main() -> Result<_, Error>` print `Debug`, so it is the full story.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        if self.others > 0 {
            write!(f, " (and {} more)", self.others)?;
        }
        if let Some(at) = self.inner.at {
            write!(f, "\n    at {at}")?;
        }
        let mut source = StdError::source(self);
        while let Some(e) = source {
            write!(f, "\n  caused by: {e}")?;
            if let Some(at) = e.downcast_ref::<Error>().and_then(|e| e.inner.at) {
                write!(f, "\n    at {at}")?;
            }
            source = e.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_ref().map(|source| &**source as _)
    }
}

/// The payload of the panic that `.get()` raises inside a task: the executor above takes the error out.
pub(crate) struct Carried(pub(crate) Error);

/// A scoped borrow was read after its scope had ended.
#[derive(Debug)]
pub(crate) struct OutOfScope;

impl fmt::Display for OutOfScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value borrowed with `Scope::borrow` was used after its scope had ended")
    }
}

impl StdError for OutOfScope {}

/// The text of a panic.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(s) = payload.downcast_ref::<&str>() {
        (*s).to_owned()
    } else if let Some(s) = payload.downcast_ref::<String>() {
        s.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

/// Drops a panic's payload; a payload whose own `Drop` panics is leaked rather than let loose.
pub(crate) fn drop_payload(payload: Box<dyn Any + Send>) {
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(payload)));
    if let Err(second) = dropped {
        std::mem::forget(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_a_hundred_thousand_errors_is_shown_and_dropped_without_recursion() {
        let culprit = || Culprit {
            task: "t".into(),
            call: "t()".into(),
            at: Location::caller(),
        };
        let mut e = Error::failed(culprit(), "boom".into());
        for _ in 0..100_000 {
            e = Error::failed(culprit(), Box::new(e));
        }
        let thread = std::thread::Builder::new().stack_size(128 * 1024);
        let shown = thread
            .spawn(move || format!("{e:#}").len())
            .unwrap()
            .join()
            .unwrap();
        assert!(shown > 100_000);
    }

    #[test]
    fn kinds_that_concern_the_whole_run_are_seen_from_outside() {
        let culprit = Culprit {
            task: "t".into(),
            call: "t()".into(),
            at: Location::caller(),
        };
        let inner = Error::run(ErrorKind::Deadlock, "a waits for b waits for a");
        let outer = Error::failed(culprit, Box::new(inner));
        assert_eq!(outer.kind(), ErrorKind::Deadlock);
        assert_eq!(
            format!("{outer:#}"),
            "task `t()` failed: a waits for b waits for a"
        );
    }
}
