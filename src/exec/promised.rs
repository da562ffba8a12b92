//! Nodes whose results are futures: the futures are told when such a node begins, and what came of it.

use super::job::Job;
use super::segment::{Segment, SegmentPtr};
use super::worker::{Step, Worker};
use crate::base::error::Error;
use crate::task::Outcome;
use std::sync::Arc;

impl Worker {
    /// The task whose futures the results of a segment are.
    pub(super) fn sink(&self, segment: &Segment) -> Option<&Arc<Job>> {
        let sink = self.sink.as_ref();
        sink.filter(|_| segment.continuation.is_none())
    }

    /// The result of node `i` is in place: tells the futures that it is.
    pub(super) fn publish(&self, segment: &Segment, i: usize) {
        let Some(job) = self.sink(segment).filter(|job| job.publishes(i)) else {
            return;
        };
        if let Some(number) = segment.number(i) {
            job.publish_number(i, number);
        } else if let Some(shared) = segment.payload(i) {
            // What was published is not wanted as an output any more.
            (0..job.publish(i, &Ok(shared))).for_each(|_| segment.let_go(i));
        }
    }

    /// Executes a node that may be some futures.
    pub(super) fn promised(&self, job: &Job, at: SegmentPtr, unit: usize, i: usize) -> Step {
        if !job.wants(i) {
            return self.special(at, unit, i);
        }
        job.begin(i);
        job.gets_on();
        let segment = at.get();
        match segment.execute(i, false) {
            Outcome::Value => {
                segment.fill(i);
                self.publish(segment, i);
                segment.release(i, false);
            }
            Outcome::Failed(e) => self.failed(
                segment,
                i,
                Error::failed(segment.program.culprit(i), e.error()),
            ),
            Outcome::Graph(_) => unreachable!("only flat nodes return graphs"),
        }
        Step::Done
    }
}
