//! The error of a computation.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Any error that the body of a task may return.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// The kind of an [`Error`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The body of a task returned `Err`.
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
    /// Tasks wait for each other in a cycle.
    Deadlock,
    /// The same explicit `.key(..)` was given to two different computations.
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

/// The error of a computation. Cheap to clone.
///
/// `Display` prints one line, `{:#}` the chain of sources behind it. `Debug` prints the full report: every failed task down
/// through nested computes, each with the location where its call was built.
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
    details: Arc<Details>,
    others: usize,
}

struct Details {
    kind: ErrorKind,
    task: String,
    call: String,
    at: Option<&'static Location<'static>>,
    place: String,
    message: Option<String>,
    /// Its root is the halt of a whole run, not the failure of a task. Stored, because chains may be long.
    halt: bool,
    source: Option<BoxError>,
}

impl Drop for Details {
    /// Drops a chain of nested errors without recursion: nesting may be thousands of levels deep.
    fn drop(&mut self) {
        let mut next = self.source.take();
        while let Some(source) = next {
            next = match source.downcast::<Error>() {
                Ok(e) => Arc::into_inner(e.details).and_then(|mut details| details.source.take()),
                Err(_) => None,
            };
        }
    }
}

/// The task that an error is about.
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
            Some(below) => below.details.halt,
            None => at.is_none() && matches!(kind, ErrorKind::Cancelled | ErrorKind::Timeout),
        };
        let details = Details {
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
            details: Arc::new(details),
            others: 0,
        }
    }

    /// A task whose body returned `Err`.
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

    /// A task that panicked. A panic that carries an [`Error`] (from `.get()`) is a failure.
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

    /// A task that ran past its own deadline.
    pub(crate) fn task_timeout(culprit: Culprit, limit: std::time::Duration) -> Error {
        Self::new(
            ErrorKind::Timeout,
            Some(culprit),
            Some(format!("timed out after {limit:?}")),
            None,
        )
    }

    /// A task that cannot run as its call asks: `message` follows the text of the call.
    pub(crate) fn refused(culprit: Culprit, message: String) -> Error {
        Self::new(ErrorKind::Invalid, Some(culprit), Some(message), None)
    }

    /// A panic of user code outside of a task's body: `whose` panicked.
    pub(crate) fn stray_panic(whose: &str, payload: Box<dyn Any + Send>) -> Error {
        let message = format!("{whose} panicked: {}", panic_message(&*payload));
        drop_payload(payload);
        Self::run(ErrorKind::Panicked, message)
    }

    /// A failure of a run as a whole, not of one task.
    pub(crate) fn run(kind: ErrorKind, message: impl Into<String>) -> Error {
        Self::new(kind, None, Some(message.into()), None)
    }

    /// Adds the number of other tasks of the run that failed as well.
    pub(crate) fn with_others(mut self, others: usize) -> Error {
        self.others = others;
        self
    }

    /// Whether this only reports that the run was cancelled or timed out.
    pub(crate) fn is_halt(&self) -> bool {
        self.details.halt
    }

    /// Returns the kind of this error.
    pub fn kind(&self) -> ErrorKind {
        self.details.kind
    }

    /// Returns the label of the task that failed; empty if the run failed as a whole (cancelled, timed out).
    pub fn task(&self) -> &str {
        &self.details.task
    }

    /// Returns the text of the failed call, with shortened arguments: `load("a.csv", <clean>)`.
    pub fn call(&self) -> &str {
        &self.details.call
    }

    /// Returns `file:line:column` of the call that built the failed node; empty if the run failed as a whole.
    pub fn location(&self) -> &str {
        &self.details.place
    }

    /// Returns the message of the panic, if the task panicked.
    pub fn panic_message(&self) -> Option<&str> {
        self.details.message.as_deref().filter(|_| self.is_panic())
    }

    /// Returns `true` if the task panicked, rather than returned `Err`.
    pub fn is_panic(&self) -> bool {
        self.details.kind == ErrorKind::Panicked
    }

    /// Returns how many other tasks of the same run failed before it ended.
    pub fn others(&self) -> usize {
        self.others
    }

    /// Returns the innermost error of the chain through nested computes; `self` if there is none below.
    pub fn root(&self) -> &Error {
        let mut error = self;
        while let Some(inner) = error.below() {
            error = inner;
        }
        error
    }

    fn below(&self) -> Option<&Error> {
        self.details.source.as_ref()?.downcast_ref::<Error>()
    }

    /// Returns the first error in the chain of sources that is an `E`: usually what a task's body returned.
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
        let details = &*self.details;
        match (details.at, &details.message) {
            (None, Some(message)) => f.write_str(message),
            (_, Some(message)) if details.kind == ErrorKind::Panicked => {
                write!(f, "task `{}` panicked: {message}", details.call)
            }
            (_, Some(message)) => write!(f, "task `{}` {message}", details.call),
            (_, None) => write!(f, "task `{}` failed", details.call),
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
        let mut fold = Fold::of(std::iter::successors(Some(self), |e| e.below()).count());
        while let Some(inner) = error.below() {
            match fold.next() {
                Folded::Shown => {
                    f.write_str(": ")?;
                    inner.headline(f)?;
                }
                Folded::First(more) => write!(f, ": .. {more} more ..")?,
                Folded::Hidden => {}
            }
            error = inner;
        }
        match &error.details.source {
            Some(source) => write!(f, ": {source:#}"),
            None => Ok(()),
        }
    }
}

/// What of a long chain of errors is written: its beginning, and its end with the root cause.
struct Fold {
    levels: usize,
    at: usize,
}

enum Folded {
    Shown,
    /// The first of so many that are left out.
    First(usize),
    Hidden,
}

impl Fold {
    /// Of a chain of so many levels, the first of which is written already.
    fn of(levels: usize) -> Fold {
        Fold { levels, at: 0 }
    }

    fn next(&mut self) -> Folded {
        const END: usize = 64;
        self.at += 1;
        let hidden = END..self.levels.saturating_sub(END).max(END);
        match hidden.contains(&self.at) {
            true if self.at == hidden.start => Folded::First(hidden.len()),
            true => Folded::Hidden,
            false => Folded::Shown,
        }
    }
}

/// `unwrap()` and `fn main() -> Result<_, Error>` print `Debug`, so it is the full report.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        if self.others > 0 {
            write!(f, " (and {} more)", self.others)?;
        }
        if let Some(at) = self.details.at {
            write!(f, "\n    at {at}")?;
        }
        let chain = || {
            std::iter::successors(StdError::source(self), |e: &&(dyn StdError + 'static)| {
                (**e).source()
            })
        };
        let mut fold = Fold::of(chain().count() + 1);
        for e in chain() {
            match fold.next() {
                Folded::Shown => {}
                Folded::First(more) => {
                    write!(f, "\n  .. {more} more ..")?;
                    continue;
                }
                Folded::Hidden => continue,
            }
            write!(f, "\n  caused by: {e}")?;
            if let Some(at) = e.downcast_ref::<Error>().and_then(|e| e.details.at) {
                write!(f, "\n    at {at}")?;
            }
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.details.source.as_ref().map(|source| &**source as _)
    }
}

/// The payload of the panic that `.get()` raises inside a task; the executor takes the error out of it.
pub(crate) struct Carried(pub(crate) Error);

/// The error of a read of a scope's borrow after the scope has ended.
#[derive(Debug)]
pub(crate) struct OutOfScope;

impl fmt::Display for OutOfScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value borrowed with `Scope::borrow` was used after its scope had ended")
    }
}

impl StdError for OutOfScope {}

/// Returns the message of a panic.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(s) = payload.downcast_ref::<&str>() {
        (*s).to_owned()
    } else if let Some(s) = payload.downcast_ref::<String>() {
        s.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

/// Drops the payload of a panic. If that panics in turn, the second payload is leaked.
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
            .spawn(move || format!("{e:#}"))
            .unwrap()
            .join()
            .unwrap();
        assert!(shown.len() < 10_000, "folded in the middle");
        assert!(shown.ends_with(": boom"), "{shown}");
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
