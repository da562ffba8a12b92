//! The errors of bodies.

use crate::base::error::BoxError;

/// The error that a body returned. Boxed twice, so that the result of a body, value or error, is returned in two registers.
#[doc(hidden)]
#[derive(Debug)]
pub struct TaskError(Box<BoxError>);

impl TaskError {
    #[cold]
    pub(crate) fn new(error: BoxError) -> TaskError {
        TaskError(Box::new(error))
    }

    pub(crate) fn error(self) -> BoxError {
        *self.0
    }
}

/// The error type of a delayed function.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a `#[delayed]` function",
    label = "`{Self}` does not convert into `Box<dyn Error + Send + Sync>`",
    note = "any `std::error::Error + Send + Sync`, `anyhow::Error`, `String` or `&str` will do",
    note = "or use `#[delayed(result)]` to keep the `Result` as an ordinary value"
)]
pub trait TaskErr: Sized {
    fn boxed(self) -> BoxError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> TaskErr for E {
    fn boxed(self) -> BoxError {
        self.into()
    }
}

/// A body that may fail.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result<{T}, _>`",
    label = "expected a `Result<{T}, _>` here",
    note = "for an alias of `Result`, say what the success type is: `#[delayed(ok = T)]`"
)]
pub trait Fallible<T> {
    fn ok(self) -> Result<T, TaskError>;
}

impl<T, E: TaskErr> Fallible<T> for Result<T, E> {
    #[inline]
    fn ok(self) -> Result<T, TaskError> {
        self.map_err(|e| TaskError::new(e.boxed()))
    }
}
