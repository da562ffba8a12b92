//! A task that a client has started: the run of a graph that no thread waits for in place, and the futures of its outputs.

mod cancel;
mod conclude;
mod open;

use super::queue::{JobQueue, LiveTask};
use crate::base::error::Error;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::base::sync::{Mutex, lock};
use crate::exec::futures::{FutureSet, Outputs, Standing, Times, Transition};
use crate::exec::park::OnStop;
use crate::exec::run::{Context, Run, RunOwner, current};
use crate::plan::Program;
use crate::store::Memo;
use crate::task::{Claim, Edge, Producer, Promise, Shared};
use std::any::Any;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What all tasks of a client have in common.
pub(crate) struct JobOptions {
    pub(crate) context: Arc<Context>,
    pub(crate) queue: Arc<JobQueue>,
    pub(crate) memo: Memo,
    pub(crate) limit: Option<Duration>,
}

/// A task of a client.
pub(crate) struct Job {
    futures: FutureSet,
    options: Arc<JobOptions>,
    label: Arc<str>,
    standing: Standing,
    depth: usize,
    state: Mutex<JobState>,
    /// Tasks that its bodies have started, each with the node, if it is one of the plan's.
    children: Mutex<Vec<(Option<usize>, Weak<Job>)>>,
    this: Weak<Job>,
}

struct JobState {
    /// `None`: it has come to rest.
    run: Option<Arc<Run>>,
    /// Of the last run; external ones have none.
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

impl Job {
    /// Futures of a plan, which [`open`](Self::open) starts. `each`: every output is a future of its own, else all of it
    /// is one.
    pub(crate) fn planned(
        options: &Arc<JobOptions>,
        program: Arc<Program>,
        each: bool,
    ) -> Arc<Job> {
        let outputs = each.then(|| Outputs::of_plan(&program));
        let futures = if each { program.outputs.len() } else { 1 };
        let first = program.outputs.first().map(|edge| edge.index());
        let label = first.map_or_else(|| "task".into(), |i| program.node(i).label());
        let priorities = match program.has_priorities {
            true => Priorities::of_outputs(&program),
            false => Priorities::default(),
        };
        let plan = Some(program);
        Job::new(options, futures, plan, outputs, label, priorities)
    }

    /// Futures of what could not be started.
    pub(crate) fn failed(options: &Arc<JobOptions>, futures: usize, error: Error) -> Arc<Job> {
        let job = Job::new(
            options,
            futures,
            None,
            None,
            "task".into(),
            Priorities::default(),
        );
        for promise in job.futures.promises() {
            promise.fail_at_once(error.clone());
        }
        job
    }

    /// A future that is ended by [`complete`](Self::complete), not by a plan.
    pub(crate) fn external(options: &Arc<JobOptions>, label: Arc<str>) -> Arc<Job> {
        let job = Job::new(options, 1, None, None, label, Priorities::default());
        job.futures.progress().expect(1);
        job.register();
        job
    }

    fn new(
        options: &Arc<JobOptions>,
        futures: usize,
        plan: Option<Arc<Program>>,
        outputs: Option<Outputs>,
        label: Arc<str>,
        priorities: Priorities,
    ) -> Arc<Job> {
        let depth = current().map_or(0, |task| task.depth_below());
        let (queue, number) = (&options.queue, next_number());
        if priorities != Priorities::default() {
            queue.progress().note_priorities();
        }
        let rank = queue.next_rank(priorities.least, depth as u32);
        Arc::new_cyclic(|this| Job {
            futures: FutureSet::new(number, futures, plan, outputs, queue.progress().clone()),
            options: options.clone(),
            label,
            standing: Standing::new(rank, priorities.raised),
            depth,
            state: Mutex::new(JobState {
                run: None,
                context: None,
                is_open: true,
                again: false,
            }),
            children: Mutex::default(),
            this: this.clone(),
        })
    }

    /// The task of a client that this thread's body belongs to.
    fn current() -> Option<Arc<Job>> {
        let owner: Arc<dyn Any + Send + Sync> = current()?.run.owner.clone()?;
        owner.downcast().ok()
    }

    /// The job behind a future.
    pub(crate) fn of_claim(claim: &Claim) -> Option<Arc<Job>> {
        let work: Arc<dyn Any + Send + Sync> = claim.producer().clone();
        work.downcast().ok()
    }

    fn register(&self) {
        let this = self.this.clone();
        self.options.queue.register(self.futures.number(), this);
    }

    /// The state transitions of a future, each with the time since it was started.
    pub(crate) fn history(&self, index: usize) -> Vec<(Duration, Transition)> {
        self.futures.history().of_future(index)
    }

    pub(crate) fn times(&self, index: usize) -> Option<Times> {
        self.futures.history().times(index)
    }

    pub(crate) fn label(&self, index: usize) -> &Arc<str> {
        match self.futures.outputs() {
            Some(outputs) => outputs.label(index, || self.futures.plan()),
            None => &self.label,
        }
    }

    /// Whether it waits for futures that it needs.
    pub(crate) fn is_waiting(&self) -> bool {
        self.needs_pending().next().is_some()
    }

    fn needs_pending(&self) -> impl Iterator<Item = Claim> + use<> {
        let awaited = self.futures.plan().into_iter().flat_map(|program| {
            let sources = (0..program.len()).filter_map(|i| program.awaits(i).cloned());
            sources.collect::<Vec<_>>()
        });
        awaited.filter(|claim| !claim.promise().has_ended())
    }
}

/// The priorities of a task's futures.
#[derive(PartialEq, Default)]
struct Priorities {
    least: i32,
    /// Futures of a higher one.
    raised: Vec<(i32, usize)>,
}

impl Priorities {
    fn of_outputs(program: &Program) -> Priorities {
        let of = |edge: &Edge| program.priority(edge.index());
        let least = program.outputs.iter().map(of).min().unwrap_or(0);
        let all = program.outputs.iter().map(of).zip(0..);
        let raised = all.filter(|(priority, _)| *priority > least).collect();
        Priorities { least, raised }
    }
}

impl LiveTask for Job {
    fn cancel(&self) {
        Job::cancel(self);
    }

    fn counts(&self) -> [usize; 3] {
        self.futures.counts()
    }
}

impl OnStop for Job {
    /// Its run was stopped, by its deadline or from outside: if no thread works on it, one is to end it.
    fn stopped(&self) {
        let run = lock(&self.state).run.clone();
        if let Some(run) = run {
            self.announce(&run, false);
        }
    }
}

impl RunOwner for Job {
    fn announce(&self, run: &Arc<Run>, frees: bool) {
        self.announce_run(run, frees);
    }

    fn nested_run_started(&self) {
        let state = lock(&self.state);
        if let Some(run) = &state.run {
            self.options.queue.add_ready(&self.standing, run, false);
        }
    }

    fn conclude(self: Arc<Self>, run: &Arc<Run>) {
        self.conclude_run(run);
    }

    fn standing(&self) -> &Standing {
        &self.standing
    }

    fn futures(&self) -> &FutureSet {
        &self.futures
    }
}

impl Producer for Job {
    fn promises(&self) -> &[Promise] {
        self.futures.promises()
    }

    fn unwanted(&self, index: usize) {
        self.abandon(index);
    }

    fn unseen(&self, error: &Error) {
        self.futures.progress().report_unseen(error);
    }

    fn call(&self, index: usize) -> String {
        let kept = || self.futures.promises()[index].retry_with()?.downcast().ok();
        let program: Option<Arc<Program>> = self.futures.plan().or_else(kept);
        let label = || self.label(index).to_string();
        program.map_or_else(label, |program| match program.outputs.get(index) {
            Some(edge) => program.culprit(edge.index()).call,
            None => label(),
        })
    }

    fn id(&self) -> u64 {
        self.futures.number()
    }

    fn run(&self) -> Option<Shared> {
        let run = lock(&self.state).run.clone();
        run.map(|run| run as Shared)
    }

    fn needs(&self) -> Vec<Claim> {
        self.needs_pending().collect()
    }

    fn needs_of(&self, index: usize) -> Vec<Claim> {
        match self.futures.plan() {
            Some(program) if self.futures.are_many() => {
                let mut needs = Vec::new();
                program.visit_inputs(program.outputs[index].index(), |i| {
                    let claim = program.awaits(i);
                    needs.extend(claim.filter(|c| !c.promise().has_ended()).cloned());
                });
                needs
            }
            _ => self.needs(),
        }
    }

    fn raise(&self, index: usize, priority: i32) -> bool {
        self.futures.progress().note_priorities();
        self.options.queue.raise(&self.standing, index, priority)
    }
}
