//! The options of one compute.

use super::observer::IntoObserver;
use crate::base::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::exec::CancelToken;
use crate::optimize::Passes;
use crate::store::Memo;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::run(ErrorKind::Invalid, message)
}

/// Which threads run the nodes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Scheduler {
    /// The calling thread alone, in the order of the plan.
    Serial,
    /// The calling thread, and threads of a rayon pool while there is work for them.
    Rayon,
}

/// Options of one compute: [`RunOptions`] that borrow no pool.
pub type Options = RunOptions<'static>;

/// Options of one compute: scheduler, threads, optimizer passes, cancellation, timeout, observers, memo.
///
/// Options that are not set are inherited inside a task. Elsewhere the defaults are all passes, the current rayon pool
/// and no timeout. The type is written [`Options`]; the lifetime is that of a borrowed [`pool`](Self::pool).
///
/// # Examples
/// ```
/// use lazygraph::{Options, prelude::*};
/// use std::time::Duration;
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let options = Options::new().threads(2).timeout(Duration::from_secs(10));
/// assert_eq!(inc(1).compute_with(&options)?, 2);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "options do nothing until they are given to a compute"]
pub struct RunOptions<'p> {
    pub(super) scheduler: Option<Scheduler>,
    pub(super) threads: Option<usize>,
    pub(super) pool: Option<&'p rayon::ThreadPool>,
    pub(super) cancel: Option<CancelToken>,
    pub(super) timeout: Option<Duration>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) memo: Option<Memo>,
    cull: Option<bool>,
    dedupe: Option<bool>,
    inline: Option<bool>,
    fuse: Option<bool>,
    order: Option<bool>,
}

impl RunOptions<'static> {
    /// Creates options of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<'p> RunOptions<'p> {
    /// Sets the scheduler. [`Serial`](Scheduler::Serial) contradicts a pool and more than one thread.
    pub fn scheduler(mut self, scheduler: Scheduler) -> Self {
        self.scheduler = Some(scheduler);
        self
    }

    /// Sets how many threads work at once, including the calling thread. One thread is the serial scheduler.
    ///
    /// The compute fails with [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if `n` is zero, or a pool is set as well.
    pub fn threads(mut self, n: usize) -> Self {
        self.threads = Some(n);
        self
    }

    /// Runs the graph on the calling thread and threads of `pool`, as many at once as the pool has.
    ///
    /// A pool of one thread is the serial scheduler.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Options, prelude::*};
    ///
    /// #[delayed]
    /// fn inc(x: i64) -> i64 { x + 1 }
    ///
    /// let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    /// assert_eq!(inc(1).compute_with(&Options::new().pool(&pool))?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn pool<'q>(self, pool: &'q rayon::ThreadPool) -> RunOptions<'q>
    where
        'p: 'q,
    {
        RunOptions {
            pool: Some(pool),
            ..self
        }
    }

    /// Stops the run when `token` is cancelled.
    ///
    /// Takes the token, or a reference to it.
    pub fn cancel(mut self, token: impl Into<CancelToken>) -> Self {
        self.cancel = Some(token.into());
        self
    }

    /// Stops the run when it takes longer than `limit`.
    ///
    /// Bodies that are running can see it by their [`CancelToken`](CancelToken::current); the run waits for those that
    /// do not look.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Reports the events of the run, and of the runs nested in it, to `observer`.
    ///
    /// Takes the observer, or a reference to one that is `Clone`. May be called several times.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Counter, Options, TextLog, prelude::*};
    ///
    /// let seen = Counter::new();
    /// let options = Options::new().observe(&seen).observe(TextLog::to(std::io::sink()));
    /// assert_eq!(call(|x: i64| x + 1, (1,)).compute_with(&options)?, 2);
    /// assert_eq!(seen.total(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn observe<How>(mut self, observer: impl IntoObserver<How>) -> Self {
        self.observers.push(observer.into_observer());
        self
    }

    /// Remembers pure results in `memo`: computes with the same memo share them. See [`Memo`].
    ///
    /// Takes the memo, or a reference to it. Without one, an outermost run has a memo of its own, which is dropped with
    /// it, and a nested run uses the memo of the run around it.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Counter, Memo, Options, prelude::*};
    ///
    /// #[delayed(pure)]
    /// fn fib(n: u64) -> u64 {
    ///     if n < 2 { return n }
    ///     let (a, b) = get!(fib(n - 1), fib(n - 2));
    ///     a + b
    /// }
    ///
    /// let seen = Counter::new();
    /// let session = Options::new().memo(&Memo::new()).observe(&seen);
    /// fib(20).compute_with(&session)?;
    /// fib(22).compute_with(&session)?;
    /// assert_eq!(seen.executed("fib"), 23); // two more for the second
    /// # Ok::<(), Error>(())
    /// ```
    pub fn memo(mut self, memo: impl Into<Memo>) -> Self {
        self.memo = Some(memo.into());
        self
    }

    /// Switches all passes of the optimizer on (the default) or off. Later switches of single passes take precedence.
    pub fn optimize(self, on: bool) -> Self {
        let on = Some(on);
        RunOptions {
            cull: on,
            dedupe: on,
            inline: on,
            fuse: on,
            order: on,
            ..self
        }
    }

    /// Switches culling on or off: leaving out nodes that no output needs.
    pub fn cull(mut self, on: bool) -> Self {
        self.cull = Some(on);
        self
    }

    /// Switches deduplication on or off: running equal pure calls once, also across nested runs. Off, nothing is
    /// remembered either.
    pub fn dedupe(mut self, on: bool) -> Self {
        self.dedupe = Some(on);
        self
    }

    /// Switches inlining on or off: running nodes marked `inline` again in each consumer.
    pub fn inline(mut self, on: bool) -> Self {
        self.inline = Some(on);
        self
    }

    /// Switches fusion on or off: joining linear chains into units.
    pub fn fuse(mut self, on: bool) -> Self {
        self.fuse = Some(on);
        self
    }

    /// Switches ordering on or off: running the nodes in an order in which few results are alive at once.
    pub fn order(mut self, on: bool) -> Self {
        self.order = Some(on);
        self
    }

    /// These, with the observers of `others` before their own, and the memo of `others` if they have none.
    pub(crate) fn after(mut self, others: &Options) -> Self {
        self.observers
            .splice(0..0, others.observers.iter().cloned());
        self.memo = self.memo.or_else(|| others.memo.clone());
        self
    }

    pub(crate) fn cancel_token(&self) -> Option<&CancelToken> {
        self.cancel.as_ref()
    }

    /// The same without what only lives as long as a borrow.
    pub(super) fn without_pool(&self) -> Option<Options> {
        if self.pool.is_some() {
            return None;
        }
        Some(RunOptions {
            pool: None,
            scheduler: self.scheduler,
            threads: self.threads,
            cancel: self.cancel.clone(),
            timeout: self.timeout,
            observers: self.observers.clone(),
            memo: self.memo.clone(),
            cull: self.cull,
            dedupe: self.dedupe,
            inline: self.inline,
            fuse: self.fuse,
            order: self.order,
        })
    }

    /// Whether none is set: a nested run is like the run around it.
    pub(super) fn are_unset(&self) -> bool {
        self.scheduler.is_none()
            && self.threads.is_none()
            && self.pool.is_none()
            && self.cancel.is_none()
            && self.timeout.is_none()
            && self.observers.is_empty()
            && self.memo.is_none()
            && [self.cull, self.dedupe, self.inline, self.fuse, self.order] == [None; 5]
    }

    /// Which passes run, where `defaults` are those that run otherwise.
    pub(super) fn passes(&self, defaults: Passes) -> Passes {
        Passes {
            cull: self.cull.unwrap_or(defaults.cull),
            dedupe: self.dedupe.unwrap_or(defaults.dedupe),
            inline: self.inline.unwrap_or(defaults.inline),
            fuse: self.fuse.unwrap_or(defaults.fuse),
            order: self.order.unwrap_or(defaults.order),
        }
    }

    /// Refuses options that contradict each other.
    pub(super) fn check(&self) -> Result<(), Error> {
        let serial = self.scheduler == Some(Scheduler::Serial);
        match (self.threads, self.pool) {
            (Some(0), _) => Err(invalid(
                "`threads(0)`: a run needs at least the calling thread",
            )),
            (Some(n), Some(_)) => Err(invalid(format!(
                "`threads({n})` and `pool(..)`: the pool has its own number of threads"
            ))),
            (Some(n), None) if serial && n > 1 => Err(invalid(format!(
                "`threads({n})`: the serial scheduler works on the calling thread alone"
            ))),
            (None, Some(_)) if serial => Err(invalid(
                "`pool(..)`: the serial scheduler works on the calling thread alone",
            )),
            _ => Ok(()),
        }
    }
}

impl From<&CancelToken> for CancelToken {
    fn from(token: &CancelToken) -> CancelToken {
        token.clone()
    }
}

impl From<&Memo> for Memo {
    fn from(memo: &Memo) -> Memo {
        memo.clone()
    }
}

impl fmt::Debug for RunOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("scheduler", &self.scheduler)
            .field("threads", &self.threads)
            .field("pool", &self.pool)
            .field("cancel", &self.cancel)
            .field("timeout", &self.timeout)
            .field("observers", &self.observers.len())
            .field("memo", &self.memo)
            .field("cull", &self.cull)
            .field("dedupe", &self.dedupe)
            .field("inline", &self.inline)
            .field("fuse", &self.fuse)
            .field("order", &self.order)
            .finish()
    }
}
