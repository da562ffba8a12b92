//! The futures of one task: what its nodes ask and tell them.

use super::history::{History, Transition};
use super::outputs::Outputs;
use super::progress::ClientProgress;
use crate::base::buffer_pool::Pooled;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::base::sync::atomic::{AtomicU32, AtomicUsize};
use crate::base::sync::{Mutex, lock};
use crate::plan::Program;
use crate::task::{Edge, Number, Payload, Promise, RetryableError};
use std::sync::Arc;

/// The futures of one task of a client.
pub(crate) struct FutureSet {
    number: u64,
    promises: Pooled<Promise>,
    /// How often the task was opened anew, for futures that are tried again: outcomes of earlier rounds are not for these.
    round: AtomicU32,
    /// A future that was pending when one was looked for last.
    pending_one: AtomicUsize,
    /// Which outputs each node is, where each output is a future of its own.
    outputs: Option<Outputs>,
    history: History,
    /// The plan, until the task has come to rest; futures that can be tried again keep it.
    plan: Mutex<Option<Arc<Program>>>,
    progress: Arc<ClientProgress>,
}

impl FutureSet {
    /// `futures` pending ones of a plan, each with one claim. `outputs`: if each is an output of its own.
    #[inline]
    pub(in crate::exec) fn new(
        number: u64,
        futures: usize,
        plan: Option<Arc<Program>>,
        outputs: Option<Outputs>,
        progress: Arc<ClientProgress>,
    ) -> FutureSet {
        FutureSet {
            number,
            promises: (0..futures).map(|_| Promise::new()).collect(),
            round: AtomicU32::new(0),
            pending_one: AtomicUsize::new(0),
            outputs,
            history: History::new(futures),
            plan: Mutex::new(plan),
            progress,
        }
    }

    /// Unique in the process.
    pub(in crate::exec) fn number(&self) -> u64 {
        self.number
    }

    pub(in crate::exec) fn promises(&self) -> &[Promise] {
        &self.promises
    }

    pub(in crate::exec) fn history(&self) -> &History {
        &self.history
    }

    pub(in crate::exec) fn progress(&self) -> &Arc<ClientProgress> {
        &self.progress
    }

    /// Which outputs each node is; `None`: all outputs together are one future.
    pub(in crate::exec) fn outputs(&self) -> Option<&Outputs> {
        self.outputs.as_ref()
    }

    /// Whether each output of the plan is a future of its own.
    pub(in crate::exec) fn are_many(&self) -> bool {
        self.outputs.is_some()
    }

    pub(in crate::exec) fn plan(&self) -> Option<Arc<Program>> {
        lock(&self.plan).clone()
    }

    pub(in crate::exec) fn set_plan(&self, plan: Option<Arc<Program>>) {
        let former = std::mem::replace(&mut *lock(&self.plan), plan);
        drop(former);
    }

    pub(in crate::exec) fn take_plan(&self) -> Option<Arc<Program>> {
        lock(&self.plan).take()
    }

    pub(in crate::exec) fn round(&self) -> u32 {
        self.round.load(Acquire)
    }

    pub(in crate::exec) fn next_round(&self) {
        self.round.fetch_add(1, AcqRel);
    }

    // -------------------------------------------------------------- what nodes ask

    /// Whether a node is to run; `false`: its results are futures, and all of them have ended.
    pub(in crate::exec) fn wants_node(&self, node: usize) -> bool {
        let Some(outputs) = self.outputs.as_ref().filter(|o| o.has_node(node)) else {
            return true;
        };
        let mut futures = outputs.of_node(node);
        futures.any(|output| self.promises[output].is_pending_in(self.round()))
    }

    /// Whether the outcome of a body is still wanted. `node`: all of the body is for its futures, if that is known.
    pub(in crate::exec) fn is_wanted(&self, node: Option<usize>) -> bool {
        match (&self.outputs, node) {
            (Some(outputs), Some(node)) if outputs.has_node(node) => self.wants_node(node),
            _ => {
                let mut promises = self.promises.iter();
                promises.any(|promise| promise.is_pending_in(self.round()))
            }
        }
    }

    /// Whether a node's result is one of the futures, or several.
    pub(in crate::exec) fn has_node(&self, node: usize) -> bool {
        let outputs = self.outputs.as_ref();
        outputs.is_some_and(|outputs| outputs.has_node(node))
    }

    /// The futures that a body holds up: those of the outputs that need its node.
    pub(in crate::exec) fn held_up_by(&self, program: &Program, node: usize) -> Vec<usize> {
        let Some(outputs) = &self.outputs else {
            return vec![0];
        };
        if outputs.has_node(node) {
            return outputs.of_node(node).collect();
        }
        let mut needs = vec![false; program.len()];
        needs[node] = true;
        let mut held_up = Vec::new();
        for i in node + 1..program.len() {
            needs[i] = program.inputs(i).iter().any(|edge| needs[edge.index()]);
            if needs[i] {
                held_up.extend(outputs.of_node(i));
            }
        }
        held_up
    }

    /// Whether a future that has not ended needs another one of the task.
    pub(in crate::exec) fn is_needed_within(&self, index: usize) -> bool {
        let (Some(outputs), Some(program)) = (&self.outputs, self.plan()) else {
            return false;
        };
        if program.outputs[index].has(Edge::SOLE) {
            return false;
        }
        let own = program.outputs[index].index();
        let mut needs = vec![false; program.len()];
        needs[own] = true;
        (own + 1..program.len()).any(|i| {
            needs[i] = program.inputs(i).iter().any(|edge| needs[edge.index()]);
            let is_pending = |output: usize| self.promises[output].is_pending_in(self.round());
            needs[i] && outputs.has_node(i) && outputs.of_node(i).any(is_pending)
        })
    }

    /// The futures of the task that another one of it needs.
    pub(in crate::exec) fn needed_within(&self, index: usize) -> Vec<usize> {
        let (Some(outputs), Some(program)) = (&self.outputs, self.plan()) else {
            return Vec::new();
        };
        let mut needed = Vec::new();
        if program.inputs(program.outputs[index].index()).is_empty() {
            return needed;
        }
        program.visit_inputs(program.outputs[index].index(), |i| {
            if outputs.has_node(i) {
                needed.extend(outputs.of_node(i).filter(|output| *output != index));
            }
        });
        needed
    }

    /// The futures whose status shows that the body of a node waits. `None`: it is not known for which node it runs.
    pub(in crate::exec) fn shown_by(&self, node: Option<usize>) -> Vec<usize> {
        match (&self.outputs, node) {
            (None, _) => vec![0],
            (Some(outputs), Some(node)) => outputs.of_node(node).collect(),
            (Some(_), None) => Vec::new(),
        }
    }

    // -------------------------------------------------------------- what nodes tell

    /// A body of the task begins. Where all outputs are one future, that begins with the first body.
    pub(in crate::exec) fn begin_task(&self) {
        if !self.are_many() && self.begin_future(0) {
            self.progress.body_begins();
        }
    }

    /// A node begins; `false`: its results are futures, none of which waits for that.
    #[inline]
    pub(in crate::exec) fn begin_node(&self, node: usize) -> bool {
        let Some(outputs) = self.outputs.as_ref().filter(|o| o.has_node(node)) else {
            return true;
        };
        let begin = |any, output| self.begin_future(output) | any;
        outputs.of_node(node).fold(false, begin)
    }

    #[inline]
    fn begin_future(&self, index: usize) -> bool {
        let promise = &self.promises[index];
        let begin = || promise.begin_body(self.round());
        self.history.record_if(index, Transition::Started, begin)
    }

    /// A node whose results are futures has ended; returns how many they are.
    pub(in crate::exec) fn end_node(&self, node: usize, outcome: &Result<Payload, Error>) -> usize {
        let outputs = self.outputs.iter();
        let ended = outputs.flat_map(|outputs| outputs.of_node(node));
        let ended = ended.map(|output| self.end_future(output, self.round(), outcome.clone()));
        ended.count()
    }

    /// As `end_node`, of a number.
    #[inline]
    pub(in crate::exec) fn end_node_with(&self, node: usize, number: Number) {
        let (round, outputs) = (self.round(), self.outputs.iter());
        for output in outputs.flat_map(|outputs| outputs.of_node(node)) {
            let record = || self.history.record(output, Transition::Finished);
            let count = |_: Option<&Error>| self.progress.future_has_ended();
            self.promises[output].complete_with_number(round, number, record, count);
        }
    }

    pub(in crate::exec) fn suspend_future(&self, index: usize) {
        if self.promises[index].suspend() {
            self.record_wait(index, Transition::Suspended);
        }
    }

    pub(in crate::exec) fn resume_future(&self, index: usize) {
        if self.promises[index].resume() {
            self.record_wait(index, Transition::Resumed);
        }
    }

    /// What a body does after the end of its future is not recorded.
    fn record_wait(&self, index: usize, transition: Transition) {
        let promise = &self.promises[index];
        self.history
            .record_if(index, transition, || !promise.is_settled());
    }

    // -------------------------------------------------------------- their end

    /// Ends a future with the outcome of its `round`th try; `false` if it does not wait for that. `u32::MAX`: it is
    /// cancelled.
    #[inline]
    pub(in crate::exec) fn end_future(
        &self,
        index: usize,
        round: u32,
        outcome: Result<Payload, Error>,
    ) -> bool {
        let transition = match &outcome {
            Ok(_) => Transition::Finished,
            Err(e) if e.kind() == ErrorKind::Cancelled => Transition::Cancelled,
            Err(_) => Transition::Failed,
        };
        let outcome = outcome.map_err(|error| RetryableError {
            error,
            retry_with: self.plan().map(|plan| plan as _),
        });
        let record = || self.history.record(index, transition);
        let count = |unseen: Option<&Error>| {
            // Who waits for the client to be idle waits for this to be told as well.
            if let Some(error) = unseen {
                self.progress.report_unseen(error);
            }
            self.progress.future_has_ended();
        };
        self.promises[index].complete(round, outcome, record, count)
    }

    /// Ends all that are pending, except those that wait for a later try than `round`.
    pub(in crate::exec) fn end_all(&self, round: u32, outcome: Result<Payload, Error>) {
        let last = self.promises.len() - 1;
        for index in (0..last).filter(|index| !self.promises[*index].has_ended()) {
            self.end_future(index, round, outcome.clone());
        }
        self.end_future(last, round, outcome);
    }

    /// From here on no cancel comes in time; `false`: one of the futures has failed.
    #[inline]
    pub(in crate::exec) fn seal(&self) -> bool {
        self.promises.iter().all(|p| p.seal(self.round()))
    }

    /// Whether nothing is left to do for any of them.
    ///
    /// Looks first where a pending one was found last, so that many handles that are dropped one after the other do not look
    /// at all of them each.
    pub(in crate::exec) fn have_ended(&self) -> bool {
        let from = self.pending_one.load(Relaxed);
        let (before, behind) = self.promises.split_at(from);
        let pending = |promise: &Promise| !promise.is_settled();
        let found = behind.iter().position(pending).map(|at| from + at);
        match found.or_else(|| before.iter().position(pending)) {
            Some(at) => self.pending_one.store(at, Relaxed),
            None => return true,
        }
        false
    }

    /// How many have not begun, have begun, and are suspended.
    pub(in crate::exec) fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for promise in &self.promises {
            match (promise.is_suspended(), promise.is_settled()) {
                (true, _) => counts[2] += 1,
                (false, true) => {}
                (false, false) => counts[usize::from(promise.has_begun())] += 1,
            }
        }
        counts
    }
}
