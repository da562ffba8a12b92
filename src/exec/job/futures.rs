//! What a run asks and tells the futures of its task, node by node.

use super::super::agenda::Agenda;
use super::super::story::Chapter;
use super::Job;
use crate::base::error::Error;
use crate::plan::Program;
use crate::task::{Number, Payload};

impl Job {
    /// Whether somebody is to be told what comes of a body, of which all is for a node's futures if that is known.
    pub(in crate::exec) fn is_wanted(&self, node: Option<usize>) -> bool {
        match (&self.outputs, node) {
            (Some(outputs), Some(node)) if outputs.is_one(node) => self.wants(node),
            _ => {
                let mut promises = self.promises.iter();
                promises.any(|promise| promise.is_pending_in(self.round()))
            }
        }
    }

    /// The first body of its one future has begun.
    pub(crate) fn has_begun(&self) {
        if !self.is_many() && self.mark_begun(0) {
            self.gets_on();
        }
    }

    #[inline]
    fn mark_begun(&self, index: usize) -> bool {
        let promise = &self.promises[index];
        self.story
            .tell_if(index, Chapter::Started, || promise.begin_body(self.round()))
    }

    /// Whether a node is to run; `false`: its results are futures, and all of them have ended.
    pub(in crate::exec) fn wants(&self, node: usize) -> bool {
        let Some(outputs) = self.outputs.as_ref().filter(|o| o.is_one(node)) else {
            return true;
        };
        let mut futures = outputs.of_node(node);
        futures.any(|output| self.promises[output].is_pending_in(self.round()))
    }

    /// A node begins; `false`: its results are futures, none of which waits for that.
    #[inline]
    pub(in crate::exec) fn begin(&self, node: usize) -> bool {
        let Some(outputs) = self.outputs.as_ref().filter(|o| o.is_one(node)) else {
            return true;
        };
        let begin = |any, output| self.mark_begun(output) | any;
        outputs.of_node(node).fold(false, begin)
    }

    /// The client gets on with it: nobody need help.
    pub(in crate::exec) fn gets_on(&self) {
        self.agenda(Agenda::gets_on);
    }

    /// How many futures a node's result is.
    pub(in crate::exec) fn publishes(&self, node: usize) -> bool {
        let outputs = self.outputs.as_ref();
        outputs.is_some_and(|outputs| outputs.is_one(node))
    }

    /// A node whose results are futures has ended; returns how many they are.
    pub(in crate::exec) fn publish(&self, node: usize, outcome: &Result<Payload, Error>) -> usize {
        let Some(outputs) = &self.outputs else {
            return 0;
        };
        let mut count = 0;
        for output in outputs.of_node(node) {
            self.end(output, self.round(), outcome.clone());
            count += 1;
        }
        count
    }

    /// As `publish`, of a number.
    #[inline]
    pub(in crate::exec) fn publish_number(&self, node: usize, number: Number) {
        let (round, outputs) = (self.round(), self.outputs.iter());
        for output in outputs.flat_map(|outputs| outputs.of_node(node)) {
            self.end_with_number(output, round, number);
        }
    }

    /// The futures that a body holds up: those of the outputs that need its node.
    pub(in crate::exec) fn held_up_by(&self, program: &Program, node: usize) -> Vec<usize> {
        let Some(outputs) = &self.outputs else {
            return vec![0];
        };
        if outputs.is_one(node) {
            return outputs.of_node(node).collect();
        }
        let mut needs = vec![false; program.len()];
        needs[node] = true;
        let mut held = Vec::new();
        for i in node + 1..program.len() {
            needs[i] = program.inputs(i).iter().any(|edge| needs[edge.index()]);
            if needs[i] {
                held.extend(outputs.of_node(i));
            }
        }
        held
    }

    /// The futures that node `node` is, of all: those whose status its body's waits show.
    pub(in crate::exec) fn shown_by(&self, node: usize) -> Vec<usize> {
        match &self.outputs {
            None => vec![0],
            Some(outputs) => outputs.of_node(node).collect(),
        }
    }

    pub(in crate::exec) fn suspended(&self, index: usize) {
        if self.promises[index].suspend() {
            self.tell_of_wait(index, Chapter::Suspended);
        }
    }

    pub(in crate::exec) fn resumed(&self, index: usize) {
        if self.promises[index].resume() {
            self.tell_of_wait(index, Chapter::Resumed);
        }
    }

    /// What a body does after the end of its future is not a part of the story.
    fn tell_of_wait(&self, index: usize, chapter: Chapter) {
        let promise = &self.promises[index];
        self.story.tell_if(index, chapter, || !promise.is_settled());
    }

    /// How many of its futures have not begun, have begun, and wait in their bodies.
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
