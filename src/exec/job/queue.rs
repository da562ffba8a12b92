//! The tasks of a client: those that have work, by rank, and all that have not come to rest.

use crate::base::sync::atomic::Ordering::{Relaxed, SeqCst};
use crate::base::sync::atomic::{AtomicBool, AtomicU64};
use crate::base::sync::{Mutex, lock};
use crate::exec::futures::{ClientProgress, OnChange, OnUnseenError, Rank, Standing};
use crate::exec::park::Parker;
use crate::exec::resources::Resources;
use crate::exec::run::{Run, has_caller_seceded, is_inside_task};
use crate::exec::threads::{ClientSide, Executor, Pool, WorkSource};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// A task that has not come to rest.
pub(super) trait LiveTask: Send + Sync {
    fn cancel(&self);
    /// How many of its futures have not begun, have begun, and are suspended.
    fn counts(&self) -> [usize; 3];
}

/// The tasks of a client.
#[derive(Default)]
pub(crate) struct JobQueue {
    /// Runs that have work, or a thread that works on them. One that waits comes back when it is woken.
    ready: Mutex<BTreeMap<Rank, Arc<Run>>>,
    numbers: AtomicU64,
    live: Mutex<BTreeMap<u64, Weak<dyn LiveTask>>>,
    is_draining: AtomicBool,
    progress: Arc<ClientProgress>,
}

/// Counts of a client, at one moment.
pub(crate) struct ClientCounts {
    pub(crate) slots: usize,
    pub(crate) free: usize,
    pub(crate) live: usize,
    pub(crate) queued: usize,
    pub(crate) running: usize,
    pub(crate) suspended: usize,
    pub(crate) threads: usize,
    pub(crate) lent: usize,
}

impl JobQueue {
    /// A queue, and the executor that works on it. `lendable`: how many threads at most stand in for those that wait.
    pub(crate) fn start(
        pool: Pool,
        lendable: usize,
        resources: Resources,
        on_unseen: Option<OnUnseenError>,
    ) -> (Arc<JobQueue>, Arc<Executor>) {
        let queue = Arc::<JobQueue>::default();
        if let Some(call) = on_unseen {
            queue.progress.tell_unseen_errors(call);
        }
        let client = ClientSide {
            progress: queue.progress.clone(),
            source: queue.clone(),
        };
        let resources = Some(Arc::new(resources));
        let executor = Executor::new(pool, lendable, Some(client), resources);
        (queue, executor)
    }

    pub(super) fn progress(&self) -> &Arc<ClientProgress> {
        &self.progress
    }

    pub(super) fn next_rank(&self, priority: i32, depth: u32) -> Rank {
        Rank::new(priority, depth, self.numbers.fetch_add(1, Relaxed))
    }

    // -------------------------------------------------------------- those that have work

    /// A run has work. `frees`: it uses the result of a future, which nobody may need after that.
    pub(super) fn add_ready(&self, standing: &Standing, run: &Arc<Run>, frees: bool) {
        let mut ready = lock(&self.ready);
        let stood = (frees && !standing.rank().frees()).then(|| {
            let run = ready.remove(&standing.rank());
            standing.set_frees(true);
            run
        });
        let rank = standing.rank();
        let former = ready.insert(rank, run.clone());
        if !run.has_begun() || frees {
            // Under the lock: the thread that takes it up finds out what is urgent then.
            self.progress.raise_urgency(rank.urgency());
        }
        drop(ready);
        drop((stood, former));
    }

    /// A future of a task is as urgent as one that waits for it; `false`: it is at least so urgent.
    pub(super) fn raise(&self, standing: &Standing, index: usize, priority: i32) -> bool {
        let mut ready = lock(&self.ready);
        let before = standing.rank();
        if !standing.raise(index, priority) {
            return false;
        }
        let rank = standing.rank();
        if let Some(run) = ready.remove(&before) {
            ready.insert(rank, run);
            self.progress.raise_urgency(rank.urgency());
        }
        true
    }

    /// Where a run stands by now: futures that made it urgent may have ended, and what freed memory have begun.
    fn rank_now(standing: &Standing, run: &Run) -> Rank {
        if let Some(futures) = run.futures() {
            standing.lower(|index| futures.promises()[index].has_ended());
        }
        if standing.rank().frees() && !run.frees_memory() {
            standing.set_frees(false);
        }
        standing.rank()
    }

    /// The first run that a thread which came now could work on.
    fn next(&self) -> Option<Arc<Run>> {
        let mut visited = Vec::new();
        let mut removed = Vec::new();
        let mut ready = lock(&self.ready);
        let found = loop {
            let (mut found, mut idle, mut moved) = (None, Vec::new(), None);
            let mut runs = ready.iter();
            for (rank, run) in runs.by_ref() {
                // Its task is still registered: it leaves this map first, and what is held of it here may be the last.
                run.context.executor.caller_takes_part();
                if !run.join() {
                    idle.push(*rank);
                    continue;
                }
                visited.push(run.clone());
                if let Some(owner) = &run.owner {
                    let now = JobQueue::rank_now(owner.standing(), run);
                    if now != *rank {
                        moved = Some((*rank, now));
                        break;
                    }
                }
                if run.has_work_below() {
                    found = Some(run.clone());
                    break;
                }
                if run.is_idle() {
                    idle.push(*rank);
                }
            }
            // Those before it have no work that is not taken. Of the others the first is the most urgent.
            let next = runs.next().filter(|_| found.is_some());
            let urgency = next.map(|(rank, _)| rank.urgency());
            removed.extend(idle.iter().filter_map(|rank| ready.remove(rank)));
            let Some((from, to)) = moved else {
                self.progress.set_urgency(urgency);
                break found;
            };
            let run = ready.remove(&from);
            removed.extend(run.and_then(|run| ready.insert(to, run)));
        };
        drop(ready);
        drop(removed);
        // Not under the lock: the last to leave concludes.
        visited.iter().for_each(|run| run.leave());
        found
    }

    fn find_work(&self) -> Option<Arc<Run>> {
        loop {
            let task = self.next()?;
            // Its work may be below it, or gone.
            if let Some(run) = task.find_work() {
                return Some(run);
            }
        }
    }

    // -------------------------------------------------------------- all of them

    pub(super) fn register(&self, number: u64, task: Weak<dyn LiveTask>) {
        lock(&self.live).insert(number, task);
    }

    /// A task has come to rest: nothing of it is left.
    pub(super) fn unregister(&self, number: u64, standing: &Standing) {
        let mut ready = lock(&self.ready);
        let run = ready.remove(&standing.rank());
        drop(ready);
        drop(run);
        let mut live = lock(&self.live);
        live.remove(&number);
        let is_empty = live.is_empty();
        drop(live);
        if is_empty {
            self.progress.notify();
        }
    }

    fn live_tasks(&self) -> Vec<Arc<dyn LiveTask>> {
        let live = lock(&self.live);
        live.values().filter_map(Weak::upgrade).collect()
    }

    /// Cancels all tasks that have not come to rest.
    pub(crate) fn cancel_all(&self) {
        self.live_tasks().iter().for_each(|task| task.cancel());
    }

    /// Whether all tasks have come to rest, all futures have ended, and failures that nobody has looked at were told.
    pub(crate) fn is_idle(&self) -> bool {
        let is_at_rest = lock(&self.live).is_empty() && self.progress.pending() == 0;
        is_at_rest && !self.progress.has_unseen_errors()
    }

    /// How many futures have not ended.
    pub(crate) fn live_futures(&self) -> usize {
        self.progress.pending()
    }

    /// Has a parker unparked when it may be idle, until what this returns is dropped.
    pub(crate) fn unpark_on_change(&self, parker: &Arc<Parker>) -> OnChange {
        self.progress.unpark_on_change(parker)
    }

    /// Takes no more tasks but those that its tasks start.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, SeqCst);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(SeqCst)
    }

    /// Waits until all tasks have come to rest and all futures have ended, then for the threads to leave.
    pub(crate) fn wait_for_rest(&self, executor: &Executor) {
        let is_at_rest = || lock(&self.live).is_empty() && self.progress.pending() == 0;
        self.progress.wait_until(is_at_rest);
        executor.uninvite();
        self.progress.wait_until(|| executor.is_empty());
    }

    /// Looks at every future of every task that has not come to rest.
    pub(crate) fn counts(&self, executor: &Executor) -> ClientCounts {
        let add = |[a, b, c]: [usize; 3], [x, y, z]: [usize; 3]| [a + x, b + y, c + z];
        let counts = self
            .live_tasks()
            .iter()
            .map(|task| task.counts())
            .fold([0; 3], add);
        let [queued, running, suspended] = counts;
        // In this order: a task that ends meanwhile is still seen in the thread that has ended it.
        let pending = self.progress.pending();
        let at_work = lock(&self.live).len();
        let (threads, lent) = executor.threads_inside();
        // What was cancelled has ended, but bodies may not have returned, and threads not have left.
        let live = match pending {
            0 => at_work.max(threads),
            _ => pending,
        };
        let free = match live {
            0 => executor.unused_permits(),
            _ => executor.permits.free(),
        };
        ClientCounts {
            slots: executor.permits.slots(),
            free,
            live,
            queued,
            running,
            suspended,
            threads,
            lent,
        }
    }
}

impl WorkSource for JobQueue {
    fn has_work(&self) -> bool {
        self.find_work().is_some()
    }

    fn work(&self) -> bool {
        let found = self.find_work();
        found.map(|run| run.driver.visit(&run)).is_some()
    }

    fn may_start_here(&self) -> bool {
        !is_inside_task()
    }

    fn must_be_answered(&self) -> bool {
        true
    }

    fn is_caller_helping(&self) -> bool {
        has_caller_seceded()
    }
}
