//! The events of a run, and their observers.

use crate::base::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// An event of a run, as an [`Observer`] sees it.
///
/// Each variant documents when exactly it is emitted.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// A run begins: its plan is made, and nothing has run.
    RunStarted {
        /// The id of the run, unique in the process.
        run: u64,
        /// For a nested run: the enclosing run, and the node whose body started this one.
        parent: Option<(u64, usize)>,
        /// The number of nodes of its plan.
        nodes: usize,
        /// The number of units of its plan.
        units: usize,
    },
    /// The body of a node is about to be called, on the thread that emits the event. Emitted once for each attempt.
    NodeStarted {
        /// The id of the run.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The number of the attempt: 0 for the first.
        attempt: u32,
    },
    /// The result of a node is in place; its inputs have not been released yet.
    NodeFinished {
        /// The id of the run.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The time that the body took.
        elapsed: Duration,
    },
    /// A result that owns memory is in place, and nodes that have not run yet need it. Emitted just before the `NodeFinished`
    /// of the node.
    ///
    /// Not emitted for outputs of the run's plan, for values that were put into the graph, or for remembered results, which
    /// emit `NodeRemembered`.
    ResultBorn {
        /// The id of the run.
        run: u64,
        /// The node that produced it.
        node: &'e NodeInfo,
        /// Its size: its `size_of` and its [`Footprint`](crate::Footprint).
        bytes: usize,
        /// Whether its type has no footprint, so that `bytes` does not include the memory it owns.
        estimated: bool,
    },
    /// The last node that needs a result has finished, or will not run: the result was moved into it or dropped.
    ///
    /// If the memo remembers the result, it lives on there.
    ResultEnded {
        /// The id of the run.
        run: u64,
        /// The node that produced it.
        node: &'e NodeInfo,
        /// Its size, as in `ResultBorn`.
        bytes: usize,
    },
    /// An attempt has failed, and another one will follow.
    NodeRetried {
        /// The id of the run.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The error of the attempt.
        error: &'e Error,
    },
    /// The last attempt has failed.
    NodeFailed {
        /// The id of the run.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The error of the attempt.
        error: &'e Error,
    },
    /// The body of a node did not run, because the memo had the result of a pure node with the same key.
    NodeRemembered {
        /// The id of the run.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
    },
    /// The body of a node returned a graph, which becomes a part of the run.
    NodeExpanded {
        /// The id of the run.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The number of nodes of the graph's plan.
        nodes: usize,
    },
    /// A run has ended: none of its nodes is running.
    RunFinished {
        /// The id of the run.
        run: u64,
        /// The error of the run, if it failed.
        error: Option<&'e Error>,
        /// The time that it took.
        elapsed: Duration,
    },
}

/// The node that an [`Event`] is about.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// Its index in the plan.
    pub id: usize,
    /// The name given to the call, or else the name of its function.
    pub label: Arc<str>,
    /// The name of its function.
    pub function: &'static str,
    /// The path of its function.
    pub path: &'static str,
    /// Where the call was built.
    pub location: &'static std::panic::Location<'static>,
}

/// Receives the events of runs, nested runs included.
///
/// Pass it to [`Options::observe`](crate::RunOptions::observe). It is called on the threads of the run, as events happen: it
/// should be quick, and must not block on the run. A panic fails the run with
/// [`ErrorKind::Observer`](crate::ErrorKind::Observer).
///
/// # Examples
/// ```
/// use lazygraph::{Event, Observer, Options, prelude::*};
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Clone, Default)]
/// struct Started(Arc<Mutex<Vec<String>>>);
/// impl Observer for Started {
///     fn event(&self, event: &Event<'_>) {
///         if let Event::NodeStarted { node, .. } = event {
///             self.0.lock().unwrap().push(node.label.to_string());
///         }
///     }
/// }
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let seen = Started::default();
/// inc(inc(1).named("first")).compute_with(&Options::new().observe(&seen))?;
/// assert_eq!(*seen.0.lock().unwrap(), ["first", "inc"]);
/// # Ok::<(), Error>(())
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Called for each event.
    fn event(&self, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn event(&self, event: &Event<'_>) {
        (**self).event(event);
    }
}
