//! A task that a client has started: the run of a graph that nobody waits for in place, and the futures of its outputs.

mod control;
mod end;
mod futures;
mod outputs;

use super::active::with_active;
use super::agenda::{Agenda, Rank};
use super::context::Context;
use super::executor::Executor;
use super::invite::{Source, invite};
use super::observe;
use super::run::{self, Run};
use super::story::{Chapter, Story, Times};
use crate::base::error::{Error, ErrorKind};
use crate::base::spare::Spared;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::base::sync::atomic::{AtomicU32, AtomicUsize};
use crate::base::sync::{Mutex, lock};
use crate::event::RunEvent;
use crate::plan::Program;
use crate::store::Memo;
use crate::store::memo::Lineage;
use crate::task::{Claim, Promise, Shared, Work};
use outputs::Outputs;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// What a client says of its tasks.
pub(crate) struct Terms {
    pub(crate) context: Arc<Context>,
    pub(crate) memo: Memo,
    pub(crate) limit: Option<Duration>,
}

/// A task of a client.
pub(crate) struct Job {
    number: u64,
    terms: Arc<Terms>,
    executor: Arc<Executor>,
    promises: Spared<Promise>,
    /// How often it was opened anew, for futures that are tried again: what comes of it before is not for these.
    round: AtomicU32,
    /// A future that had not ended when somebody last looked for one.
    open_one: AtomicUsize,
    /// Which outputs each node is, where each output is a future of its own.
    outputs: Option<Outputs>,
    label: Arc<str>,
    rank: Rank,
    depth: usize,
    since: Instant,
    /// It is ended by `complete`, from outside: nobody works on it here.
    is_promised: bool,
    state: Mutex<State>,
    /// Tasks that its bodies have started, each with the node, if it is one of the plan's.
    children: Mutex<Vec<(Option<usize>, Weak<Job>)>>,
    story: Story,
    this: Weak<Job>,
}

struct State {
    /// `None`: it has come to rest.
    run: Option<Arc<Run>>,
    /// Until it has come to rest; futures that can be tried again keep it.
    program: Option<Arc<Program>>,
    /// Futures that others have ended (see `complete`) have none.
    context: Option<Arc<Context>>,
    /// It runs, or is about to.
    is_open: bool,
    /// It is to be opened once more when it has come to rest.
    again: bool,
}

fn next_number() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

fn closed() -> Error {
    Error::run(ErrorKind::Cancelled, "the client is closed")
}

impl Job {
    /// Futures of a plan, which [`open`](Self::open) starts. `each`: every output is a future of its own, else all of it
    /// is one.
    pub(crate) fn planned(terms: &Arc<Terms>, program: Arc<Program>, each: bool) -> Arc<Job> {
        let outputs = each.then(|| Outputs::of(&program));
        let promises = if each { program.outputs.len() } else { 1 };
        let first = program.outputs.first().map(|edge| edge.index());
        let label = first.map_or_else(|| "task".into(), |i| program.node(i).label());
        let priority = match each {
            true => 0,
            false => first.map_or(0, |i| program.priority(i)),
        };
        let job = Job::new(terms, promises, outputs, label, priority, false);
        lock(&job.state).program = Some(program);
        job
    }

    /// Futures of what could not be started.
    pub(crate) fn failed(terms: &Arc<Terms>, futures: usize, error: Error) -> Arc<Job> {
        let job = Job::new(terms, futures, None, "task".into(), 0, false);
        for promise in &job.promises {
            promise.fail_at_once(error.clone());
        }
        job
    }

    /// Futures that are ended by [`complete`](Self::complete), not by a plan.
    pub(crate) fn promised(terms: &Arc<Terms>, label: Arc<str>) -> Arc<Job> {
        let job = Job::new(terms, 1, None, label, 0, true);
        job.agenda(|agenda| {
            agenda.expect(1);
            agenda.register(&job)
        });
        job
    }

    /// Has it cancelled with the task that this thread's body belongs to, and ends it at once if the client is closed;
    /// `false`: it has ended.
    #[cfg(feature = "async")]
    pub(crate) fn is_admitted(self: &Arc<Job>) -> bool {
        self.is_adopted();
        if self.terms.context.halted().is_some() {
            self.end_at_rest(Err(closed()));
        }
        !self.has_ended()
    }

    fn new(
        terms: &Arc<Terms>,
        promises: usize,
        outputs: Option<Outputs>,
        label: Arc<str>,
        priority: i32,
        is_promised: bool,
    ) -> Arc<Job> {
        let here = with_active(|active| active.run.depth + active.forks.get());
        let depth = here.map_or(0, |depth| depth + 1);
        let executor = terms.context.executor.clone();
        let rank = match &executor.agenda {
            Some(agenda) => agenda.rank(priority, depth as u32),
            None => unreachable!("a client's executor has an agenda"),
        };
        Arc::new_cyclic(|this| Job {
            number: next_number(),
            terms: terms.clone(),
            executor,
            round: AtomicU32::new(0),
            open_one: AtomicUsize::new(0),
            promises: (0..promises).map(|_| Promise::new()).collect(),
            outputs,
            label,
            rank,
            depth,
            since: Instant::now(),
            is_promised,
            state: Mutex::new(State {
                run: None,
                program: None,
                context: None,
                is_open: true,
                again: false,
            }),
            children: Mutex::default(),
            story: Story::new(promises),
            this: this.clone(),
        })
    }

    /// The task of a client that this thread's body belongs to.
    pub(crate) fn current() -> Option<Arc<Job>> {
        with_active(|active| active.run.job.clone())?
    }

    /// The task of this thread's body has started it: from here on it is cancelled with that.
    fn is_adopted(self: &Arc<Job>) {
        let Some(parent) = Job::current() else {
            return;
        };
        let node = with_active(|active| active.node_of_task()).flatten();
        let mut children = lock(&parent.children);
        if children.len() == children.capacity() {
            children.retain(|(_, child)| child.strong_count() > 0);
        }
        children.push((node, Arc::downgrade(self)));
        drop(children);
        if !parent.is_wanted(node) {
            // It was cancelled: so is what its body still starts.
            self.cancel();
        }
    }

    /// Starts it: makes a run of the plan, and has somebody work on it. Whoever wants to know has a claim already. What
    /// goes wrong is told by the futures.
    pub(crate) fn open(self: &Arc<Job>) {
        if lock(&self.state).program.is_none() {
            return;
        }
        self.expect(self.promises.len());
        self.agenda(|agenda| agenda.register(self));
        self.is_adopted();
        self.run_it(with_active(|active| active.place()));
    }

    /// So many of its futures are pending, from here on.
    fn expect(&self, futures: usize) {
        self.agenda(|agenda| agenda.expect(futures));
    }

    /// Opens it once more, with the futures that are tried again.
    fn open_again(self: &Arc<Job>) {
        self.agenda(|agenda| agenda.register(self));
        self.run_it(None);
    }

    fn run_it(self: &Arc<Job>, parent: Option<(u64, usize)>) {
        let base = &self.terms.context;
        let error = match base.halted() {
            Some(_) => Some(closed()),
            None if self.depth > run::DEEPEST => {
                let message = format!(
                    "tasks are nested more than {} deep: does the recursion end?",
                    run::DEEPEST
                );
                Some(Error::run(ErrorKind::Invalid, message))
            }
            None => None,
        };
        if let Some(error) = error {
            self.label(0);
            let program = lock(&self.state).program.take();
            drop(program);
            return self.end_at_rest(Err(error));
        }
        let context = Context::of_job(base, &self.terms.memo, self.terms.limit);
        context.is_for(self);
        let mut state = lock(&self.state);
        let Some(program) = state.program.clone() else {
            return;
        };
        let lineage = match self.outputs {
            Some(_) => None,
            None => Some(Lineage::of_future(self.number, 0, None)),
        };
        let run = super::task::open(&program, &context, self, lineage);
        state.run = Some(run.clone());
        state.context = Some(context.clone());
        drop(state);
        let (nodes, units) = (program.len(), program.unit_count());
        drop(program);
        let started = RunEvent::RunStarted {
            run: run.id,
            parent,
            nodes,
            units,
        };
        if let Err(error) = observe::tell(&context, &started) {
            run.fail(error);
        }
        if self.has_ended() {
            // Cancelled before there was a run to stop.
            self.stop(self.round());
        }
        self.announce(&run);
    }

    /// Its run has something to do.
    pub(in crate::exec) fn announce(&self, run: &Arc<Run>) {
        let state = lock(&self.state);
        // Who is late must not put it in the place of one that was opened since.
        if state.run.as_ref().is_some_and(|now| Arc::ptr_eq(now, run)) {
            self.agenda(|agenda| agenda.add(self.rank, run));
        }
        drop(state);
        let _ = invite(&self.executor, &Source::Client);
    }

    /// A body of it has started a nested run: there may be work below it.
    pub(in crate::exec) fn has_nested(&self) {
        let state = lock(&self.state);
        if let Some(run) = &state.run {
            self.agenda(|agenda| agenda.add(self.rank, run));
        }
    }

    fn agenda(&self, with: impl FnOnce(&Agenda)) {
        if let Some(agenda) = &self.executor.agenda {
            with(agenda);
        }
    }

    // -------------------------------------------------------------- asked by runs

    pub(in crate::exec) fn number(&self) -> u64 {
        self.number
    }

    pub(in crate::exec) fn rank(&self) -> Rank {
        self.rank
    }

    pub(in crate::exec) fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn executor(&self) -> &Arc<Executor> {
        &self.executor
    }

    pub(in crate::exec) fn run(&self) -> Option<Arc<Run>> {
        lock(&self.state).run.clone()
    }

    /// Whether each output of its plan is a future of its own.
    pub(in crate::exec) fn is_many(&self) -> bool {
        self.outputs.is_some()
    }

    // -------------------------------------------------------------- asked by handles

    pub(crate) fn story(&self, index: usize) -> Vec<(Duration, Chapter)> {
        self.story.of(index)
    }

    pub(crate) fn times(&self, index: usize) -> Option<Times> {
        self.story.times(index)
    }

    pub(crate) fn label(&self, index: usize) -> &Arc<str> {
        match &self.outputs {
            Some(outputs) => outputs.label(index, || lock(&self.state).program.clone()),
            None => &self.label,
        }
    }

    /// Whether it waits for futures that it needs.
    pub(crate) fn is_waiting(&self) -> bool {
        self.needs_pending().next().is_some()
    }

    fn needs_pending(&self) -> impl Iterator<Item = Claim> + use<> {
        let program = lock(&self.state).program.clone();
        let awaited = program.into_iter().flat_map(|program| {
            let sources = (0..program.len()).filter_map(|i| program.awaits(i).cloned());
            sources.collect::<Vec<_>>()
        });
        awaited.filter(|claim| !claim.promise().has_ended())
    }
}

impl Work for Job {
    fn promises(&self) -> &[Promise] {
        &self.promises
    }

    /// What has not begun is cancelled; what has goes on, for it may hold what others want. A promise is cancelled in any
    /// case: who works on it elsewhere can be told.
    fn unwanted(&self, index: usize) {
        let promise = &self.promises[index];
        let goes_on = promise.has_begun() && !self.is_promised;
        if promise.has_ended() || promise.is_detached() || goes_on {
            return;
        }
        if self.promises.len() == 1 {
            self.cancel();
        } else {
            self.cancel_one(index);
        }
    }

    fn call(&self, index: usize) -> String {
        let program = lock(&self.state).program.clone();
        let kept = || self.promises[index].again()?.downcast().ok();
        let Some(program) = program.or_else(kept) else {
            return self.label(index).to_string();
        };
        match program.outputs.get(index) {
            Some(edge) => program.culprit(edge.index()).call,
            None => self.label(index).to_string(),
        }
    }

    fn id(&self) -> u64 {
        self.number
    }

    fn as_any(self: Arc<Self>) -> Shared {
        self
    }

    fn needs(&self) -> Vec<Claim> {
        self.needs_pending().collect()
    }
}

/// The job behind a future.
pub(crate) fn job_of(claim: &Claim) -> Option<Arc<Job>> {
    claim.work().clone().as_any().downcast::<Job>().ok()
}
