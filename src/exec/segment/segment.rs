//! One execution of a plan.

#[cfg(lazygraph_shuttle)]
use super::census;
use super::failures::Failures;
use super::groups::UnitGroups;
use super::liveness::Liveness;
use super::progress::Progress;
use super::slots::Slots;
use crate::base::error::Error;
use crate::base::footprint::Size;
use crate::base::sync::OnceLock;
use crate::exec::park::{Limit, RunningLimit};
use crate::plan::{Groups, NodeFlags, Program};
use crate::store::memo::{Ledger, Lineage, Ticket};
use crate::task::{Frame, Number, Outcome, Payload, Shared};
use std::any::Any;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

/// One execution of a plan.
pub(crate) struct Segment {
    slots: Slots,
    /// Set before several threads work on it.
    progress: OnceLock<Progress>,
    /// Where its pure nodes are noted, if they are.
    ledger: OnceLock<Arc<Ledger>>,
    /// Which results are alive, if that is limited or told to observers.
    liveness: Option<Box<Liveness>>,
    /// What has failed though the run goes on.
    pub(in crate::exec) failures: Failures,
    /// The node whose body returned this graph; `None`: the root of a run.
    pub(in crate::exec) continuation: Option<Continuation>,
    /// The nearest time limit of those calls that it is the graph of.
    pub(in crate::exec) limit: Option<Arc<Limit>>,
    /// How many returned graphs it is deep.
    pub(in crate::exec) depth: u32,
    /// The running memo entries that this execution holds up.
    pub(in crate::exec) lineage: Option<Arc<Lineage>>,
}

/// Where the result of a returned graph goes.
pub(in crate::exec) struct Continuation {
    pub(in crate::exec) segment: SegmentPtr,
    /// The unit that ends with the node.
    pub(in crate::exec) unit: usize,
    pub(in crate::exec) node: usize,
    pub(in crate::exec) ticket: Option<Ticket>,
    /// When the body was called, if that is wanted.
    pub(in crate::exec) since: Option<Instant>,
    /// The limit of the call, which its graph is within.
    pub(in crate::exec) limit: Option<RunningLimit>,
}

impl Continuation {
    /// The nearest time limit that the graph is within, of those of its run's calls.
    fn limit(&self) -> Option<Arc<Limit>> {
        match &self.limit {
            Some(running) => Some(running.limit.clone()),
            None => self.segment.get().limit.clone(),
        }
    }
}

/// Whether a node needs no more than to be called, and to be noted in the ledger.
pub(in crate::exec) fn is_noted(flags: NodeFlags) -> bool {
    flags.has(NodeFlags::KEYED)
        && !flags.has(NodeFlags::SPECIAL & !NodeFlags::KEYED | NodeFlags::SHARE)
}

impl Segment {
    /// `exclusive`: one thread executes all of it.
    pub(in crate::exec) fn new(
        program: Arc<Program>,
        exclusive: bool,
        observed: bool,
        continuation: Option<Continuation>,
        lineage: Option<Arc<Lineage>>,
    ) -> Segment {
        let is_budgeted = !exclusive && program.by_priority && continuation.is_none();
        let liveness = (observed || is_budgeted)
            .then(|| Box::new(Liveness::of_plan(&program, observed, is_budgeted)));
        let below = continuation.as_ref().map(|to| to.segment.get());
        let depth = below.map_or(0, |segment| segment.depth + 1);
        let limit = continuation.as_ref().and_then(Continuation::limit);
        Segment {
            slots: Slots::new(program, exclusive),
            progress: OnceLock::new(),
            ledger: OnceLock::new(),
            liveness,
            failures: Failures::default(),
            continuation,
            limit,
            depth,
            lineage,
        }
    }

    /// A time limit has passed: if the segment is within it, nothing of it is wanted any more.
    pub(in crate::exec) fn abandon_if_within(&self, limit: &Arc<Limit>) {
        if let Some(own) = self.limit.as_ref().filter(|own| own.is_within(limit)) {
            self.failures.abandon_all(own.error());
        }
    }

    #[inline]
    pub(in crate::exec) fn program(&self) -> &Arc<Program> {
        self.slots.program()
    }

    pub(in crate::exec) fn liveness(&self) -> Option<&Liveness> {
        self.liveness.as_deref()
    }

    /// Whether live results are limited by a budget.
    pub(in crate::exec) fn is_budgeted(&self) -> bool {
        self.liveness.as_ref().is_some_and(|l| l.is_budgeted())
    }

    // -------------------------------------------------------------- the ledger

    pub(in crate::exec) fn set_ledger(&self, ledger: Arc<Ledger>) {
        let _ = self.ledger.set(ledger);
    }

    #[inline]
    pub(in crate::exec) fn ledger(&self) -> Option<&Ledger> {
        self.ledger.get().map(|ledger| &**ledger)
    }

    /// The ledger, if node `i` is noted there.
    #[inline]
    pub(in crate::exec) fn ledger_of(&self, i: usize) -> Option<&Ledger> {
        self.ledger().filter(|_| is_noted(self.program().flags[i]))
    }

    /// The key of a node that is running and noted.
    pub(in crate::exec) fn noted_key(&self, i: usize) -> Option<u128> {
        let ledger = self.ledger_of(i)?;
        ledger.is_running(i).then(|| self.program().keys[i])
    }

    // -------------------------------------------------------------- several threads

    /// Gets it ready for several threads: they work on the units of the plan, or on groups of its nodes.
    pub(in crate::exec) fn share(&self, groups: Option<Groups>) {
        let _ = self.progress.set(Progress::new(self.program(), groups));
    }

    /// As `share`, where one thread has come so far with the units of the plan: the first `done` have finished, and those
    /// up to `begun` have begun. Lists the others that only waited for those that have finished.
    pub(in crate::exec) fn share_rest(&self, done: usize, begun: usize) -> Vec<u32> {
        let mut progress = Progress::new(self.program(), None);
        let ready = progress.advance(done, begun);
        let _ = self.progress.set(progress);
        ready
    }

    /// The groups that several threads work on, if they do.
    pub(in crate::exec) fn groups(&self) -> Option<&UnitGroups> {
        self.progress.get()?.groups()
    }

    /// Whether its thread is to share it with others, and has not yet.
    pub(in crate::exec) fn is_unshared(&self) -> bool {
        !self.slots.are_exclusive() && self.progress.get().is_none()
    }

    /// How far several threads have come with it.
    #[inline]
    pub(in crate::exec) fn progress(&self) -> &Progress {
        match self.progress.get() {
            Some(progress) => progress,
            None => unreachable!("several threads work only on what was shared"),
        }
    }

    // -------------------------------------------------------------- results

    /// Runs a node's body. `keep`: its inputs stay, for it may be tried again.
    pub(in crate::exec) fn execute(&self, i: usize, keep: bool) -> Outcome {
        let failure = |k: usize| self.failures.of_node(k);
        let failure: Option<&dyn Fn(usize) -> Option<Error>> = match self.failures.any() {
            true => Some(&failure),
            false => None,
        };
        self.slots.execute(i, keep, failure)
    }

    /// For nodes whose inputs cannot have failed, and that are not tried again.
    pub(in crate::exec) fn frame(&self) -> Frame<'_> {
        self.slots.frame()
    }

    /// As `execute`, with a frame of this segment that is used again.
    #[inline]
    pub(in crate::exec) fn execute_in<'s>(&'s self, frame: &Frame<'s>, i: usize) -> Outcome {
        self.slots.execute_in(frame, i)
    }

    /// Whether any of its slots has a count.
    #[inline]
    pub(in crate::exec) fn is_tracked(&self) -> bool {
        self.slots.are_tracked()
    }

    /// The result of a node is in place: opens its count.
    pub(in crate::exec) fn fill(&self, i: usize) {
        self.slots.fill(i);
    }

    /// Throws away a result whose count has not been opened.
    pub(in crate::exec) fn discard(&self, i: usize) {
        self.slots.discard(i);
    }

    /// Lets go the inputs of a node that has run. Panics if the `Drop` of one does; the slot is empty then.
    pub(in crate::exec) fn release_inputs(&self, i: usize, keep: bool) {
        self.slots.release_inputs(i, keep);
    }

    /// Lets go the inputs of a node that does not run.
    pub(in crate::exec) fn skip_inputs(&self, i: usize) {
        self.slots.skip_inputs(i);
    }

    /// Counts one user of a result out. Panics if its `Drop` does.
    pub(in crate::exec) fn release_result(&self, i: usize) {
        self.slots.release(i);
    }

    /// How large the result of a node is that this thread has just filled. Unwinds if its `Footprint` does.
    pub(in crate::exec) fn measure(&self, i: usize) -> Size {
        self.slots.measure(i)
    }

    /// Puts a remembered result into the slot of a node instead of running it. `false`: it does not fit.
    pub(in crate::exec) fn import(&self, i: usize, value: &Shared) -> bool {
        self.slots.import(i, value)
    }

    /// As `import`, of the result of the future that the node stands for.
    pub(in crate::exec) fn import_payload(&self, i: usize, payload: &Payload) -> bool {
        self.slots.import_payload(i, payload)
    }

    /// Another handle to the shared result of a node that this thread has filled; or a copy, where results can be copied:
    /// then any thread may ask once it is there.
    pub(in crate::exec) fn export(&self, i: usize) -> Option<Shared> {
        self.slots.export(i)
    }

    /// The number that a node has come to, if it is one that lies in its slot.
    #[inline]
    pub(in crate::exec) fn number(&self, i: usize) -> Option<Number> {
        self.slots.number(i)
    }

    /// The result of a node for the futures that it is. As `export`.
    pub(in crate::exec) fn payload(&self, i: usize) -> Option<Payload> {
        self.slots.payload(i)
    }

    /// The result of a returned graph, shared; `None` if it is a scope's borrow.
    pub(in crate::exec) fn output(&self) -> Option<Shared> {
        self.slots.output()
    }

    /// As `output`, for the future that the segment is.
    pub(in crate::exec) fn payload_of_output(&self) -> Option<Payload> {
        self.slots.payload_of_output()
    }

    /// Reads the outputs after all nodes have finished.
    pub(in crate::exec) fn read_outputs<R>(&self, read: impl FnOnce(&Frame<'_>) -> R) -> R {
        let failure = |k: usize| self.failures.of_node(k);
        self.slots.read_outputs(&failure, read)
    }

    /// Drops every value that is left; the first panic of a `Drop` is handed back.
    pub(in crate::exec) fn clear(&mut self) -> Option<Box<dyn Any + Send>> {
        self.slots.clear()
    }
}

/// A segment at a fixed place, shared by the participants of a run.
///
/// Looking at it (`get`) is sound because a run hands out pointers only to segments that have not been
/// reclaimed: the root until the run has closed and all participants have left; the segment of a returned
/// graph until its last unit has finished.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::exec) struct SegmentPtr(NonNull<Segment>);

// SAFETY: `Segment` is `Send + Sync`.
unsafe impl Send for SegmentPtr {}
// SAFETY: as above.
unsafe impl Sync for SegmentPtr {}

impl SegmentPtr {
    pub(in crate::exec) fn new(segment: Segment) -> SegmentPtr {
        // SAFETY: a box is never null.
        let new = SegmentPtr(unsafe { NonNull::new_unchecked(Box::into_raw(Box::new(segment))) });
        #[cfg(lazygraph_shuttle)]
        census::born(new.address());
        new
    }

    #[inline]
    pub(in crate::exec) fn get<'s>(self) -> &'s Segment {
        #[cfg(lazygraph_shuttle)]
        census::assert_alive(self.address());
        // SAFETY: as the type says.
        unsafe { &*self.0.as_ptr() }
    }

    /// Where it lies: to tell segments apart.
    pub(in crate::exec) fn address(self) -> usize {
        self.0.addr().get()
    }

    /// Takes the segment back. Sound because only the participant that finishes its last unit, or the owner
    /// of a run that everybody has left, does so, and no pointer to it is used afterwards.
    pub(in crate::exec) fn reclaim(self) -> Box<Segment> {
        #[cfg(lazygraph_shuttle)]
        census::ended(self.address());
        // SAFETY: as above; made by `new`.
        unsafe { Box::from_raw(self.0.as_ptr()) }
    }
}
