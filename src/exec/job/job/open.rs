//! How a task begins.

use super::Job;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::lock;
use crate::event::RunEvent;
use crate::exec::drive::{RAYON, may_be_probed};
use crate::exec::run::{Context, MAX_DEPTH, Run, current, observe, raise};
use crate::exec::segment::{Segment, SegmentPtr};
use crate::exec::threads::invite;
use crate::plan::Program;
use crate::store::memo::Lineage;
use crate::task::Producer;
use std::sync::{Arc, Weak};

impl Job {
    /// Starts it: makes a run of the plan, and has it worked on. All claims that are wanted have been made. Failures are
    /// outcomes of the futures.
    pub(crate) fn open(self: &Arc<Job>) {
        if self.futures.plan().is_none() {
            return;
        }
        self.futures
            .progress()
            .expect(self.futures.promises().len());
        self.register();
        self.adopt();
        if self.is_late() {
            return self.refuse(closed());
        }
        self.raise_needs();
        self.open_run(current().map(|task| task.place()));
    }

    /// Whether the client is being shut down, and no task of it starts this one.
    fn is_late(&self) -> bool {
        let is_child =
            || Job::current().is_some_and(|job| Arc::ptr_eq(&job.options, &self.options));
        self.options.queue.is_draining() && !is_child()
    }

    /// It does not begin.
    fn refuse(&self, error: Error) {
        self.label(0);
        drop(self.futures.take_plan());
        self.end_at_rest(Err(error));
    }

    /// What its futures wait for is as urgent as they are.
    fn raise_needs(&self) {
        if self.futures.progress().has_priorities() {
            for index in 0..self.futures.promises().len() {
                let needs = self.needs_of(index);
                raise(needs, self.standing.priority_of(index));
            }
        }
    }

    /// Has it cancelled with the task that this thread's body belongs to, and ends it at once if the client is closed;
    /// `false`: it has ended.
    #[cfg(feature = "async")]
    pub(crate) fn is_admitted(self: &Arc<Job>) -> bool {
        self.adopt();
        if self.options.context.halted().is_some() || self.is_late() {
            self.end_at_rest(Err(closed()));
        }
        !self.futures.have_ended()
    }

    /// The task of this thread's body has started it: from here on it is cancelled with that.
    fn adopt(self: &Arc<Job>) {
        let Some(parent) = Job::current() else {
            return;
        };
        let node = current().and_then(|task| task.node_of_task());
        let mut children = lock(&parent.children);
        if children.len() == children.capacity() {
            children.retain(|(_, child)| child.strong_count() > 0);
        }
        children.push((node, Arc::downgrade(self)));
        drop(children);
        if !parent.futures.is_wanted(node) {
            // It was cancelled: so is what its body still starts.
            self.cancel();
        }
    }

    /// Opens it once more, with the futures that are tried again.
    pub(super) fn open_again(self: &Arc<Job>) {
        self.register();
        self.open_run(None);
    }

    fn open_run(self: &Arc<Job>, parent: Option<(u64, usize)>) {
        let base = &self.options.context;
        let refused = match base.halted() {
            Some(_) => Some(closed()),
            None if self.depth > MAX_DEPTH => {
                let message =
                    format!("tasks are nested more than {MAX_DEPTH} deep: does the recursion end?");
                Some(Error::run(ErrorKind::Invalid, message))
            }
            None => None,
        };
        if let Some(error) = refused {
            return self.refuse(error);
        }
        let context = Context::of_task(base, &self.options.memo, self.options.limit);
        let this: Weak<Job> = self.this.clone();
        context.set_on_stop(this);
        let mut state = lock(&self.state);
        let Some(program) = self.futures.plan() else {
            return;
        };
        let run = self.new_run(&program, &context);
        state.run = Some(run.clone());
        state.context = Some(context.clone());
        drop(state);
        let started = RunEvent::RunStarted {
            run: run.id,
            parent,
            nodes: program.len(),
            units: program.unit_count(),
        };
        let frees = program.uses_future(0);
        drop(program);
        if let Err(error) = observe::tell(&context, &started) {
            run.fail(error);
        }
        if self.futures.have_ended() {
            // Cancelled before there was a run to stop.
            self.stop_run(self.futures.round());
        }
        self.announce_run(&run, frees);
    }

    /// A run that no thread owns: those that have a permit work on it, the last to leave concludes.
    fn new_run(self: &Arc<Job>, program: &Arc<Program>, context: &Arc<Context>) -> Arc<Run> {
        let lineage = match self.futures.are_many() {
            true => None,
            false => Some(Lineage::of_future(self.futures.number(), 0, None)),
        };
        let run = Run::new(
            context.clone(),
            None,
            self.depth,
            Some(self.clone()),
            None,
            &RAYON,
        );
        let is_observed = !context.observers.is_empty();
        let segment = Segment::new(program.clone(), false, is_observed, None, lineage);
        if may_be_probed(&segment) {
            run.queue.set_unprobed(SegmentPtr::new(segment));
        } else {
            segment.share(None);
            run.queue.open(SegmentPtr::new(segment));
        }
        run
    }

    /// Its run has something to do. `frees`: it uses the result of a future.
    pub(super) fn announce_run(&self, run: &Arc<Run>, frees: bool) {
        let state = lock(&self.state);
        // A late announcement must not put a run in the place of one that was opened since.
        if !(state.run.as_ref()).is_some_and(|now| Arc::ptr_eq(now, run)) {
            return;
        }
        self.options.queue.add_ready(&self.standing, run, frees);
        drop(state);
        let executor = &self.options.context.executor;
        if let Some(client) = &executor.client {
            let _ = invite(executor, &client.source);
        }
    }
}

fn closed() -> Error {
    Error::run(ErrorKind::Cancelled, "the client is closed")
}
