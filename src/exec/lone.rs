//! The direct way for the smallest compute from outside: one fresh node without inputs, on the calling thread.
//!
//! What a run needs costs more to make than such a node to run. So a thread that has made it for one keeps it for the
//! next: a run with nothing but defaults, in which nothing has happened that would show.

use super::active::Active;
use super::context::Context;
use super::fork::{Direct, run_bare};
use super::run::{Run, Seat};
use super::segment::{Segment, SegmentPtr};
use super::worker::Worker;
use crate::base::error::Error;
use crate::base::sync::thread_local;
use crate::plan::Program;
use crate::task::DirectCalls;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    static KEPT: Cell<Option<Lone>> = const { Cell::new(None) };
}

/// A run with defaults, as its only thread sees it.
struct Lone {
    active: Rc<Active>,
    /// Has no nodes: what is executed is in no plan.
    segment: SegmentPtr,
    pool: PoolHere,
}

/// Which pool the defaults mean on this thread: whether it is a pool's, and the size of the pool.
type PoolHere = (bool, usize);

fn pool_here() -> PoolHere {
    let is_inside = rayon::current_thread_index().is_some();
    (is_inside, rayon::current_num_threads())
}

/// A compute with default options, outside of tasks, of what `list` lists: if that is one node that can be run directly, has
/// `call` call it. `make`: a context with defaults.
///
/// # Errors
/// The failure of the node, and those of `make`.
pub(crate) fn lone<'n, R>(
    list: impl FnOnce(&mut DirectCalls<'n>) -> bool,
    call: impl FnOnce(&mut Direct<'_, 'n>) -> Option<R>,
    make: impl FnOnce() -> Result<Arc<Context>, Error>,
) -> Option<Result<R, Error>> {
    let mut nodes = DirectCalls::none();
    if !list(&mut nodes) || !nodes.is_one() {
        return None;
    }
    let lone = match KEPT
        .try_with(Cell::take)
        .ok()
        .flatten()
        .and_then(Lone::renewed)
    {
        Some(lone) => lone,
        None => match make() {
            Ok(context) => Lone::new(context),
            Err(error) => return Some(Err(error)),
        },
    };
    let run = &lone.active.run;
    let seat = Seat::take(run);
    let worker = Worker::within(lone.active.clone());
    let result = run_bare(&lone.active, call);
    worker.rejoin();
    drop((worker, seat));
    if run.context.memo.is_untouched() {
        let _ = KEPT.try_with(|kept| kept.set(Some(lone)));
        return Some(result);
    }
    match run.end_memo() {
        Some(panic) => Some(result.and(Err(panic))),
        None => Some(result),
    }
}

impl Lone {
    fn new(context: Arc<Context>) -> Lone {
        let nothing = Segment::new(Arc::new(Program::empty()), true, false, None, None);
        let segment = SegmentPtr::new(nothing);
        let run = Run::new(context, None, 0, None);
        Lone {
            active: Rc::new(Active::new(run, segment, None)),
            segment,
            pool: pool_here(),
        }
    }

    /// For another compute: if it is as good as new, and nobody else has a part of it.
    fn renewed(mut self) -> Option<Lone> {
        let run = Arc::get_mut(&mut Rc::get_mut(&mut self.active)?.run)?;
        let is_new = run.renew() && self.pool == pool_here();
        is_new.then_some(self)
    }
}

impl Drop for Lone {
    fn drop(&mut self) {
        drop(self.segment.reclaim());
    }
}
