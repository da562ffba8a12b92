//! An observer that writes lines of text.

use crate::event::{NodeInfo, Observer, RunEvent};
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// An [`Observer`] that writes a line for every event: seconds since the log was made, the run, what happened.
///
/// # Examples
/// ```
/// use lazygraph::{Options, TextLog, prelude::*};
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// let log = TextLog::to(std::io::stderr());
/// inc(1).compute_with(&Options::new().observe(&log))?;
/// #    Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct TextLog {
    since: Instant,
    to: Arc<Mutex<dyn Write + Send>>,
}

impl TextLog {
    /// Creates a log that is written to `to`. Errors of the writer are ignored.
    pub fn to(to: impl Write + Send + 'static) -> TextLog {
        TextLog {
            since: Instant::now(),
            to: Arc::new(Mutex::new(to)),
        }
    }
}

impl Observer for TextLog {
    fn event(&self, event: &RunEvent<'_>) {
        let line = match event {
            RunEvent::RunStarted {
                run,
                parent,
                nodes,
                units,
            } => {
                let parent = parent.map(|(run, node)| format!(" in node {node} of run {run}"));
                let parent = parent.unwrap_or_default();
                format!("run {run} started{parent}: {nodes} nodes in {units} units")
            }
            RunEvent::NodeStarted {
                run,
                node,
                attempt: 0,
            } => of_node(run, node, "started"),
            RunEvent::NodeStarted { run, node, attempt } => {
                of_node(run, node, format!("started, attempt {}", attempt + 1))
            }
            RunEvent::NodeFinished { run, node, elapsed } => {
                of_node(run, node, format!("finished in {elapsed:.1?}"))
            }
            RunEvent::ResultBorn {
                run,
                node,
                bytes,
                estimated,
            } => {
                let more = if *estimated { " and more" } else { "" };
                of_node(run, node, format!("holds {bytes} bytes{more}"))
            }
            RunEvent::ResultEnded { run, node, bytes } => {
                of_node(run, node, format!("releases {bytes} bytes"))
            }
            RunEvent::NodeRetried { run, node, error } => {
                of_node(run, node, format!("will be tried again: {error:#}"))
            }
            RunEvent::NodeFailed { run, node, error } => {
                of_node(run, node, format!("failed: {error:#}"))
            }
            RunEvent::NodeRemembered { run, node } => of_node(run, node, "remembered"),
            RunEvent::NodeExpanded { run, node, nodes } => {
                of_node(run, node, format!("returned a graph of {nodes} nodes"))
            }
            RunEvent::RunFinished {
                run,
                error: None,
                elapsed,
            } => format!("run {run} finished in {elapsed:.1?}"),
            RunEvent::RunFinished {
                run,
                error: Some(error),
                elapsed,
            } => format!("run {run} failed after {elapsed:.1?}: {error:#}"),
        };
        let at = self.since.elapsed().as_secs_f64();
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(to, "{at:9.6} {line}");
    }
}

/// A line about a node.
fn of_node(run: &u64, node: &NodeInfo, what: impl fmt::Display) -> String {
    format!("run {run} node {} {} {what}", node.id, node.label)
}

impl fmt::Debug for TextLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextLog").finish_non_exhaustive()
    }
}
