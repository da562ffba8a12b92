//! The loop over plain nodes: to run such a node is to call its body.

use super::fail::fail_node;
use super::hooks::{FutureHooks, LedgerHooks, NoHooks, NodeHooks};
use super::worker::Worker;
use crate::base::error::Error;
use crate::base::sync::Stopwatch;
use crate::exec::segment::{SegmentPtr, is_noted};
use crate::exec::tuning::{LOOK_AFTER, SLOW_NODE};
use crate::plan::NodeFlags;
use crate::task::Outcome;
use std::cell::Cell;

/// Why the loop has ended.
pub(super) enum Stop {
    /// At `CurrentTask::end`.
    End,
    /// The run was stopped.
    Stopped,
    /// The next node needs care.
    Careful,
    /// Nodes take long, and other threads wait for what this one keeps to itself.
    Slow,
}

/// Executes nodes one after the other, from `next` on, where that needs no more than to call their bodies. `next` is behind
/// the node that is being executed. Unwinds if a body, the `Clone` of an argument or the `Drop` of an input does.
pub(super) fn plain_nodes(w: &Worker, at: SegmentPtr, next: &Cell<usize>) -> Stop {
    let segment = at.get();
    let (program, run) = (segment.program(), w.run());
    if w.is_observed {
        return match (next.get() < w.current.end.get(), run.is_stopped()) {
            (false, _) => Stop::End,
            (true, true) => Stop::Stopped,
            (true, false) => Stop::Careful,
        };
    }
    match (w.futures(segment), segment.ledger()) {
        (Some(futures), _) => {
            futures.progress().body_begins();
            let hooks = FutureHooks { futures, run };
            match program.is_plain {
                true => each::<_, false>(w, at, next, &hooks),
                false => each::<_, true>(w, at, next, &hooks),
            }
        }
        (None, Some(ledger)) => {
            let memo = &run.context.memo;
            let hooks = LedgerHooks { ledger, memo };
            match program.is_light {
                true => each::<_, false>(w, at, next, &hooks),
                false => each::<_, true>(w, at, next, &hooks),
            }
        }
        (None, None) => match program.is_plain {
            true => each::<_, false>(w, at, next, &NoHooks),
            false => each::<_, true>(w, at, next, &NoHooks),
        },
    }
}

/// `MIXED`: there may be nodes that are not plain, sources, and results that are tracked.
#[inline(always)]
fn each<H: NodeHooks, const MIXED: bool>(
    w: &Worker,
    at: SegmentPtr,
    next: &Cell<usize>,
    hooks: &H,
) -> Stop {
    let (segment, run, task) = (at.get(), w.run(), &*w.current);
    let (program, frame) = (segment.program(), segment.frame());
    let is_tracked = MIXED && segment.is_tracked();
    // Where other threads may help with what this one keeps to itself.
    let keeps_nodes = !w.is_alone && (segment.is_unshared() || segment.groups().is_some());
    let mut pace = keeps_nodes.then(Pace::new);
    if !MIXED {
        run.begin_body();
    }
    while next.get() < task.end.get() {
        let i = next.get();
        // First: where the run was stopped, what the next node reads may not be there.
        if run.is_stopped() {
            return Stop::Stopped;
        }
        if segment.failures.any() {
            return Stop::Careful;
        }
        if pace.as_mut().is_some_and(Pace::is_slow) {
            return Stop::Slow;
        }
        if MIXED {
            let flags = program.flags[i];
            if flags.has(NodeFlags::SPECIAL) && !(H::NOTES && is_noted(flags)) {
                return Stop::Careful;
            }
            if !flags.has(NodeFlags::SOURCE) {
                run.begin_body();
            }
        }
        next.set(i + 1);
        task.node.set(i);
        if !hooks.begin_node(segment, i) {
            next.set(i);
            return Stop::Careful;
        }
        match segment.execute_in(&frame, i) {
            Outcome::Value => {
                if is_tracked {
                    segment.fill(i);
                }
                hooks.end_node(segment, i);
                if is_tracked {
                    segment.release_inputs(i, false);
                }
            }
            Outcome::Failed(e) => {
                fail_node(w, segment, i, Error::failed(program.culprit(i), e.error()));
            }
            Outcome::Graph(_) => unreachable!("only flat nodes return graphs"),
        }
        w.rejoin();
    }
    Stop::End
}

/// Looks at the clock now and then: whether nodes take so long that other threads should have some of them, though those
/// before did not.
struct Pace {
    left: u32,
    watch: Option<Stopwatch>,
    /// The last few took long: perhaps the thread was not running.
    is_doubtful: bool,
}

impl Pace {
    fn new() -> Pace {
        Pace {
            left: LOOK_AFTER,
            watch: None,
            is_doubtful: false,
        }
    }

    /// Asked before each node.
    #[inline]
    fn is_slow(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        self.look()
    }

    #[cold]
    fn look(&mut self) -> bool {
        let Some(watch) = &mut self.watch else {
            self.watch = Some(Stopwatch::start());
            self.left = LOOK_AFTER - 1;
            return false;
        };
        let nodes = if self.is_doubtful { 1 } else { LOOK_AFTER };
        let (lap, _) = watch.lap();
        let is_slow = lap > SLOW_NODE * f64::from(nodes);
        if is_slow && self.is_doubtful {
            return true;
        }
        self.is_doubtful = is_slow;
        self.left = if is_slow { 0 } else { LOOK_AFTER - 1 };
        false
    }
}
