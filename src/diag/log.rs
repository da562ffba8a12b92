//! An observer that writes lines of text.

use crate::event::{Observer, RunEvent};
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
                format!(
                    "run {run} started{}: {nodes} nodes in {units} units",
                    parent.unwrap_or_default()
                )
            }
            RunEvent::NodeStarted {
                run,
                node,
                attempt: 0,
            } => {
                format!("run {run} node {} {} started", node.id, node.label)
            }
            RunEvent::NodeStarted { run, node, attempt } => {
                format!(
                    "run {run} node {} {} started, attempt {}",
                    node.id,
                    node.label,
                    attempt + 1
                )
            }
            RunEvent::NodeFinished { run, node, elapsed } => {
                format!(
                    "run {run} node {} {} finished in {elapsed:.1?}",
                    node.id, node.label
                )
            }
            RunEvent::ResultBorn {
                run,
                node,
                bytes,
                estimated,
            } => {
                let more = if *estimated { " and more" } else { "" };
                format!(
                    "run {run} node {} {} holds {bytes} bytes{more}",
                    node.id, node.label
                )
            }
            RunEvent::ResultEnded { run, node, bytes } => {
                format!(
                    "run {run} node {} {} releases {bytes} bytes",
                    node.id, node.label
                )
            }
            RunEvent::NodeRetried { run, node, error } => {
                format!(
                    "run {run} node {} {} will be tried again: {error:#}",
                    node.id, node.label
                )
            }
            RunEvent::NodeFailed { run, node, error } => {
                format!(
                    "run {run} node {} {} failed: {error:#}",
                    node.id, node.label
                )
            }
            RunEvent::NodeRemembered { run, node } => {
                format!("run {run} node {} {} remembered", node.id, node.label)
            }
            RunEvent::NodeExpanded { run, node, nodes } => {
                format!(
                    "run {run} node {} {} returned a graph of {nodes} nodes",
                    node.id, node.label
                )
            }
            RunEvent::RunFinished {
                run,
                error: None,
                elapsed,
            } => {
                format!("run {run} finished in {elapsed:.1?}")
            }
            RunEvent::RunFinished {
                run,
                error: Some(error),
                elapsed,
            } => {
                format!("run {run} failed after {elapsed:.1?}: {error:#}")
            }
        };
        let at = self.since.elapsed().as_secs_f64();
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(to, "{at:9.6} {line}");
    }
}

impl fmt::Debug for TextLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextLog").finish_non_exhaustive()
    }
}
