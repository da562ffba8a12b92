//! The report of the optimizer, pass by pass.

use super::Changed;
use std::fmt;
use std::time::Duration;

/// The report of one pass.
#[derive(Clone, Debug)]
pub(crate) struct PassReport {
    pub(crate) name: &'static str,
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) units: usize,
    pub(crate) changed: Changed,
    pub(crate) time: Duration,
}

/// The report of all passes that ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) passes: Vec<PassReport>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.passes.is_empty() {
            return writeln!(f, "no pass ran");
        }
        writeln!(
            f,
            "{:<8} {:>10} {:>10} {:>10}  {:>10}",
            "pass", "nodes", "then", "units", "time"
        )?;
        for p in &self.passes {
            let time = format!("{:.1?}", p.time);
            let note = if p.changed == Changed::No {
                "  (nothing to do)"
            } else {
                ""
            };
            writeln!(
                f,
                "{:<8} {:>10} {:>10} {:>10}  {time:>10}{note}",
                p.name, p.before, p.after, p.units
            )?;
        }
        Ok(())
    }
}
