//! What the runs of one compute have in common: an outermost run and all nested ones below it.

use super::bell::{Bell, Sleepers};
use super::cancel::{Cancel, CancelToken, IsCancelled};
use super::executor::Executor;
use super::job::Job;
use super::run::Run;
use super::timer::{self, Deadline};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use crate::base::sync::{Mutex, lock};
use crate::event::Observer;
use crate::plan::Program;
use crate::store::Memo;
use crate::store::memo::RunMemo;
use crate::task::NodePtr;
use std::any::Any;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

/// Makes the plan of a graph that a body has returned.
pub(crate) type Compile = Arc<dyn Fn(&NodePtr) -> Result<Arc<Program>, Error> + Send + Sync>;

/// What the runs of one compute have in common.
pub(crate) struct Context {
    pub(crate) compile: Compile,
    /// What nested runs inherit; opaque here.
    pub(crate) inherited: Arc<dyn Any + Send + Sync>,
    pub(crate) executor: Arc<Executor>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) memo: Arc<RunMemo>,
    /// The context of the run in which this one was started with options of its own.
    pub(crate) above: Option<Arc<Context>>,
    /// Why no run of this context may start anything: 0, `CANCELLED` or `TIMED_OUT`.
    halt: AtomicU8,
    /// Some run of this context was stopped: the others, also of contexts below, ask whether it was one above them.
    pub(super) stops: AtomicBool,
    /// Those who sleep in a run of this context or of one below.
    pub(super) sleepers: Sleepers,
    limit: Option<Duration>,
    deadline: Mutex<Option<Deadline>>,
    /// The task of a client that it was made for.
    job: OnceLock<Weak<Job>>,
}

const CANCELLED: u8 = 1;
const TIMED_OUT: u8 = 2;

impl Context {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn new(
        compile: Compile,
        inherited: Arc<dyn Any + Send + Sync>,
        executor: Arc<Executor>,
        observers: Vec<Arc<dyn Observer>>,
        above: Option<Arc<Context>>,
        memo: Option<&Memo>,
        token: Option<&CancelToken>,
        limit: Option<Duration>,
    ) -> Arc<Context> {
        let inherited_memo = above.as_ref().map(|above| &above.memo);
        let memo = match (memo, inherited_memo) {
            (Some(memo), Some(above)) if above.uses(memo) => above.clone(),
            (Some(memo), _) => RunMemo::shared(memo),
            (None, Some(above)) => above.clone(),
            (None, None) => RunMemo::own(),
        };
        let context = Context {
            compile,
            inherited,
            executor,
            observers,
            memo,
            above,
            halt: AtomicU8::new(0),
            stops: AtomicBool::new(false),
            sleepers: Sleepers::default(),
            limit,
            deadline: Mutex::new(None),
            job: OnceLock::new(),
        };
        context.begun(token)
    }

    /// For one task of a client: it can be stopped on its own, and its failures are its own.
    pub(super) fn of_job(
        client: &Arc<Context>,
        memo: &Memo,
        limit: Option<Duration>,
    ) -> Arc<Context> {
        let context = Context {
            compile: client.compile.clone(),
            inherited: client.inherited.clone(),
            executor: client.executor.clone(),
            observers: client.observers.clone(),
            memo: RunMemo::shared(memo),
            above: Some(client.clone()),
            halt: AtomicU8::new(0),
            stops: AtomicBool::new(false),
            sleepers: Sleepers::default(),
            limit,
            deadline: Mutex::new(None),
            job: OnceLock::new(),
        };
        context.begun(None)
    }

    /// Whether nothing has happened in it that would show in another run, and nobody else has a part of it.
    pub(super) fn is_new(&mut self) -> bool {
        *self.halt.get_mut() == 0
            && !*self.stops.get_mut()
            && Arc::get_mut(&mut self.executor).is_some()
            && Arc::get_mut(&mut self.memo).is_some_and(|memo| memo.is_untouched())
    }

    pub(super) fn is_for(&self, job: &Arc<Job>) {
        let _ = self.job.set(Arc::downgrade(job));
    }

    /// From here on it may be cancelled, and its time runs.
    fn begun(self, token: Option<&CancelToken>) -> Arc<Context> {
        let limit = self.limit;
        let context = Arc::new(self);
        if let Some(token) = token {
            let listener: Weak<dyn Cancel> = Arc::downgrade(&context) as _;
            token.listen(listener);
        }
        if limit.is_some_and(|limit| limit.is_zero()) {
            context.stop(TIMED_OUT);
        } else if let Some(limit) = limit {
            let this = Arc::downgrade(&context);
            let when = Instant::now() + limit;
            let deadline = timer::at(when, move || {
                if let Some(context) = this.upgrade() {
                    context.stop(TIMED_OUT);
                }
            });
            *lock(&context.deadline) = Some(deadline);
        }
        context
    }

    /// Cancels it; whoever does so sees to it that its run is ended.
    pub(super) fn cancel_quietly(&self) {
        self.halt_for(CANCELLED);
    }

    /// Refuses everything from here on.
    pub(crate) fn close(&self) {
        self.halt_for(CANCELLED);
    }

    fn halt_for(&self, why: u8) {
        let _ = self
            .halt
            .compare_exchange(0, why, Ordering::AcqRel, Ordering::Acquire);
        self.sleepers.wake();
    }

    fn stop(&self, why: u8) {
        self.halt_for(why);
        if let Some(job) = self.job.get().and_then(Weak::upgrade) {
            job.was_stopped();
        }
    }

    /// Why nothing may start any more, if so.
    pub(super) fn halted(&self) -> Option<Error> {
        match self.halt.load(Ordering::Acquire) {
            0 => self.above.as_ref()?.halted(),
            CANCELLED => Some(Error::run(ErrorKind::Cancelled, "the run was cancelled")),
            _ => {
                let limit = self.limit.unwrap_or_default();
                Some(Error::run(
                    ErrorKind::Timeout,
                    format!("the run timed out after {limit:?}"),
                ))
            }
        }
    }

    /// Whether, at a glance, no run of it was stopped. `false` where there are contexts above.
    #[inline]
    pub(super) fn is_at_ease(&self) -> bool {
        let said = self.halt.load(Ordering::Relaxed) | u8::from(self.stops.load(Ordering::Relaxed));
        (said == 0) & self.above.is_none()
    }

    #[inline]
    pub(super) fn is_halted(&self) -> bool {
        self.halt.load(Ordering::Relaxed) != 0
            || self.above.as_ref().is_some_and(|above| above.is_halted())
    }

    #[inline]
    pub(super) fn may_be_stopped(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
            || self
                .above
                .as_ref()
                .is_some_and(|above| above.may_be_stopped())
    }

    /// Whether every thread of its executor but the calling one sleeps, and nobody has rung it.
    pub(super) fn all_others_sleep(&self) -> bool {
        let above = std::iter::successors(Some(self), |context| context.above.as_deref());
        let asleep = above.last().and_then(|top| top.sleepers.all_asleep());
        let Executor {
            occupied,
            lent,
            outside,
            ..
        } = &*self.executor;
        let counts = [occupied, lent, outside].map(|count| count.load(Ordering::Acquire));
        let threads: usize = counts.iter().sum();
        asleep.is_some_and(|asleep| asleep + 1 >= threads)
    }

    /// Has everybody look up who sleeps in it or around it; gives `true`.
    pub(super) fn rouse(&self) -> bool {
        let above = std::iter::successors(Some(self), |context| context.above.as_deref());
        above.last().inspect(|top| top.sleepers.wake()).is_some()
    }

    /// Sleeps on `bell`, unless `run` has been stopped: a stop of it, of a run or context above, rings the bell.
    pub(super) fn sleep_on(&self, bell: &Arc<Bell>, run: &Run, sleep: impl FnOnce(&Bell)) {
        let above = || std::iter::successors(Some(self), |context| context.above.as_deref());
        above().for_each(|context| context.sleepers.add(bell));
        if !run.is_stopped() {
            sleep(bell);
        }
        above().for_each(|context| context.sleepers.remove(bell));
    }
}

impl Cancel for Context {
    fn cancel(&self) {
        self.stop(CANCELLED);
    }
}

impl IsCancelled for Context {
    fn is_cancelled(&self) -> bool {
        self.is_halted()
    }
}

/// The task whose body is running on this thread.
pub(crate) struct Current;

impl Current {
    /// The context of the run it belongs to.
    pub(crate) fn context() -> Option<Arc<Context>> {
        super::active::with_active(|active| active.run.context.clone())
    }

    /// Whose executor it runs on: the nearest that is anybody's.
    pub(crate) fn owner() -> Option<Arc<dyn Any + Send + Sync>> {
        let context = Current::context()?;
        let mut contexts = std::iter::successors(Some(&context), |c| c.above.as_ref());
        contexts.find_map(|context| context.executor.owner())
    }

    /// Whether a body is running on this thread.
    pub(crate) fn is_inside() -> bool {
        super::active::is_any_active()
    }
}
