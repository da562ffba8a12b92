//! What can be observed of a run.

use crate::base::error::Error;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// An event of a run. Each variant says when exactly it is emitted.
///
/// Variants and [`NodeInfo`] may get more fields: match them with `..`.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunEvent<'e> {
    /// A run starts: its plan is made, nothing has run. A nested run names the run and node that started it.
    #[non_exhaustive]
    RunStarted {
        /// The number of the run, unique in the process.
        run: u64,
        /// The run, and the node of it, whose body started this run.
        parent: Option<(u64, usize)>,
        /// The number of nodes in the plan.
        nodes: usize,
        /// The number of units in the plan.
        units: usize,
    },
    /// A node's body is about to be called, on the thread that emits the event; once for each attempt.
    #[non_exhaustive]
    NodeStarted {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The number of the attempt, from 0.
        attempt: u32,
    },
    /// A node's result is in place; its inputs have not been released yet.
    #[non_exhaustive]
    NodeFinished {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// How long the body took.
        elapsed: Duration,
    },
    /// A result that owns heap memory is in place, and nodes that have not run yet need it.
    ///
    /// Emitted just before the node's `NodeFinished`. Not emitted for outputs of the run's plan, for values that were
    /// put into the graph, and for remembered results: such a node emits `NodeRemembered`.
    #[non_exhaustive]
    ResultBorn {
        /// The run it belongs to.
        run: u64,
        /// The node whose result it is.
        node: &'e NodeInfo,
        /// The memory it takes: its `size_of` and its [`Footprint`](crate::Footprint).
        bytes: usize,
        /// Whether its type has no footprint: `bytes` is its `size_of` alone.
        estimated: bool,
    },
    /// The last node that needed a result has finished, or will not run: the result was moved into it or released.
    ///
    /// A result that the memo remembers stays alive there.
    #[non_exhaustive]
    ResultEnded {
        /// The run it belongs to.
        run: u64,
        /// The node whose result it was.
        node: &'e NodeInfo,
        /// As `bytes` of its `ResultBorn`.
        bytes: usize,
    },
    /// An attempt failed, and another one will follow.
    #[non_exhaustive]
    NodeRetried {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The error of the attempt.
        error: &'e Error,
    },
    /// The last attempt failed.
    #[non_exhaustive]
    NodeFailed {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The error of the attempt.
        error: &'e Error,
    },
    /// A node's body was not called: a pure node of the same key has run before, in this or another nested run.
    #[non_exhaustive]
    NodeRemembered {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
    },
    /// A node's body returned a graph, which becomes a part of the run.
    #[non_exhaustive]
    NodeExpanded {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// The number of nodes in the graph's plan.
        nodes: usize,
    },
    /// A run has finished: none of its nodes is running.
    #[non_exhaustive]
    RunFinished {
        /// The number of the run.
        run: u64,
        /// The error of a run that failed.
        error: Option<&'e Error>,
        /// How long the run took.
        elapsed: Duration,
    },
}

/// The node of a [`RunEvent`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NodeInfo {
    /// Its index in its plan.
    pub id: usize,
    /// The name given to the call with `.named(..)`, otherwise the name of its function.
    pub label: Arc<str>,
    /// The name of its function.
    pub function: &'static str,
    /// The path of its function.
    pub path: &'static str,
    /// The call that built it.
    pub location: &'static Location<'static>,
}

/// Receives the events of a run, and of the runs nested in it.
///
/// # Panics
/// If `event` panics, the run fails with [`ErrorKind::ObserverPanicked`](crate::ErrorKind::ObserverPanicked).
///
/// # Examples
/// ```
/// use lazygraph::{Observer, Options, RunEvent, prelude::*};
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Clone, Default)]
/// struct Started(Arc<Mutex<Vec<String>>>);
/// impl Observer for Started {
///     fn event(&self, event: &RunEvent<'_>) {
///         if let RunEvent::NodeStarted { node, .. } = event {
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
    /// Called for each event, on the thread of the run where it happens.
    ///
    /// It should be quick, and must not wait for the run.
    fn event(&self, event: &RunEvent<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn event(&self, event: &RunEvent<'_>) {
        (**self).event(event);
    }
}
