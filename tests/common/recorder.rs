//! An observer that keeps what it sees.

use std::sync::{Arc, Mutex, PoisonError};

use lazygraph::{Observer, RunEvent};

/// What an event was, without what differs from run to run (times, numbers of runs in the process).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The run, numbered from 0 as this observer met them.
    pub run: usize,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The parent: the run, and the node of it.
    RunStarted {
        parent: Option<(usize, usize)>,
        nodes: usize,
        units: usize,
    },
    RunFinished {
        failed: Option<String>,
    },
    Started {
        label: String,
        id: usize,
        attempt: u32,
    },
    Finished {
        label: String,
        id: usize,
    },
    Retried {
        label: String,
        id: usize,
    },
    Failed {
        label: String,
        id: usize,
    },
    Remembered {
        label: String,
        id: usize,
    },
    Expanded {
        label: String,
        id: usize,
        nodes: usize,
    },
    /// Something that this version of the tests does not know.
    Other,
}

#[derive(Default)]
struct Inner {
    runs: Vec<u64>,
    seen: Vec<Seen>,
}

impl Inner {
    fn run(&mut self, id: u64) -> usize {
        self.runs.iter().position(|r| *r == id).unwrap_or_else(|| {
            self.runs.push(id);
            self.runs.len() - 1
        })
    }
}

#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Inner>>);

impl Recorder {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .seen
            .clone()
    }

    /// The events as lines: what a test compares with an inline expectation.
    pub fn text(&self) -> String {
        let line = |s: &Seen| {
            let run = s.run;
            match &s.what {
                What::RunStarted {
                    parent: None,
                    nodes,
                    units,
                } => {
                    format!("run {run}: {nodes} nodes in {units} units\n")
                }
                What::RunStarted {
                    parent: Some((outer, node)),
                    nodes,
                    units,
                } => {
                    format!(
                        "run {run} in node {node} of run {outer}: {nodes} nodes in {units} units\n"
                    )
                }
                What::RunFinished { failed: None } => format!("run {run} is done\n"),
                What::RunFinished { failed: Some(e) } => format!("run {run} failed: {e}\n"),
                What::Started {
                    label, attempt: 0, ..
                } => format!("{run} > {label}\n"),
                What::Started { label, attempt, .. } => {
                    format!("{run} > {label} (attempt {attempt})\n")
                }
                What::Finished { label, .. } => format!("{run} < {label}\n"),
                What::Retried { label, .. } => format!("{run} ~ {label}\n"),
                What::Failed { label, .. } => format!("{run} ! {label}\n"),
                What::Remembered { label, .. } => format!("{run} = {label}\n"),
                What::Expanded { label, nodes, .. } => format!("{run} + {label}: {nodes} nodes\n"),
                What::Other => format!("{run} ?\n"),
            }
        };
        self.seen().iter().map(line).collect()
    }
}

impl Observer for Recorder {
    fn event(&self, event: &RunEvent<'_>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (run, what) = match event {
            RunEvent::RunStarted {
                run,
                parent,
                nodes,
                units,
                ..
            } => {
                let parent = parent.map(|(outer, node)| (inner.run(outer), node));
                (
                    run,
                    What::RunStarted {
                        parent,
                        nodes: *nodes,
                        units: *units,
                    },
                )
            }
            RunEvent::RunFinished { run, error, .. } => (
                run,
                What::RunFinished {
                    failed: error.map(ToString::to_string),
                },
            ),
            RunEvent::NodeStarted {
                run, node, attempt, ..
            } => {
                let (label, id, attempt) = (node.label.to_string(), node.id, *attempt);
                (run, What::Started { label, id, attempt })
            }
            RunEvent::NodeFinished { run, node, .. } => (
                run,
                What::Finished {
                    label: node.label.to_string(),
                    id: node.id,
                },
            ),
            RunEvent::NodeRetried { run, node, .. } => (
                run,
                What::Retried {
                    label: node.label.to_string(),
                    id: node.id,
                },
            ),
            RunEvent::NodeFailed { run, node, .. } => (
                run,
                What::Failed {
                    label: node.label.to_string(),
                    id: node.id,
                },
            ),
            RunEvent::NodeRemembered { run, node, .. } => (
                run,
                What::Remembered {
                    label: node.label.to_string(),
                    id: node.id,
                },
            ),
            RunEvent::NodeExpanded {
                run, node, nodes, ..
            } => (
                run,
                What::Expanded {
                    label: node.label.to_string(),
                    id: node.id,
                    nodes: *nodes,
                },
            ),
            _ => (&u64::MAX, What::Other),
        };
        let run = inner.run(*run);
        inner.seen.push(Seen { run, what });
    }
}
