//! The description of a node.

use crate::task::Cost;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// The description of one node of a [`Plan`](crate::Plan).
///
/// [`Plan::order`](crate::Plan::order) returns one for each node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PlanNode {
    pub(super) id: usize,
    pub(super) label: String,
    pub(super) function: &'static str,
    pub(super) path: &'static str,
    pub(super) call: String,
    pub(super) definition: String,
    #[cfg_attr(feature = "serde", serde(serialize_with = "text"))]
    pub(super) location: &'static Location<'static>,
    pub(super) inputs: Vec<usize>,
    pub(super) unit: usize,
    pub(super) result: &'static str,
    pub(super) size: usize,
    pub(super) pure: bool,
    #[cfg_attr(feature = "serde", serde(serialize_with = "hex"))]
    pub(super) key: Option<u128>,
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub(super) cost: Option<String>,
    pub(super) priority: i32,
    pub(super) retries: u32,
    #[cfg_attr(
        feature = "serde",
        serde(rename = "timeout_ms", serialize_with = "milliseconds")
    )]
    pub(super) timeout: Option<Duration>,
    pub(super) output: bool,
}

#[cfg(feature = "serde")]
fn hex<S: serde::Serializer>(key: &Option<u128>, s: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(key) => s.serialize_some(&format!("{key:032x}")),
        None => s.serialize_none(),
    }
}

#[cfg(feature = "serde")]
fn text<S: serde::Serializer>(shown: impl fmt::Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&shown)
}

#[cfg(feature = "serde")]
fn milliseconds<S: serde::Serializer>(time: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => s.serialize_some(&time.as_millis()),
        None => s.serialize_none(),
    }
}

impl PlanNode {
    /// Returns the index of the node in the plan's order.
    pub fn id(&self) -> usize {
        self.id
    }

    /// Returns the name given to the call, or else the name of its function.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the name of its function.
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// Returns the path of its function.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the text of the call, shortened: `load("a.csv", <clean>)`.
    pub fn call(&self) -> &str {
        &self.call
    }

    /// Returns where its function is defined, as `file:line`.
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// Returns the call that built it.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Returns the ids of its inputs, one for each edge.
    pub fn inputs(&self) -> &[usize] {
        &self.inputs
    }

    /// Returns the number of the unit that it is scheduled in.
    pub fn unit(&self) -> usize {
        self.unit
    }

    /// Returns the name of the type of its result.
    pub fn result_type(&self) -> &'static str {
        self.result
    }

    /// Returns the size of its result in bytes, without the memory that the result owns.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns `true` if equal calls are merged with it.
    pub fn is_pure(&self) -> bool {
        self.pure
    }

    /// Returns its content key, if its result is remembered across nested runs.
    pub fn key(&self) -> Option<u128> {
        self.key
    }

    /// Returns the cost that its function declares with `#[delayed(cost = ..)]`, as written there.
    pub fn cost(&self) -> Option<&str> {
        self.cost.as_deref()
    }

    /// Returns its priority: 0, unless the call has another.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// Returns how often it is retried after a failure, at most.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Returns the time limit of one attempt, if there is one.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Returns `true` if it is one of the outputs.
    pub fn is_output(&self) -> bool {
        self.output
    }

    /// A cost as it is written in the attribute.
    pub(super) fn cost_name(cost: Cost) -> String {
        match cost {
            Cost::Tiny => "tiny".into(),
            Cost::Light => "light".into(),
            Cost::Heavy => "heavy".into(),
            Cost::Io => "io".into(),
            Cost::Time(t) => format!("{t:?}"),
        }
    }
}

impl fmt::Display for PlanNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}
