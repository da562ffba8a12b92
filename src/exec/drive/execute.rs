//! Running a plan: the run's beginning and its end.

use super::visit::RAYON;
use super::{parallel, serial};
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::{self, lock};
use crate::event::RunEvent;
use crate::exec::run::{
    CallerPermit, Context, MAX_DEPTH, Origin, Run, drop_panic, note_results, observe,
};
use crate::exec::segment::{Segment, SegmentPtr};
use crate::exec::tuning::{LOOKS, SPINS};
use crate::exec::wait::{wait_without_slot, with_lease_released};
use crate::plan::Program;
use crate::task::Frame;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// A run that has come to rest, with its outputs unread.
pub(crate) struct Finished {
    run: Arc<Run>,
    root: Box<Segment>,
    since: Instant,
}

/// Runs a plan.
///
/// # Errors
/// If nothing was run: the context is halted, or an observer panics at once. How the run itself went is
/// told by [`Finished::read`].
pub(crate) fn execute(
    program: &Arc<Program>,
    context: &Arc<Context>,
    origin: Option<Origin>,
) -> Result<Finished, Error> {
    let since = Instant::now();
    if let Some(error) = context.halted() {
        return Err(error);
    }
    context.check_resources(program)?;
    let depth = origin.as_ref().map_or(0, |origin| origin.depth);
    if depth > MAX_DEPTH {
        let message =
            format!("computes are nested more than {MAX_DEPTH} deep: does the recursion end?");
        return Err(Error::run(ErrorKind::Invalid, message));
    }
    let from = origin.as_ref().map(|origin| (origin.run.id, origin.node));
    let (parent, lineage, limit) =
        origin.map_or((None, None, None), |o| (Some(o.run), o.lineage, o.limit));
    let run = Run::new(context.clone(), parent, depth, None, limit, &RAYON);
    let (nodes, units) = (program.len(), program.unit_count());
    let started = RunEvent::RunStarted {
        run: run.id,
        parent: from,
        nodes,
        units,
    };
    observe::tell(context, &started)?;
    let caller_permit = CallerPermit::take(&run);
    let is_alone = context.executor.pool.is_serial() || units <= 1 && !program.may_grow();
    let is_observed = !context.observers.is_empty();
    let root = Segment::new(program.clone(), is_alone, is_observed, None, lineage);
    let root = SegmentPtr::new(root);
    note_results(&run, root);
    with_lease_released(|| {
        match is_alone {
            true => serial::drive(&run, root),
            false => parallel::drive(&run, root),
        }
        close(&run);
    });
    drop(caller_permit);
    drop(run.take_awaited());
    settle(&run);
    Ok(Finished {
        run,
        root: root.reclaim(),
        since,
    })
}

/// Lets no thread in any more and waits until all others have left. The owner's last step.
fn close(run: &Arc<Run>) {
    if run.close() {
        return;
    }
    for _ in 0..LOOKS {
        if run.is_empty() {
            return;
        }
        (0..SPINS).for_each(|_| sync::spin_loop());
    }
    // A body of theirs may wait for what needs the slot of this thread.
    wait_without_slot(run, || run.parker.park_until(|| run.is_empty()));
}

/// All threads have left a run: what it still waits for is cancelled, and what is left of returned graphs is dropped.
#[inline]
pub(in crate::exec) fn settle(run: &Run) {
    run.cancel_turns();
    let returned = std::mem::take(&mut *lock(&run.returned));
    for child in returned {
        if let Some(error) = clear(run, child.reclaim()) {
            run.fail(error);
        }
    }
}

/// Drops what is left in a segment; the first panic of a `Drop` is the error.
pub(in crate::exec) fn clear(run: &Run, mut segment: Box<Segment>) -> Option<Error> {
    let panic = segment.clear().map(drop_panic);
    if let Some(liveness) = segment.liveness() {
        observe::tell_ended(run, &segment, liveness.end_all());
    }
    panic
}

/// Ends a run whose outputs were read: drops what is left of its root and its memo, a panic of which becomes the outcome if
/// that was a success.
#[inline]
pub(in crate::exec) fn end_run<T>(
    run: &Run,
    root: Box<Segment>,
    outcome: Result<T, Error>,
) -> Result<T, Error> {
    let cleared = clear(run, root);
    let memo = match run.brought_its_memo() {
        true => run.end_memo(),
        false => None,
    };
    match cleared.or(memo) {
        Some(panic) => outcome.and(Err(panic)),
        None => outcome,
    }
}

/// Tells observers of the outcome of a run; a panic of one becomes the outcome if that was a success.
#[inline]
pub(in crate::exec) fn tell_end<T>(
    run: &Run,
    since: Instant,
    outcome: Result<T, Error>,
) -> Result<T, Error> {
    let finished = RunEvent::RunFinished {
        run: run.id,
        error: outcome.as_ref().err(),
        elapsed: since.elapsed(),
    };
    match observe::tell(&run.context, &finished) {
        Ok(()) => outcome,
        Err(panic) => outcome.and(Err(panic)),
    }
}

impl Finished {
    /// Reads the outputs, then clears away what is left.
    ///
    /// # Errors
    /// Why the run has no outputs; see `../README.md`, "Failure".
    pub(crate) fn read<R>(self, read: impl FnOnce(&Frame<'_>) -> R) -> Result<R, Error> {
        let Finished { run, root, since } = self;
        let outcome = run.outcome().and_then(|()| {
            let read = catch_unwind(AssertUnwindSafe(|| root.read_outputs(read)));
            read.map_err(|payload| Error::stray_panic("the `Clone` of an output", payload))
        });
        tell_end(&run, since, end_run(&run, root, outcome))
    }
}
