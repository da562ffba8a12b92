//! The reference scheduler: the plan in its static order, on the calling thread.

use super::run::Run;
use super::segment::SegmentPtr;
use super::worker::{Step, Worker};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs the root segment, and the segments of graphs that its nodes return, to the end or to a stop.
pub(super) fn drive(run: &Arc<Run>, root: SegmentPtr) {
    let worker = Worker::enter(run, root, true);
    let sweep = Sweep {
        worker: &worker,
        segment: Cell::new(root),
        next: Cell::new(0),
        suspended: RefCell::new(Vec::new()),
    };
    // One catch for a whole sweep: a panic comes back here, and the sweep goes on behind the node.
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| sweep.run())) {
        worker.panicked(payload);
        worker.rejoin();
    }
}

struct Sweep<'w> {
    worker: &'w Worker,
    segment: Cell<SegmentPtr>,
    /// The next node of the segment: already behind the one that is being executed.
    next: Cell<usize>,
    /// Segments that wait for the graph that one of their nodes returned.
    suspended: RefCell<Vec<(SegmentPtr, usize)>>,
}

impl Sweep<'_> {
    fn run(&self) {
        let run = &self.worker.active.run;
        loop {
            let at = self.segment.get();
            let nodes = at.get().program.len();
            let mut returned = None;
            self.worker.stretch(at, &self.next, nodes);
            while self.next.get() < nodes {
                if run.is_stopped() {
                    return;
                }
                let i = self.next.get();
                self.next.set(i + 1);
                let step = self.worker.step(at, 0, i);
                self.worker.rejoin();
                match step {
                    Step::Done => {}
                    Step::Expanded(child) => {
                        returned = Some(child);
                        break;
                    }
                    Step::Parked => unreachable!("a serial run waits where it stands"),
                }
            }
            if let Some(child) = returned {
                self.suspended.borrow_mut().push((at, self.next.get()));
                self.segment.set(child);
                self.next.set(0);
                continue;
            }
            let below = self.suspended.borrow_mut().pop();
            match below {
                Some((below, next)) => {
                    self.segment.set(below);
                    self.next.set(next);
                    if self.worker.conclude(at).is_none() {
                        return;
                    }
                }
                None => {
                    if !run.is_stopped() {
                        run.finish();
                    }
                    return;
                }
            }
        }
    }
}
