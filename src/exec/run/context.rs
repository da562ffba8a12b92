//! What the runs of one compute have in common: an outermost run and all nested ones below it.

use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use crate::base::sync::{Mutex, from_now, lock};
use crate::event::Observer;
use crate::exec::park::{Cancel, IsCancelled, OnStop, Parker, TimerHandle, WakeList, call_at};
use crate::exec::resources::Resources;
use crate::exec::threads::Executor;
use crate::plan::Program;
use crate::store::Memo;
use crate::store::memo::RunMemo;
use crate::task::NodePtr;
use std::any::Any;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

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
    any_stopped: AtomicBool,
    /// The threads that sleep in a run of this context or of one below.
    sleepers: WakeList,
    limit: Option<Duration>,
    deadline: Mutex<Option<TimerHandle>>,
    /// The task of a client that it was made for.
    on_stop: OnceLock<Weak<dyn OnStop>>,
}

const CANCELLED: u8 = 1;
const TIMED_OUT: u8 = 2;

impl Context {
    /// `memo`: else that of the context above, or one of its own.
    pub(crate) fn new(
        compile: Compile,
        inherited: Arc<dyn Any + Send + Sync>,
        executor: Arc<Executor>,
        observers: Vec<Arc<dyn Observer>>,
        above: Option<Arc<Context>>,
        memo: Option<&Memo>,
        limit: Option<Duration>,
    ) -> Arc<Context> {
        let inherited_memo = above.as_ref().map(|above| &above.memo);
        let memo = match (memo, inherited_memo) {
            (Some(memo), Some(above)) if above.uses(memo) => above.clone(),
            (Some(memo), _) => RunMemo::shared(memo),
            (None, Some(above)) => above.clone(),
            (None, None) => RunMemo::own(),
        };
        Context::begin(Context {
            compile,
            inherited,
            executor,
            observers,
            memo,
            above,
            halt: AtomicU8::new(0),
            any_stopped: AtomicBool::new(false),
            sleepers: WakeList::default(),
            limit,
            deadline: Mutex::new(None),
            on_stop: OnceLock::new(),
        })
    }

    /// For one task of a client: it can be stopped on its own, and its failures are its own.
    pub(in crate::exec) fn of_task(
        client: &Arc<Context>,
        memo: &Memo,
        limit: Option<Duration>,
    ) -> Arc<Context> {
        Context::begin(Context {
            compile: client.compile.clone(),
            inherited: client.inherited.clone(),
            executor: client.executor.clone(),
            observers: client.observers.clone(),
            memo: RunMemo::shared(memo),
            above: Some(client.clone()),
            halt: AtomicU8::new(0),
            any_stopped: AtomicBool::new(false),
            sleepers: WakeList::default(),
            limit,
            deadline: Mutex::new(None),
            on_stop: OnceLock::new(),
        })
    }

    /// From here on its time runs.
    fn begin(context: Context) -> Arc<Context> {
        let limit = context.limit;
        let context = Arc::new(context);
        if limit.is_some_and(|limit| limit.is_zero()) {
            context.stop(TIMED_OUT);
        } else if let Some(limit) = limit {
            let this = Arc::downgrade(&context);
            let deadline = call_at(from_now(limit), move || {
                if let Some(context) = this.upgrade() {
                    context.stop(TIMED_OUT);
                }
            });
            *lock(&context.deadline) = Some(deadline);
        }
        context
    }

    /// Whether nothing has happened in it that would show in another run, and no other part of the program has a handle to
    /// it.
    #[inline]
    pub(super) fn is_new(&mut self) -> bool {
        *self.halt.get_mut() == 0
            && !*self.any_stopped.get_mut()
            && Arc::get_mut(&mut self.executor).is_some()
            && Arc::get_mut(&mut self.memo).is_some_and(|memo| memo.is_untouched())
    }

    pub(in crate::exec) fn set_on_stop(&self, on_stop: Weak<dyn OnStop>) {
        let _ = self.on_stop.set(on_stop);
    }

    /// This context and those above it.
    fn chain(&self) -> impl Iterator<Item = &Context> {
        std::iter::successors(Some(self), |context| context.above.as_deref())
    }

    // -------------------------------------------------------------- resources

    /// The resources of the client whose tasks run in it.
    pub(in crate::exec) fn resources(&self) -> Option<&Arc<Resources>> {
        self.chain()
            .find_map(|context| context.executor.resources.as_ref())
    }

    /// Refuses a plan that asks for resources which there can never be.
    ///
    /// # Errors
    /// `Invalid`, with the first node that asks for them, what it asks for, and what there is.
    pub(crate) fn check_resources(&self, program: &Program) -> Result<(), Error> {
        if program.settings.is_empty() {
            return Ok(());
        }
        let resources = self.resources();
        let refused = program.first_refused(|asked| match resources {
            Some(resources) => resources.refuse(asked),
            None => asked.first().map(|(name, amount)| {
                format!(
                    "asks for {amount} of `{name}`: only a `Client` has resources, submit it to one"
                )
            }),
        });
        match refused {
            Some((i, message)) => Err(Error::refused(program.culprit(i), message)),
            None => Ok(()),
        }
    }

    // -------------------------------------------------------------- stopping

    /// Refuses everything from here on; the caller sees to it that its runs are ended.
    pub(crate) fn close(&self) {
        self.halt_for(CANCELLED);
    }

    fn halt_for(&self, why: u8) {
        let _ = self
            .halt
            .compare_exchange(0, why, Ordering::AcqRel, Ordering::Acquire);
        self.sleepers.wake_all();
    }

    fn stop(&self, why: u8) {
        self.halt_for(why);
        if let Some(on_stop) = self.on_stop.get().and_then(Weak::upgrade) {
            on_stop.stopped();
        }
    }

    /// A run of it, or a call in one, was stopped.
    pub(super) fn run_stopped(&self) {
        self.any_stopped.store(true, Ordering::Release);
        self.sleepers.wake_all();
    }

    /// Why nothing may start any more, if so.
    pub(in crate::exec) fn halted(&self) -> Option<Error> {
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

    /// Whether its time is over.
    pub(super) fn has_timed_out(&self) -> bool {
        self.chain()
            .any(|context| context.halt.load(Ordering::Acquire) == TIMED_OUT)
    }

    /// Whether, at a glance, no run of it was stopped. `false` where there are contexts above.
    #[inline]
    pub(super) fn is_undisturbed(&self) -> bool {
        let halt = self.halt.load(Ordering::Relaxed);
        let said = halt | u8::from(self.any_stopped.load(Ordering::Relaxed));
        (said == 0) & self.above.is_none()
    }

    #[inline]
    pub(super) fn is_halted(&self) -> bool {
        self.halt.load(Ordering::Relaxed) != 0
            || self.above.as_ref().is_some_and(|above| above.is_halted())
    }

    /// Whether a run of this context, or of one above, was stopped.
    #[inline]
    pub(super) fn has_stopped_runs(&self) -> bool {
        self.any_stopped.load(Ordering::Relaxed)
            || self
                .above
                .as_ref()
                .is_some_and(|above| above.has_stopped_runs())
    }

    // -------------------------------------------------------------- sleeping

    /// Whether every thread of its executor but the calling one sleeps, and has not been woken.
    pub(in crate::exec) fn all_others_sleep(&self) -> bool {
        let top = self.chain().last();
        let asleep = top.and_then(|top| top.sleepers.count_if_all_asleep());
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

    /// Wakes the threads that sleep in it, for them to look again.
    pub(in crate::exec) fn wake_sleepers(&self) {
        self.sleepers.wake_all();
    }

    /// Wakes the threads that sleep in it or around it.
    pub(in crate::exec) fn wake_all_sleepers(&self) {
        if let Some(top) = self.chain().last() {
            top.sleepers.wake_all();
        }
    }

    /// Sleeps on `parker`, unless `is_over`, which is asked when whoever changes that already unparks it: a stop of its run, of
    /// a run or context above, a cancel or a deadline of its body.
    pub(in crate::exec) fn sleep_on(
        &self,
        parker: &Arc<Parker>,
        is_over: impl FnOnce() -> bool,
        sleep: impl FnOnce(&Parker),
    ) {
        struct Listed<'c>(&'c Context, &'c Arc<Parker>);
        impl Drop for Listed<'_> {
            fn drop(&mut self) {
                self.0.chain().for_each(|c| c.sleepers.remove(self.1));
            }
        }
        self.chain().for_each(|c| c.sleepers.add(parker));
        let _listed = Listed(self, parker);
        if !is_over() {
            sleep(parker);
        }
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
