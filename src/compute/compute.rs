//! The entry points: functions, methods and macros that run a graph.

use super::options::{Options, RunOptions};
use super::run::{run, run_alone, run_here, run_nesting, run_with_defaults};
use crate::base::error::{Carried, Error};
use crate::delayed::{Delayed, Join, Outcomes, value_arc};
use crate::exec::is_inside_task;
use crate::task::{Input, Use, Value};
use std::sync::Arc;

/// Runs the graph of everything in `nesting` and returns the values, in the same nesting.
///
/// What several parts share runs once. Inside a task this is a nested run: it inherits the options of the run around it
/// and works on the waiting thread first, so it cannot deadlock.
///
/// # Errors
/// The first failure of a task that is not [caught](Delayed::catch); see [`Error`].
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let x = inc(1);
/// let (a, both) = compute((&x, vec![inc(&x), inc(5)]))?;
/// assert_eq!((a, both), (2, vec![3, 6]));
/// # Ok::<(), Error>(())
/// ```
#[inline]
pub fn compute<J: Join>(nesting: J) -> Result<J::Out, Error> {
    match run_here(&nesting) {
        Some(result) => result,
        None => run_with_defaults(&nesting),
    }
}

/// Runs the graph of everything in `nesting` with `options`; see [`compute`].
///
/// Inside a task, options that are not set are inherited from the run around it.
///
/// # Errors
/// As [`compute`]; `Invalid` if the options contradict each other.
pub fn compute_with<J: Join>(options: &RunOptions<'_>, nesting: J) -> Result<J::Out, Error> {
    if options.are_unset()
        && let Some(result) = run_here(&nesting).or_else(|| run_alone(&nesting))
    {
        return result;
    }
    run_nesting(options, &nesting)
}

/// Runs the graph of many delayed values and returns the outcome of each, in their order.
///
/// A failure does not stop what does not depend on it. If the run fails as a whole, because it is cancelled or timed out,
/// every outcome is that error.
///
/// # Examples
/// ```
/// use lazygraph::{compute_all, prelude::*};
///
/// #[delayed]
/// fn parse(s: &str) -> Result<i64, std::num::ParseIntError> { s.parse() }
///
/// let all = compute_all([parse("1"), parse("x"), parse("3")]);
/// assert_eq!(all.iter().filter(|r| r.is_ok()).count(), 2);
/// ```
#[must_use = "the outcomes include errors"]
pub fn compute_all<T: Value + Clone>(
    items: impl IntoIterator<Item = Delayed<T>>,
) -> Vec<Result<T, Error>> {
    compute_all_with(&Options::new(), items)
}

/// Runs the graph of many delayed values with `options` and returns the outcome of each; see [`compute_all`].
///
/// If the options contradict each other, every outcome is that error.
#[must_use = "the outcomes include errors"]
pub fn compute_all_with<T: Value + Clone>(
    options: &RunOptions<'_>,
    items: impl IntoIterator<Item = Delayed<T>>,
) -> Vec<Result<T, Error>> {
    let items = Outcomes(items.into_iter().collect());
    // A failure of the run as a whole (cancelled, timed out) is that of each.
    run_nesting(options, &items)
        .unwrap_or_else(|e| items.0.iter().map(|_| Err(e.clone())).collect())
}

impl<T: Value> Delayed<T> {
    /// Runs the graph and returns the value. See [`compute`].
    ///
    /// # Errors
    /// As [`compute`].
    pub fn compute(&self) -> Result<T, Error>
    where
        T: Clone,
    {
        compute(self)
    }

    /// Runs the graph with `options` and returns the value. See [`compute_with`].
    ///
    /// # Errors
    /// As [`compute_with`].
    pub fn compute_with(&self, options: &RunOptions<'_>) -> Result<T, Error>
    where
        T: Clone,
    {
        compute_with(options, self)
    }

    /// Runs the graph and returns the value; panics if the graph fails.
    ///
    /// For bodies that do not return a `Result`. Inside a task the panic prints no message: it carries the error to the
    /// task, which fails with the whole chain.
    ///
    /// # Panics
    /// If the graph fails.
    #[track_caller]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        unwrap_or_carry(compute(self))
    }

    /// Runs the graph and returns the value as an `Arc`: for results that are not `Clone`, or too big to copy.
    ///
    /// # Errors
    /// As [`compute`]; `Invalid` for a value that is borrowed from a [`scope`](crate::scope()).
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    ///
    /// struct Model(Vec<f64>); // not `Clone`
    ///
    /// #[delayed]
    /// fn train(n: usize) -> Model { Model(vec![0.5; n]) }
    ///
    /// assert_eq!(train(3).compute_arc()?.0.len(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn compute_arc(&self) -> Result<Arc<T>, Error> {
        let output = vec![Input::new(&self.node, Use::Shared)];
        run(&Options::new(), output, |frame| frame.arc())
    }

    /// Runs the graph and returns a delayed value that holds the result: later computes do not run it again.
    ///
    /// # Errors
    /// As [`compute_arc`](Self::compute_arc).
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    ///
    /// #[delayed]
    /// fn load() -> Vec<f64> { vec![1.0; 1000] }
    ///
    /// let data = load().persist()?;                 // loaded here, once
    /// assert_eq!(data.len().compute()?, 1000);
    /// assert_eq!(data.at(3).compute()?, 1.0);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn persist(&self) -> Result<Delayed<T>, Error> {
        let held = value_arc(self.compute_arc()?);
        Ok(held.named(self.name()))
    }
}

/// The value, or a panic: one that carries the error to the executor inside a task, one that prints it outside.
#[inline]
#[track_caller]
#[doc(hidden)]
pub fn unwrap_or_carry<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => carry(error),
    }
}

#[cold]
#[track_caller]
fn carry(error: Error) -> ! {
    if is_inside_task() {
        std::panic::resume_unwind(Box::new(Carried(error)));
    }
    panic!("{error:?}")
}

/// Runs the graph of several delayed values: `compute!(a, b)` is `compute((&a, &b))`.
///
/// The result is a `Result<(A, B), Error>`; the delayed values are not consumed. See [`compute`](crate::compute()).
///
/// # Errors
/// As [`compute`](crate::compute()).
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// let (a, b) = (value(1), value("x"));
/// assert_eq!(compute!(a, b)?, (1, "x"));
/// assert_eq!(compute!(a)?, 1);
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! compute {
    ($a:expr $(,)?) => { $crate::compute(&$a) };
    ($($a:expr),+ $(,)?) => { $crate::compute(($(&$a,)+)) };
}

/// Runs the graph of several delayed values as [`compute!`](crate::compute!) does; panics if it fails.
///
/// For bodies that do not return a `Result`. See [`Delayed::get`](crate::Delayed::get).
///
/// # Panics
/// If the graph fails.
///
/// # Examples
/// ```
/// use lazygraph::prelude::*;
///
/// #[delayed]
/// fn fib(n: u64) -> u64 {
///     if n < 2 { return n }
///     let (a, b) = get!(fib(n - 1), fib(n - 2));
///     a + b
/// }
/// assert_eq!(fib(10).compute()?, 55);
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! get {
    ($a:expr $(,)?) => { $crate::__private::unwrap_or_carry($crate::compute(&$a)) };
    ($($a:expr),+ $(,)?) => { $crate::__private::unwrap_or_carry($crate::compute(($(&$a,)+))) };
}
