//! `Client`: starts tasks. Its builder, and what else it can be asked, stand in the files below this one.

pub(super) mod builder;
mod gather;
mod idle;
#[cfg(feature = "async")]
pub(super) mod spawn;

use super::stats::ClientStats;
use super::submit::{CallStar, Futures, future_of};
use crate::base::buffer_pool::Pooled;
use crate::base::error::{Error, ErrorKind};
use crate::compute::{Planned, Service};
use crate::delayed::{AsDelayed, Delayed, Handle};
use crate::exec::{Cancel, Executor, Job, Transition, current_owner, is_served_here};
use crate::task::counted;
use crate::task::{Claim, Input, NodePtr, Use, Value};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// Starts tasks and returns futures of their results: [`Handle`]s.
///
/// A client has a number of worker slots, and threads for them; its [builder](Client::builder) says how many. A task may
/// use the client that runs it ([`Client::current`], [`worker_client`](crate::worker_client)). Whatever the task waits
/// for, its slot is given to others meanwhile, so tasks that start tasks never block each other, even on one slot.
///
/// Clones are the same client. Dropping a client stops nothing: a task goes on while there is a [`Handle`] of it.
/// [`close`](Self::close) stops everything. The process ends with `main`, whatever still runs: [`wait_idle`](Self::wait_idle) waits
/// for all tasks, [`shutdown`](Self::shutdown) for so long.
///
/// # Examples
/// ```
/// use lazygraph::{Client, prelude::*};
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
/// #[delayed]
/// fn total(xs: Vec<i64>) -> i64 { xs.iter().sum() }
///
/// let client = Client::new();
/// let xs = client.map(inc, 0..10);            // ten futures
/// let sum = client.submit(total(&xs));        // starts when they are there
/// assert_eq!(client.gather(&xs)?[9], 10);
/// assert_eq!(sum.result()?, 55);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Client(Arc<ClientInner>);

pub(crate) struct ClientInner {
    executor: Arc<Executor>,
    service: Service,
}

impl Client {
    /// Returns the client that runs the current task.
    ///
    /// # Errors
    /// [`NotInTask`](ErrorKind::NotInTask) outside of a client's tasks; a plain `compute` has no client.
    pub fn current() -> Result<Client, Error> {
        Client::of_this_task().ok_or_else(|| {
            Error::run(
                ErrorKind::NotInTask,
                "there is no current client: called outside of a client's task",
            )
        })
    }

    fn of_this_task() -> Option<Client> {
        current_owner()?.downcast().ok().map(Client)
    }

    /// Starts a delayed call and returns a future of its result.
    ///
    /// The whole graph behind `call` runs. Where it needs the result of another future, only the part that needs it
    /// waits. A pure call that was computed before, or is being computed, does not run again; see
    /// [`impure`](Delayed::impure).
    ///
    /// When a slot is free, the task of the highest [priority](Delayed::priority) starts; what it waits for is as urgent.
    /// Among equals, tasks started by tasks go first (the deeper first), then those that read the result of a future, which
    /// can be dropped after that, then the earliest.
    ///
    /// If the call cannot be started, because the client is closed or the graph is invalid, the returned future has
    /// failed.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// let client = Client::new();
    /// let x = client.submit(value(20).map(|x| x + 1));
    /// let y = client.submit(call(|x: i32| x * 2, (&x,)));
    /// assert_eq!(y.result()?, 42);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// A function is not a call:
    /// ```compile_fail
    /// use lazygraph::{Client, prelude::*};
    ///
    /// #[delayed]
    /// fn inc(x: i64) -> i64 { x + 1 }
    /// Client::new().submit(inc, 1);
    /// ```
    #[track_caller]
    pub fn submit<D: AsDelayed>(&self, call: D) -> Handle<D::Value> {
        let call = call.to_delayed();
        let output = vec![Input::new(&call.node, Use::Value)];
        let planned = self.plan(output, vec![call.node].into(), false);
        let handle = planned.claims(1).map(Handle::of).next();
        planned.open();
        match handle {
            Some(handle) => handle,
            None => unreachable!("one was asked for"),
        }
    }

    /// Starts `f` of every item and returns a future of each result, in the order of the items.
    ///
    /// All calls are one graph: a million items cost about as much as one compute of a million outputs. The futures
    /// complete one by one, and each succeeds or fails on its own, also where a call could never run.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// #[delayed]
    /// fn square(x: i64) -> i64 { x * x }
    ///
    /// let client = Client::new();
    /// assert_eq!(client.gather(client.map(square, 1..4))?, [1, 4, 9]);
    /// let halves = client.map(delayed(|x: f64| x / 2.0), [1.0, 3.0]);
    /// assert_eq!(client.gather(halves)?, [0.5, 1.5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use = "dropping the futures cancels their work: keep them, or `detach` each"]
    #[track_caller]
    pub fn map<I, F, T>(&self, f: F, items: I) -> Vec<Handle<T>>
    where
        I: IntoIterator,
        F: Fn(I::Item) -> Delayed<T>,
        T: Value,
    {
        let caller = Location::caller();
        let calls = items.into_iter().map(|item| f(item).placed_at(caller));
        self.start_each(calls.collect())
    }

    /// Starts `f` of every tuple of arguments and returns a future of each result: [`map`](Self::map) for functions of
    /// several arguments.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// #[delayed]
    /// fn add(a: i64, b: i64) -> i64 { a + b }
    ///
    /// let client = Client::new();
    /// let sums = client.starmap(add, (0..3).zip(10..));
    /// assert_eq!(client.gather(sums)?, [10, 12, 14]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use = "dropping the futures cancels their work: keep them, or `detach` each"]
    #[track_caller]
    pub fn starmap<I, F, T>(&self, f: F, items: I) -> Vec<Handle<T>>
    where
        I: IntoIterator,
        F: CallStar<I::Item, T>,
        T: Value,
    {
        let caller = Location::caller();
        let calls = items
            .into_iter()
            .map(|args| f.call_star(args).placed_at(caller));
        self.start_each(calls.collect())
    }

    /// Starts several delayed values as one graph and returns a future of each, in the same nesting.
    ///
    /// What the values share runs once.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// let client = Client::new();
    /// let x = value(1);
    /// let (a, b) = client.compute((&x + 1, [&x + 2, &x + 3]));
    /// assert_eq!((a.result()?, client.gather(b)?), (2, vec![3, 4]));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// A function and its arguments are not a delayed value; write `client.submit(fib(9))`:
    /// ```compile_fail
    /// use lazygraph::{Client, prelude::*};
    ///
    /// #[delayed]
    /// fn fib(n: u64) -> u64 { n }
    /// Client::new().compute(fib, 9);
    /// ```
    #[must_use = "dropping the futures cancels their work: keep them, or `detach` each"]
    #[track_caller]
    pub fn compute<N: Futures>(&self, nesting: N) -> N::Handles {
        let mut outputs = Vec::new();
        nesting.list_inputs(&mut outputs);
        let wanted = outputs.len();
        let roots = outputs.iter().map(|output| counted(*output)).collect();
        let planned = self.plan(outputs, roots, true);
        let handles = nesting.handles(&mut planned.claims(wanted));
        planned.open();
        handles
    }

    /// Starts several delayed values and returns delayed values of their results: computes that use them do not run
    /// that part again.
    ///
    /// See also [`compute`](Self::compute), which returns futures.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    ///
    /// let client = Client::new();
    /// let data = client.persist(call(|| vec![1.0; 1000], ()));  // starts now
    /// assert_eq!(data.len().compute()?, 1000);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use = "dropping the delayed values cancels their work: keep them"]
    #[track_caller]
    pub fn persist<N: Futures>(&self, nesting: N) -> N::Delayed {
        N::delayed(self.compute(nesting))
    }

    /// Returns a future that already has the result `value`, for use in many tasks without a copy.
    pub fn scatter<T: Value>(&self, value: T) -> Handle<T> {
        let job = Job::external(&self.0.service.options, "scatter".into());
        let claim = Claim::first(job.clone(), 0);
        job.complete(Ok(Arc::new(value)));
        Handle::of(claim)
    }

    fn start_each<T: Value>(&self, calls: Vec<Delayed<T>>) -> Vec<Handle<T>> {
        let (count, outputs) = (calls.len(), calls.iter().map(future_of).collect());
        let roots = calls.into_iter().map(|call| call.node).collect();
        let planned = self.plan(outputs, roots, true);
        let handles = planned.claims(count).map(Handle::of).collect();
        planned.open();
        handles
    }

    /// A job that is to be opened once there are claims on its futures. `roots`: pointers to all that is an output.
    fn plan(&self, outputs: Vec<Input>, roots: Pooled<NodePtr>, each: bool) -> Planned {
        let futures = outputs.len();
        let started = match outputs.is_empty() {
            false => self.0.service.plan(outputs, roots, each),
            true => Err(Error::run(ErrorKind::Invalid, "no outputs to compute")),
        };
        started.unwrap_or_else(|error| self.0.service.refused(futures, error))
    }

    // -------------------------------------------------------------- what happens

    /// Returns what the client is doing at this moment.
    ///
    /// # Complexity
    /// Linear in the futures of unfinished tasks: a few nanoseconds for each.
    pub fn stats(&self) -> ClientStats {
        ClientStats::of(&self.0.service.options.queue.counts(&self.0.executor))
    }

    /// Returns how many units of the [resource](crate::ClientBuilder::resource) `resource` are free; `None` if the client
    /// has no resource of that name.
    pub fn available_resource(&self, resource: &str) -> Option<u64> {
        self.0.executor.resources.as_ref()?.free(resource)
    }

    /// Returns the state transitions of a future, each with the time since its start.
    ///
    /// Of the futures of a [`map`](Self::map) of more than 4096 items only the start is kept.
    pub fn story<T>(&self, future: &Handle<T>) -> Vec<(Duration, Transition)> {
        future.story()
    }

    /// Cancels every unfinished task, refuses new ones, and waits until all bodies have returned.
    ///
    /// Waits for a cancelled future fail with [`Cancelled`](ErrorKind::Cancelled). Called inside a task of this client,
    /// it does not wait.
    pub fn close(&self) {
        self.0.close();
        if !self.is_caller_inside() {
            self.0.service.options.queue.wait_for_rest(&self.0.executor);
        }
    }

    /// Whether the calling thread works for this client.
    fn is_caller_inside(&self) -> bool {
        let here = Client::of_this_task();
        here.is_some_and(|client| Arc::ptr_eq(&client.0, &self.0))
            || is_served_here(&self.0.executor)
    }
}

impl ClientInner {
    fn close(&self) {
        // First those that are there, so that each is cancelled before its body is told; then what came meanwhile.
        self.service.options.queue.cancel_all();
        self.service.options.context.close();
        self.service.options.queue.cancel_all();
    }
}

impl Cancel for ClientInner {
    fn cancel(&self) {
        self.close();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("stats", &self.stats())
            .finish()
    }
}
