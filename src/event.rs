//! What can be observed of a run.

use crate::base::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Something that happened in a run. Each variant says when exactly it is emitted.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunEvent<'e> {
    /// A run begins: its plan is made, nothing has run. Nested runs name the run and node they are in.
    RunStarted {
        /// Unique in the process.
        run: u64,
        /// The run, and the node of it, whose body started this one.
        parent: Option<(u64, usize)>,
        /// Nodes of its plan.
        nodes: usize,
        /// Units they are gathered in.
        units: usize,
    },
    /// A node's body is about to be called, on the thread that emits the event; once for each attempt.
    NodeStarted {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// 0 for the first attempt.
        attempt: u32,
    },
    /// A node's result is in place; its inputs have not been let go yet.
    NodeFinished {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// How long the body took.
        elapsed: Duration,
    },
    /// A result that owns memory is in place, and nodes that have not run yet want it. Emitted just before the
    /// node's `NodeFinished`. Not for outputs of the run's plan, for values that were put into the graph, and for
    /// what was remembered: such a node is `NodeRemembered`.
    ResultBorn {
        /// The run it belongs to.
        run: u64,
        /// The node whose result it is.
        node: &'e NodeInfo,
        /// What it takes: its `size_of`, and its [`Footprint`](crate::Footprint).
        bytes: usize,
        /// Its type has no footprint: what it owns is not in `bytes`.
        estimated: bool,
    },
    /// The last node that wanted a result has finished, or will not run: the result was moved into it or let go.
    /// What the memo remembers lives on there.
    ResultEnded {
        /// The run it belongs to.
        run: u64,
        /// The node whose result it was.
        node: &'e NodeInfo,
        /// What `ResultBorn` told.
        bytes: usize,
    },
    /// An attempt failed, and another one will follow.
    NodeRetried {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// Why it failed.
        error: &'e Error,
    },
    /// The last attempt failed.
    NodeFailed {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// Why it failed.
        error: &'e Error,
    },
    /// A node's body did not run: a pure node of the same key has run before, in this or another nested run.
    NodeRemembered {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
    },
    /// A node's body returned a graph, which goes on as part of the run.
    NodeExpanded {
        /// The run it belongs to.
        run: u64,
        /// The node.
        node: &'e NodeInfo,
        /// Nodes of the graph's plan.
        nodes: usize,
    },
    /// A run has come to rest: none of its nodes is running.
    RunFinished {
        /// Unique in the process.
        run: u64,
        /// Why it failed, if it did.
        error: Option<&'e Error>,
        /// How long it took.
        elapsed: Duration,
    },
}

/// The node an event is about.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// Its place in its plan.
    pub id: usize,
    /// What the call was named, else its function's name.
    pub label: Arc<str>,
    /// Its function's name.
    pub function: &'static str,
    /// The path of its function.
    pub path: &'static str,
    /// Where the call was built: `file:line:column`.
    pub location: &'static std::panic::Location<'static>,
}

/// Sees the events of the runs it was given to, nested ones included.
///
/// Called on the threads of the run, as things happen: be quick, and never block on the run. A panic fails
/// the run with [`ErrorKind::ObserverPanicked`](crate::ErrorKind::ObserverPanicked).
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
    /// Something happened.
    fn event(&self, event: &RunEvent<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn event(&self, event: &RunEvent<'_>) {
        (**self).event(event);
    }
}
