//! The specification of a delayed function: what its definition states.

use std::any::Any;
use std::panic::Location;
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
    /// The place of the definition, where that is a user's.
    pub place: Option<&'static Location<'static>>,
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
}

impl TaskSpec {
    /// A function of which nothing is said but where it is.
    #[track_caller]
    pub const fn new(
        name: &'static str,
        path: &'static str,
        file: &'static str,
        line: u32,
        id: u128,
    ) -> TaskSpec {
        TaskSpec {
            name,
            path,
            file,
            line,
            place: Some(Location::caller()),
            id,
            purity: Purity::Default,
            inline: false,
            cost: None,
            retries: 0,
            timeout: None,
        }
    }

    /// Sets whether equal calls may be merged.
    pub const fn purity(mut self, purity: Purity) -> TaskSpec {
        self.purity = purity;
        self
    }

    /// Runs the function again in each consumer.
    pub const fn inline(mut self) -> TaskSpec {
        self.inline = true;
        self
    }

    /// Sets what one call costs.
    pub const fn cost(mut self, cost: Cost) -> TaskSpec {
        self.cost = Some(cost);
        self
    }

    /// Sets how often to try again.
    pub const fn retries(mut self, retries: u32) -> TaskSpec {
        self.retries = retries;
        self
    }

    /// Sets the deadline of one call.
    pub const fn timeout(mut self, timeout: Duration) -> TaskSpec {
        self.timeout = Some(timeout);
        self
    }

    /// One of lazygraph's own structural functions (projections, operators).
    pub(crate) const fn structural(name: &'static str, purity: Purity) -> TaskSpec {
        let id = crate::base::token::function_id(name, "lazygraph", 0);
        let mut spec = TaskSpec::new(name, name, file!(), line!(), id);
        spec.place = None;
        spec.purity(purity)
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
