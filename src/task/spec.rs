//! What is known of a delayed function where it is written.

use std::any::Any;
use std::time::Duration;

/// May equal calls be merged?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purity {
    /// Neither was said: impure, unless the run says otherwise.
    Default,
    /// Deterministic in its arguments: equal calls may be merged, remembered and run again.
    Pure,
    /// Every call is its own node.
    Impure,
    /// Operators and projections: equal ones are merged within a graph, but not remembered beyond it –
    /// doing them again costs less than keeping them.
    Structural,
}

/// What the author says one call costs; a hint, shown in exports.
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

/// What is known of a delayed function where it is written.
#[derive(Debug)]
pub struct TaskSpec {
    /// What people see, unless a call is `.named(..)`.
    pub name: &'static str,
    /// Module path and name.
    pub path: &'static str,
    /// The file of the definition.
    pub file: &'static str,
    /// The line of the definition.
    pub line: u32,
    /// Path, `version` and body, hashed.
    pub id: u128,
    /// May equal calls be merged?
    pub purity: Purity,
    /// Run again in each consumer rather than held.
    pub inline: bool,
    /// What one call costs.
    pub cost: Option<Cost>,
    /// How often to try again after an `Err` or a panic.
    pub retries: u32,
    /// The deadline of one call.
    pub timeout: Option<Duration>,
    /// Type arguments (or a closure's type) belong to the identity.
    pub generic: bool,
}

impl TaskSpec {
    /// A function of which nothing is said but where it is.
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
            id,
            purity: Purity::Default,
            inline: false,
            cost: None,
            retries: 0,
            timeout: None,
            generic: false,
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

    /// Makes type arguments a part of the identity.
    pub const fn generic(mut self) -> TaskSpec {
        self.generic = true;
        self
    }

    /// One of lazygraph's own structural functions (projections, operators).
    pub(crate) const fn structural(name: &'static str, purity: Purity) -> TaskSpec {
        let id = crate::base::token::function_id(name, "lazygraph", 0);
        let spec = TaskSpec::new(name, name, file!(), line!(), id);
        spec.purity(purity).generic()
    }
}

/// A delayed function, as a type.
pub trait Function: 'static {
    /// What is known of it.
    const SPEC: TaskSpec;

    /// The [`Footprint`](crate::Footprint) of a result; `None` if its type has none, or is not known where the
    /// function is written.
    fn footprint(result: &dyn Any) -> Option<usize> {
        let _ = result;
        None
    }
}
