//! Calling the body of a node, as often as it takes.

use super::complete::complete_node;
use super::expand::expand;
use super::fail::fail_node;
use super::worker::{At, Step, Worker};
use crate::base::error::{Error, drop_payload};
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::from_now;
use crate::event::RunEvent;
use crate::exec::park::call_at;
use crate::exec::run::observe;
use crate::exec::segment::{Continuation, Segment};
use crate::exec::wait::{sleep_without_slot, with_lease_released};
use crate::plan::NodeFlags;
use crate::store::memo::Ticket;
use crate::task::{Guard, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// Calls the body until it succeeds or is not tried again.
pub(super) fn attempt_body(w: &Worker, at: At, ticket: Option<Ticket>) -> Step {
    let (segment, i, run) = (at.segment.get(), at.node, w.run());
    let program = segment.program();
    let guard = match program.flags[i].has(NodeFlags::GUARDED) {
        true => program.guard(i),
        false => Guard::default(),
    };
    let keep = guard.retries > 0;
    let mut pause = guard.backoff;
    let mut attempt = 0;
    loop {
        if w.is_observed {
            observe::tell_of_node(run, segment, i, |run, node, tell| {
                tell(&RunEvent::NodeStarted { run, node, attempt })
            });
        }
        let is_timed = w.is_observed || ticket.as_ref().is_some_and(Ticket::wants_cost);
        let since = is_timed.then(Instant::now);
        let mut error = match call_body(w, segment, i, keep, &guard) {
            Ok(Outcome::Value) => {
                segment.fill(i);
                complete_node(w, segment, i, ticket, since);
                segment.release_inputs(i, keep);
                return Step::Done;
            }
            Ok(Outcome::Graph(graph)) => {
                let to = Continuation {
                    segment: at.segment,
                    unit: at.unit,
                    node: i,
                    ticket,
                    since,
                };
                return expand(w, to, &graph, keep);
            }
            Ok(Outcome::Failed(e)) => Error::failed(program.culprit(i), e.error()),
            Err(error) => error,
        };
        let mut again = attempt < guard.retries && !run.is_stopped();
        if again && let Some(retry_if) = guard.retry_if {
            match catch_unwind(AssertUnwindSafe(|| retry_if(&error))) {
                Ok(wanted) => again = wanted,
                Err(payload) => {
                    again = false;
                    error = Error::panicked(program.culprit(i), payload);
                }
            }
        }
        if again {
            if w.is_observed {
                observe::tell_of_node(run, segment, i, |run, node, tell| {
                    tell(&RunEvent::NodeRetried {
                        run,
                        node,
                        error: &error,
                    })
                });
            }
            with_lease_released(|| {
                sleep_without_slot(run, &Arc::default(), |p| _ = p.park_timeout(pause));
            });
            run.context.memo.forget_failures();
            again = !run.is_stopped();
        }
        if !again {
            if let Some(ticket) = ticket {
                match run.is_stopped() {
                    // Perhaps it failed only because it was told to stop.
                    true => drop(ticket),
                    false => ticket.fail(error.clone()),
                }
            }
            if keep {
                segment.release_inputs(i, true);
            }
            fail_node(w, segment, i, error);
            return Step::Done;
        }
        pause = pause.saturating_mul(2);
        attempt += 1;
    }
}

/// Calls the body once, with its deadline set; a panic and a missed deadline are errors.
fn call_body(
    w: &Worker,
    segment: &Segment,
    i: usize,
    keep: bool,
    guard: &Guard<'_>,
) -> Result<Outcome, Error> {
    let call = || catch_unwind(AssertUnwindSafe(|| segment.execute(i, keep)));
    let culprit = || segment.program().culprit(i);
    let panicked = |payload| Error::panicked(culprit(), payload);
    let Some(limit) = guard.timeout else {
        return call().map_err(panicked);
    };
    let overdue = Arc::new(AtomicBool::new(false));
    let (flag, run) = (overdue.clone(), Arc::downgrade(w.run()));
    let deadline = call_at(from_now(limit), move || {
        flag.store(true, Ordering::Release);
        if let Some(run) = run.upgrade() {
            run.context.wake_sleepers();
        }
    });
    w.current.overdue.replace(Some(overdue.clone()));
    let outcome = call();
    w.current.overdue.replace(None);
    drop(deadline);
    if !overdue.load(Ordering::Acquire) {
        return outcome.map_err(panicked);
    }
    match outcome {
        Ok(Outcome::Value) => segment.discard(i),
        Err(payload) => drop_payload(payload),
        _ => {}
    }
    Err(Error::task_timeout(culprit(), limit))
}
