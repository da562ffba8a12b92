//! Calling the body of a node, as often as it takes.

use super::complete::complete_node;
use super::expand::expand;
use super::fail::{fail_node, is_tried_again};
use super::worker::{At, Step, Worker};
use crate::base::error::{Error, drop_payload};
use crate::event::RunEvent;
use crate::exec::park::RunningLimit;
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
    // Of a node that returned a graph, which failed.
    let mut attempt = match keep && program.flags[i].has(NodeFlags::FLAT) {
        true => run.pending().attempts((at.segment, i)),
        false => 0,
    };
    if attempt > 0 && !rest(w, &guard, attempt) {
        segment.release_inputs(i, true);
        return Step::Done;
    }
    loop {
        if w.is_observed {
            observe::tell_of_node(run, segment, i, |run, node, tell| {
                tell(&RunEvent::NodeStarted { run, node, attempt })
            });
        }
        let is_timed = w.is_observed || ticket.as_ref().is_some_and(Ticket::wants_cost);
        let since = is_timed.then(Instant::now);
        let mut error = match call_body(w, segment, i, keep, &guard) {
            Ok((Outcome::Value, _)) => {
                segment.fill(i);
                complete_node(w, segment, i, ticket, since);
                segment.release_inputs(i, keep);
                return Step::Done;
            }
            Ok((Outcome::Graph(graph), limit)) => {
                let to = Continuation {
                    segment: at.segment,
                    unit: at.unit,
                    node: i,
                    ticket,
                    since,
                    limit,
                };
                return expand(w, to, &graph, keep);
            }
            Ok((Outcome::Failed(e), _)) => Error::failed(program.culprit(i), e.error()),
            Err(error) => error,
        };
        let again = is_tried_again(w, segment, i, attempt, &mut error);
        attempt += 1;
        if again && rest(w, &guard, attempt) {
            continue;
        }
        if let Some(ticket) = ticket {
            match run.is_stopped() {
                // Perhaps it failed only because it was told to stop.
                true => drop(ticket),
                false => ticket.fail(error.clone()),
            }
        }
        if keep {
            segment.release_inputs(i, true);
            run.pending().set_attempts((at.segment, i), 0);
        }
        fail_node(w, segment, i, error);
        return Step::Done;
    }
}

/// Calls the body once, within its time limit; a panic and a missed limit are errors. The limit of a graph that is returned
/// goes on.
fn call_body(
    w: &Worker,
    segment: &Segment,
    i: usize,
    keep: bool,
    guard: &Guard<'_>,
) -> Result<(Outcome, Option<RunningLimit>), Error> {
    let call = || catch_unwind(AssertUnwindSafe(|| segment.execute(i, keep)));
    let culprit = || segment.program().culprit(i);
    let panicked = |payload| Error::panicked(culprit(), payload);
    let Some(time) = guard.timeout else {
        return call().map(|outcome| (outcome, None)).map_err(panicked);
    };
    let run = Arc::downgrade(w.run());
    let running = RunningLimit::start(time, w.current.limit_around(), move |limit| {
        if let Some(run) = run.upgrade() {
            run.limit_passed(limit);
        }
    });
    w.current.own_limit.replace(Some(running.limit.clone()));
    let outcome = call();
    w.current.own_limit.replace(None);
    if !running.has_passed() {
        return match outcome {
            Ok(Outcome::Graph(graph)) => Ok((Outcome::Graph(graph), Some(running))),
            outcome => outcome.map(|outcome| (outcome, None)).map_err(panicked),
        };
    }
    drop(running);
    match outcome {
        Ok(Outcome::Value) => segment.discard(i),
        Err(payload) => drop_payload(payload),
        _ => {}
    }
    Err(Error::task_timeout(culprit(), time))
}

/// Rests between two attempts; `false` if there is to be none after all. What has failed meanwhile fails no further attempt.
fn rest(w: &Worker, guard: &Guard<'_>, attempts: u32) -> bool {
    let run = w.run();
    let doublings = 1u32.checked_shl(attempts - 1).unwrap_or(u32::MAX);
    let pause = guard.backoff.saturating_mul(doublings);
    with_lease_released(|| {
        sleep_without_slot(run, &Arc::default(), |p| _ = p.park_timeout(pause));
    });
    run.context.memo.forget_failures();
    !run.is_stopped()
}
