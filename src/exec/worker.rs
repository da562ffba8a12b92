//! Executing nodes: what serial and parallel runs share.

use super::active::{ACTIVE, Active, active};
use super::equip::unequipped;
use super::job::Job;
use super::observe;
use super::recall::Recall;
use super::run::Run;
use super::segment::{Continuation, Segment, SegmentPtr};
use super::suspend;
use super::timer;
use super::wait;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::lock;
use crate::event::{NodeInfo, RunEvent};
use crate::plan::{Guard, Traits};
use crate::store::memo::{Shared, Ticket};
use crate::task::{NodePtr, Outcome};
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// What a step came to.
pub(super) enum Step {
    /// The node has finished, with a result or without.
    Done,
    /// It waits for the memo, and will be made ready again.
    Parked,
    /// Its body returned a graph: the node finishes with that.
    Expanded(SegmentPtr),
}

/// A thread's part in a run.
pub(super) struct Worker {
    pub(super) active: Rc<Active>,
    /// The only thread of the run: it waits itself where others are parked.
    pub(super) alone: bool,
    pub(super) observed: bool,
    /// The task whose futures are told of each output.
    pub(super) sink: Option<Arc<Job>>,
    /// The last stretch has come to nodes that take long.
    pub(super) slow: Cell<bool>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let above = self.active.above.clone();
        let _ = ACTIVE.try_with(|active| active.replace(above));
    }
}

impl Worker {
    pub(super) fn enter(run: &Arc<Run>, root: SegmentPtr, alone: bool) -> Worker {
        let above = active();
        let active = Rc::new(Active::new(run.clone(), root, above));
        let job = run.job.as_ref().filter(|job| run.is_task && job.is_many());
        let mut worker = Worker::within(active);
        worker.alone = alone;
        worker.observed = !run.context.observers.is_empty();
        worker.sink = job.cloned();
        worker
    }

    /// Alone and unobserved.
    #[inline]
    pub(super) fn within(active: Rc<Active>) -> Worker {
        ACTIVE.with(|here| here.replace(Some(active.clone())));
        Worker {
            active,
            alone: true,
            observed: false,
            sink: None,
            slow: Cell::new(false),
        }
    }

    /// A body that ends takes its slot back, if it has not.
    #[inline]
    pub(super) fn rejoin(&self) {
        if self.active.has_seceded() {
            wait::rejoin(&self.active);
        }
    }

    pub(super) fn run(&self) -> &Arc<Run> {
        &self.active.run
    }

    /// Executes one node. Unwinds if its body, the `Clone` of an argument or the `Drop` of an input does:
    /// then the caller calls `panicked`, and the node has finished.
    #[inline]
    pub(super) fn step(&self, at: SegmentPtr, unit: usize, i: usize) -> Step {
        let segment = at.get();
        self.active.segment.set(at);
        self.active.node.set(i);
        let is_special = segment.program.traits[i].has(Traits::SPECIAL) || self.observed;
        if is_special || segment.any_failed() {
            return match segment.ledger_of(i) {
                Some(ledger) if !segment.any_failed() => self.noted(ledger, at, unit, i),
                _ => self.special(at, unit, i),
            };
        }
        if let Some(job) = self.sink(segment) {
            return self.promised(job, at, unit, i);
        }
        match segment.execute(i, false) {
            Outcome::Value => segment.settle(i, false),
            Outcome::Failed(e) => self.failed(
                segment,
                i,
                Error::failed(segment.program.culprit(i), e.error()),
            ),
            Outcome::Graph(_) => unreachable!("only flat nodes return graphs"),
        }
        Step::Done
    }

    /// The node that was being executed has panicked.
    #[cold]
    pub(super) fn panicked(&self, payload: Box<dyn Any + Send>) {
        let (segment, i) = (self.active.segment.get().get(), self.active.node.get());
        self.active.key.set(None);
        self.failed(
            segment,
            i,
            Error::panicked(segment.program.culprit(i), payload),
        );
        observe::ended(self.run(), segment, segment.ended(i));
    }

    #[cold]
    pub(super) fn special(&self, at: SegmentPtr, unit: usize, i: usize) -> Step {
        let step = self.carefully(at, unit, i);
        if self.observed && !matches!(step, Step::Parked) {
            observe::ended(self.run(), at.get(), at.get().ended(i));
        }
        step
    }

    fn carefully(&self, at: SegmentPtr, unit: usize, i: usize) -> Step {
        let segment = at.get();
        let traits = segment.program.traits[i];
        if segment.any_failed() {
            if segment.abandoned().is_some() {
                self.stand_down(at, i);
                segment.skip(i);
                return Step::Done;
            }
            if let Some(error) = segment.failed_input(i) {
                return self.pass_over(at, i, error);
            }
        }
        let sink = self.sink(segment);
        if sink.is_some_and(|job| !job.wants(i)) {
            let error = Error::run(ErrorKind::Cancelled, "the task was cancelled");
            return self.pass_over(at, i, error);
        }
        let _equipped = match traits.has(Traits::GUARDED) {
            true => match self.equip(at, unit, i) {
                Ok(Some(equipped)) => Some(equipped),
                Ok(None) => return Step::Parked,
                Err(error) => return self.pass_over(at, i, error),
            },
            false => None,
        };
        if !traits.has(Traits::SOURCE) {
            self.run().begin();
        }
        if let Some(job) = sink {
            job.begin(i);
            job.gets_on();
        }
        if let Some(claim) = segment.program.awaits(i) {
            match self.arrive(at, unit, i, claim) {
                Recall::Failed(error) => self.give_up(segment, i, error),
                Recall::Parked => return Step::Parked,
                Recall::Remembered | Recall::Compute(_) => self.publish(segment, i),
            }
            return Step::Done;
        }
        let mut ticket = None;
        if traits.has(Traits::KEYED) {
            match self.recall(at, unit, i) {
                Recall::Compute(mine) => ticket = mine,
                Recall::Remembered => {
                    self.publish(segment, i);
                    self.tell(segment, i, |run, node, tell| {
                        tell(&RunEvent::NodeRemembered { run, node })
                    });
                    segment.skip(i);
                    return Step::Done;
                }
                Recall::Failed(error) => {
                    segment.skip(i);
                    self.give_up(segment, i, error);
                    return Step::Done;
                }
                Recall::Parked => return Step::Parked,
            }
        }
        if ticket.is_some() {
            self.active.key.set(Some(segment.program.keys[i]));
        }
        let step = self.attempts(at, unit, i, ticket);
        self.active.key.set(None);
        step
    }

    /// Node `i` does not begin: it has no result.
    fn pass_over(&self, at: SegmentPtr, i: usize, error: Error) -> Step {
        let segment = at.get();
        self.stand_down(at, i);
        segment.skip(i);
        self.give_up(segment, i, error);
        Step::Done
    }

    // -------------------------------------------------------------- attempts

    fn attempts(&self, at: SegmentPtr, unit: usize, i: usize, ticket: Option<Ticket>) -> Step {
        let segment = at.get();
        let run = self.run();
        let guard = match segment.program.traits[i].has(Traits::GUARDED) {
            true => segment.program.guard(i),
            false => Guard::default(),
        };
        let keep = guard.retries > 0;
        let mut pause = guard.backoff;
        let mut attempt = 0;
        loop {
            self.tell(segment, i, |run, node, tell| {
                tell(&RunEvent::NodeStarted { run, node, attempt })
            });
            let timed = self.observed || ticket.as_ref().is_some_and(Ticket::wants_cost);
            let since = timed.then(Instant::now);
            let mut error = match self.attempt(segment, i, keep, &guard) {
                Ok(Outcome::Value) => {
                    segment.fill(i);
                    self.keep(segment, i, ticket, since);
                    segment.release(i, keep);
                    return Step::Done;
                }
                Ok(Outcome::Graph(graph)) => {
                    let to = Continuation {
                        segment: at,
                        unit,
                        node: i,
                        ticket,
                        since,
                    };
                    return self.expand(to, &graph, keep);
                }
                Ok(Outcome::Failed(e)) => Error::failed(segment.program.culprit(i), e.error()),
                Err(error) => error,
            };
            let mut again = attempt < guard.retries && !run.is_stopped();
            if again && let Some(retry_if) = guard.retry_if {
                match catch_unwind(AssertUnwindSafe(|| retry_if(&error))) {
                    Ok(wanted) => again = wanted,
                    Err(payload) => {
                        again = false;
                        error = Error::panicked(segment.program.culprit(i), payload);
                    }
                }
            }
            if again {
                self.tell(segment, i, |run, node, tell| {
                    tell(&RunEvent::NodeRetried {
                        run,
                        node,
                        error: &error,
                    })
                });
                unequipped(|| {
                    suspend::rest(run, &Arc::default(), |bell| _ = bell.listen_for(pause));
                });
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
                    segment.release(i, true);
                }
                self.failed(segment, i, error);
                return Step::Done;
            }
            pause = pause.saturating_mul(2);
            attempt += 1;
        }
    }

    /// Calls the body once, with its deadline set; a panic and a missed deadline are errors.
    fn attempt(
        &self,
        segment: &Segment,
        i: usize,
        keep: bool,
        guard: &Guard<'_>,
    ) -> Result<Outcome, Error> {
        let Some(limit) = guard.timeout else {
            let outcome = catch_unwind(AssertUnwindSafe(|| segment.execute(i, keep)));
            return outcome.map_err(|payload| Error::panicked(segment.program.culprit(i), payload));
        };
        let overdue = Arc::new(AtomicBool::new(false));
        let (flag, run) = (overdue.clone(), Arc::downgrade(self.run()));
        let deadline = timer::at(Instant::now() + limit, move || {
            flag.store(true, Ordering::Release);
            if let Some(run) = run.upgrade() {
                run.context.sleepers.wake();
            }
        });
        self.active.overdue.replace(Some(overdue.clone()));
        let outcome = catch_unwind(AssertUnwindSafe(|| segment.execute(i, keep)));
        self.active.overdue.replace(None);
        drop(deadline);
        if !overdue.load(Ordering::Acquire) {
            return outcome.map_err(|payload| Error::panicked(segment.program.culprit(i), payload));
        }
        match outcome {
            Ok(Outcome::Value) => segment.discard(i),
            Err(payload) => crate::base::error::drop_payload(payload),
            _ => {}
        }
        Err(Error::task_timeout(segment.program.culprit(i), limit))
    }

    // -------------------------------------------------------------- returned graphs

    fn expand(&self, to: Continuation, graph: &NodePtr, keep: bool) -> Step {
        let (segment, i) = (to.segment.get(), to.node);
        let context = &self.run().context;
        let compiled = (context.compile)(graph);
        let program = match compiled.and_then(|program| context.check(&program).map(|()| program)) {
            Ok(program) => program,
            Err(error) => {
                let error = Error::failed(segment.program.culprit(i), Box::new(error));
                self.failed(segment, i, error);
                return Step::Done;
            }
        };
        let nodes = program.len();
        self.tell(segment, i, |run, node, tell| {
            tell(&RunEvent::NodeExpanded { run, node, nodes })
        });
        let lineage = match &to.ticket {
            Some(_) => Some(self.run().lineage_of(segment, i, segment.program.keys[i])),
            None => self.run().lineage_at(segment, i),
        };
        segment.release(i, keep);
        let (alone, observed) = (self.alone, self.observed);
        let child = Segment::new(program, alone, observed, Some(to), lineage);
        if !alone {
            child.share(None);
        }
        let child = SegmentPtr::new(child);
        lock(&self.run().returned).insert(child);
        Step::Expanded(child)
    }

    /// The segment of a returned graph has come to its end: its node finishes. Returns that node's place, unless
    /// the run was stopped: then the last node may have failed, and there may be no output.
    pub(super) fn conclude(&self, child: SegmentPtr) -> Option<(SegmentPtr, usize)> {
        if self.run().is_stopped() {
            return None;
        }
        lock(&self.run().returned).remove(&child);
        let mut child = child.reclaim();
        let Some(to) = child.continuation.take() else {
            unreachable!("only returned graphs are concluded")
        };
        let (segment, i) = (to.segment.get(), to.node);
        self.active.segment.set(to.segment);
        self.active.node.set(i);
        let result = match child.abandoned() {
            Some(error) => Err(error),
            None => child.output().ok_or_else(|| {
                Error::run(
                    ErrorKind::Invalid,
                    "a task returned a scope's borrow, which cannot leave its graph",
                )
            }),
        };
        match result {
            Ok(value) => self.deliver(segment, i, &value, to.ticket, to.since),
            Err(error) => {
                let error = Error::failed(segment.program.culprit(i), Box::new(error));
                if let Some(ticket) = to.ticket.filter(|_| !self.run().is_stopped()) {
                    ticket.fail(error.clone());
                }
                self.failed(segment, i, error);
            }
        }
        if let Some(payload) = child.clear() {
            self.failed(
                segment,
                i,
                Error::panicked(segment.program.culprit(i), payload),
            );
        }
        Some((to.segment, to.unit))
    }

    fn deliver(
        &self,
        segment: &Segment,
        i: usize,
        value: &Shared,
        ticket: Option<Ticket>,
        since: Option<Instant>,
    ) {
        if !segment.import(i, value) {
            let culprit = segment.program.culprit(i);
            self.failed(
                segment,
                i,
                Error::failed(culprit, "the returned graph is of another type".into()),
            );
            return;
        }
        self.keep(segment, i, ticket, since);
    }

    // -------------------------------------------------------------- failure

    pub(super) fn failed(&self, segment: &Segment, i: usize, error: Error) {
        self.note_failure(segment, i, &error);
        self.tell(segment, i, |run, node, tell| {
            tell(&RunEvent::NodeFailed {
                run,
                node,
                error: &error,
            })
        });
        self.give_up(segment, i, error);
    }

    /// Node `i` has no result. If no one above catches that, the run has failed.
    fn give_up(&self, segment: &Segment, i: usize, error: Error) {
        if !segment.program.is_fatal(i) {
            // As for the whole run: after a halt, what tasks fail with is its consequence.
            let error = self.run().context.halted().unwrap_or(error);
            if let Some(job) = self.sink(segment) {
                job.publish(i, &Err(error.clone()));
            }
            segment.poison(i, error);
            return;
        }
        let mut told = error.clone();
        let mut below = segment;
        while let Some(to) = &below.continuation {
            below = to.segment.get();
            if !below.program.is_fatal(to.node) {
                // Caught further up: the graph that was returned is not wanted any more.
                segment.abandon(error);
                return;
            }
            told = Error::failed(below.program.culprit(to.node), Box::new(told));
        }
        self.run().fail(told);
    }

    /// Tells the observers, if there are any, what `emit` makes of the run and the node.
    pub(super) fn tell(
        &self,
        segment: &Segment,
        i: usize,
        emit: impl FnOnce(u64, &NodeInfo, &dyn Fn(&RunEvent<'_>)),
    ) {
        if self.observed {
            observe::node(self.run(), segment, i, emit);
        }
    }
}
