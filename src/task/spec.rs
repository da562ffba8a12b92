//! The specification of a delayed function: what its definition states.

use std::any::Any;
use std::time::Duration;

/// Whether equal calls may be merged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purity {
    /// Not specified: impure, unless the options of the run state otherwise.
    Default,
    /// Deterministic in its arguments: equal calls may be merged, remembered and run again.
    Pure,
    /// Every call is its own node.
    Impure,
    /// For operators and projections: equal ones are merged within a graph, but not remembered beyond it, because running them
    /// again costs less.
    Structural,
}

/// The declared cost of one call: a hint, shown in exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Cost {
    /// Well under a microsecond.
    Tiny,
    /// Microseconds.
    Light,
    /// Milliseconds and more.
    Heavy,
    /// Waits for a disk or a network.
    Io,
    /// About this long.
    Time(Duration),
}

/// The specification of a delayed function.
#[derive(Debug)]
pub struct TaskSpec {
    /// The label of its calls, unless they are `.named(..)`.
    pub name: &'static str,
    /// Module path and name.
    pub path: &'static str,
    /// The file of the definition.
    pub file: &'static str,
    /// The line of the definition.
    pub line: u32,
    /// The hash of path, `version` and body.
    pub id: u128,
    /// Whether equal calls may be merged.
    pub purity: Purity,
    /// Whether it is run again in each consumer.
    pub inline: bool,
    /// The declared cost of one call.
    pub cost: Option<Cost>,
    /// How often a call is retried after an `Err` or a panic.
    pub retries: u32,
    /// The deadline of one call.
    pub timeout: Option<Duration>,
    /// Whether type arguments (or the type of a closure) belong to the identity.
    pub generic: bool,
}

impl TaskSpec {
    /// The specification of one of lazygraph's own functions (projections, operators).
    pub(crate) const fn structural(name: &'static str, purity: Purity) -> TaskSpec {
        TaskSpec {
            name,
            path: name,
            file: file!(),
            line: line!(),
            id: crate::base::token::function_id(name, "lazygraph", 0),
            purity,
            inline: false,
            cost: None,
            retries: 0,
            timeout: None,
            generic: true,
        }
    }
}

/// A delayed function, as a type.
pub trait Function: 'static {
    /// The specification of the function.
    const SPEC: TaskSpec;

    /// The [`Footprint`](crate::Footprint) of a result; `None` if its type has none, or is not known where the function is
    /// defined.
    fn footprint(result: &dyn Any) -> Option<usize> {
        let _ = result;
        None
    }
}
