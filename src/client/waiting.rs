//! What the blocking methods wait for.

use super::AsHandle;
use crate::base::error::Error;
use crate::exec::{Awaited, Parker, raise_awaited, wait};
use crate::task::Claim;
use ahash::AHashMap;
use std::sync::Arc;
use std::time::Instant;

/// Waits for one future.
pub(super) struct One<'c> {
    pub(super) claim: &'c Claim,
    /// All other futures of the same task are waited for as well.
    pub(super) whole: bool,
}

impl Awaited for One<'_> {
    fn is_over(&self) -> bool {
        self.claim.promise().has_ended()
    }

    fn listen(&self, parker: &Arc<Parker>) {
        ring_at_end(self.claim, parker);
    }

    fn future(&self) -> Option<&Claim> {
        Some(self.claim)
    }

    fn futures(&self) -> Vec<Claim> {
        vec![self.claim.clone()]
    }

    fn work(&self) -> Vec<Claim> {
        match self.whole {
            true => vec![self.claim.clone()],
            false => Vec::new(),
        }
    }
}

/// Waits until one of several has completed.
pub(super) struct Any<'c> {
    pub(super) claims: &'c [&'c Claim],
    pub(super) wholes: &'c Wholes,
}

impl Awaited for Any<'_> {
    fn is_over(&self) -> bool {
        self.claims.iter().any(|claim| claim.promise().has_ended())
    }

    fn listen(&self, parker: &Arc<Parker>) {
        self.claims
            .iter()
            .for_each(|claim| ring_at_end(claim, parker));
    }

    fn future(&self) -> Option<&Claim> {
        match self.claims {
            [claim] => Some(claim),
            _ => None,
        }
    }

    fn futures(&self) -> Vec<Claim> {
        cloned(self.claims)
    }

    fn work(&self) -> Vec<Claim> {
        let whole = self.claims.iter().filter(|claim| self.wholes.has(claim));
        whole.map(|claim| (*claim).clone()).collect()
    }
}

fn ring_at_end(claim: &Claim, parker: &Arc<Parker>) {
    claim.promise().on_end_for(parker, |parker| parker.unpark());
}

/// The tasks of which every future is among some: of each task how many are, and the last of them.
pub(super) struct Wholes(AHashMap<u64, (usize, u32)>);

impl Wholes {
    pub(super) fn of<'c>(claims: impl IntoIterator<Item = &'c Claim>) -> Wholes {
        /// How many futures of a task, and the last of them.
        type Counted = (usize, u32);
        let mut counts: AHashMap<u64, Counted> = AHashMap::new();
        // Those of one task mostly come in a row: the present task is not looked up.
        let mut now: Option<(u64, Counted)> = None;
        for claim in claims {
            let (job, index) = claim.id();
            match &mut now {
                Some((of, (count, last))) if *of == job => {
                    // Only what rises is counted: no future is counted twice.
                    *count += usize::from(*last < index);
                    *last = (*last).max(index);
                }
                _ => {
                    let counted = match counts.remove(&job) {
                        Some((count, last)) => (count + usize::from(last < index), last.max(index)),
                        None => (1, index),
                    };
                    counts.extend(now.replace((job, counted)));
                }
            }
        }
        counts.extend(now);
        Wholes(counts)
    }

    pub(super) fn has(&self, claim: &Claim) -> bool {
        let all = claim.producer().promises().len();
        self.0
            .get(&claim.id().0)
            .is_some_and(|(count, _)| *count == all)
    }
}

/// Waits for one future; `false`: not in time.
pub(super) fn wait_for(claim: &Claim, until: Option<Instant>) -> Result<bool, Error> {
    let whole = claim.producer().promises().len() == 1;
    wait(&One { claim, whole }, until)
}

/// Waits for all of them, or until the time is up.
pub(super) fn wait_for_all(claims: &[&Claim], until: Option<Instant>) -> Result<bool, Error> {
    let wholes = Wholes::of(claims.iter().copied());
    raise_awaited(|| cloned(claims));
    for claim in claims {
        let whole = wholes.has(claim);
        if !wait(&One { claim, whole }, until)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn cloned(claims: &[&Claim]) -> Vec<Claim> {
    claims.iter().map(|claim| (*claim).clone()).collect()
}

/// The claims of handles.
pub(super) fn claims<H: AsHandle>(handles: &[H]) -> Vec<&Claim> {
    handles.iter().map(|h| &h.as_handle().claim).collect()
}
