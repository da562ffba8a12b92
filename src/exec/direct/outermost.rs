//! The smallest compute from outside: one fresh call without inputs, on the calling thread.
//!
//! What a run needs costs more to make than such a node to run: 586 instructions instead of 9 901. So a thread that has made it
//! for one keeps it for the next: a run with nothing but defaults, in which nothing has happened that would show.

use super::caller::{DirectCaller, call_directly};
use crate::base::error::Error;
use crate::base::sync::thread_local;
use crate::exec::drive::RAYON;
use crate::exec::run::{CallerPermit, Context, CurrentTask, Run};
use crate::exec::segment::{Segment, SegmentPtr};
use crate::exec::step::Worker;
use crate::plan::Program;
use crate::task::DirectCalls;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    static KEPT: Cell<Option<KeptRun>> = const { Cell::new(None) };
}

/// A run with defaults, as its only thread sees it.
struct KeptRun {
    task: Rc<CurrentTask>,
    /// Has no nodes: what is executed is in no plan.
    segment: SegmentPtr,
    pool: DefaultPool,
}

/// Which pool the defaults mean on this thread: whether it is a pool's, and the size of the pool.
type DefaultPool = (bool, usize);

fn default_pool() -> DefaultPool {
    let is_inside = rayon::current_thread_index().is_some();
    (is_inside, rayon::current_num_threads())
}

/// A compute with default options, outside of tasks, of what `list` lists: if that is one node that can be run directly, has
/// `call` call it. `make`: a context with defaults.
///
/// # Errors
/// The failure of the node, and those of `make`.
pub(crate) fn compute_outermost<'n, R>(
    list: impl FnOnce(&mut DirectCalls<'n>) -> bool,
    call: impl FnOnce(&mut DirectCaller<'_, 'n>) -> Option<R>,
    make: impl FnOnce() -> Result<Arc<Context>, Error>,
) -> Option<Result<R, Error>> {
    let mut nodes = DirectCalls::none();
    if !list(&mut nodes) || !nodes.is_one() {
        return None;
    }
    let kept = KEPT.try_with(Cell::take).ok().flatten();
    let kept = match kept.and_then(KeptRun::renewed) {
        Some(kept) => kept,
        None => match make() {
            Ok(context) => KeptRun::new(context),
            Err(error) => return Some(Err(error)),
        },
    };
    let run = &kept.task.run;
    let caller_permit = CallerPermit::take(run);
    let worker = Worker::within(kept.task.clone());
    let result = call_directly(&kept.task, call);
    worker.rejoin();
    drop((worker, caller_permit));
    if run.context.memo.is_untouched() {
        let _ = KEPT.try_with(|here| here.set(Some(kept)));
        return Some(result);
    }
    match run.end_memo() {
        Some(panic) => Some(result.and(Err(panic))),
        None => Some(result),
    }
}

impl KeptRun {
    fn new(context: Arc<Context>) -> KeptRun {
        let nothing = Segment::new(Arc::new(Program::empty()), true, false, None, None);
        let segment = SegmentPtr::new(nothing);
        let run = Run::new(context, None, 0, None, None, &RAYON);
        KeptRun {
            task: Rc::new(CurrentTask::new(run, segment, None)),
            segment,
            pool: default_pool(),
        }
    }

    /// For another compute: if it is as good as new, and nothing else has a part of it.
    fn renewed(mut self) -> Option<KeptRun> {
        let run = Arc::get_mut(&mut Rc::get_mut(&mut self.task)?.run)?;
        let is_new = run.renew() && self.pool == default_pool();
        is_new.then_some(self)
    }
}

impl Drop for KeptRun {
    fn drop(&mut self) {
        drop(self.segment.reclaim());
    }
}
