//! What supplies runs with threads: a pool, its worker slots, and what is open.

use super::agenda::Agenda;
use super::job::Job;
use super::permits::Permits;
use super::pool::Pool;
use super::resources::Resources;
use crate::base::sync;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::{Acquire, SeqCst};
use std::any::Any;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

/// What supplies runs with threads. A compute makes one for itself, a client has one for all its tasks.
pub(crate) struct Executor {
    pub(super) pool: Pool,
    pub(super) permits: Permits,
    /// Pool threads that are, or are about to be, in a run: also those that wait there.
    pub(super) occupied: AtomicUsize,
    /// Threads of our own that stand in for pool threads that wait.
    pub(super) lent: AtomicUsize,
    /// The most of them.
    pub(super) lendable: usize,
    /// Threads from outside of the pool that each began a compute and work on it.
    pub(super) outside: AtomicUsize,
    /// Permits that threads have been invited with, who have not come yet.
    promised: AtomicUsize,
    /// Threads of our own that were started and have not asked for their permit yet.
    pub(super) coming: AtomicUsize,
    /// Threads that sleep, and would do some of what they wait for themselves if nobody else is to be had.
    pub(super) helpful: AtomicUsize,
    /// The runs of a client's tasks; `None` where a compute waits for its one run.
    pub(super) agenda: Option<Agenda>,
    /// What a client's tasks may ask for.
    pub(crate) resources: Option<Arc<Resources>>,
    /// Whose it is: what `Client::current` finds.
    owner: OnceLock<Weak<dyn Any + Send + Sync>>,
}

impl Executor {
    /// How many threads may stand in for those that wait, if nothing else is said.
    pub(crate) const LENDABLE: usize = 256;

    /// For the runs of one compute: its caller works, and others are invited.
    pub(crate) fn of_compute(pool: Pool) -> Arc<Executor> {
        Executor::new(pool, Executor::LENDABLE, None, None)
    }

    /// For the tasks of a client: `lendable` threads at most stand in for those that wait.
    pub(crate) fn of_client(pool: Pool, lendable: usize, resources: Resources) -> Arc<Executor> {
        let (agenda, resources) = (Some(Agenda::default()), Some(Arc::new(resources)));
        Executor::new(pool, lendable, agenda, resources)
    }

    fn new(
        pool: Pool,
        lendable: usize,
        agenda: Option<Agenda>,
        resources: Option<Arc<Resources>>,
    ) -> Arc<Executor> {
        Arc::new(Executor {
            permits: Permits::new(pool.slots()),
            pool,
            occupied: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            lendable,
            outside: AtomicUsize::new(0),
            promised: AtomicUsize::new(0),
            coming: AtomicUsize::new(0),
            helpful: AtomicUsize::new(0),
            agenda,
            resources,
            owner: OnceLock::new(),
        })
    }

    /// The tasks of a client that have not come to rest.
    pub(crate) fn jobs(&self) -> Vec<Arc<Job>> {
        self.agenda.as_ref().map_or_else(Vec::new, Agenda::jobs)
    }

    /// Waits until all of them have.
    pub(crate) fn wait_for_all(&self) {
        if let Some(agenda) = &self.agenda {
            agenda.wait_for_all();
        }
    }

    /// A permit, which the caller has, is for a thread that will come.
    pub(super) fn promise(&self) {
        self.promised.fetch_add(1, SeqCst);
    }

    /// Whether for every promised permit a thread of ours is on its way, with that of the caller.
    pub(super) fn is_somebody_coming(&self) -> bool {
        self.coming.load(SeqCst) >= self.promised.load(SeqCst)
    }

    /// Takes a permit that is for a thread that has not come yet: for that thread, or for one that is here already.
    pub(super) fn take_promised(&self) -> bool {
        let less = |promised: usize| promised.checked_sub(1);
        self.promised.fetch_update(SeqCst, Acquire, less).is_ok()
    }

    /// Takes a permit back after a wait, ahead of who has not come yet.
    pub(super) fn take_back(&self) {
        if !self.take_promised() {
            self.permits.take_back();
        }
    }

    /// Says whose it is. Once.
    pub(crate) fn belongs_to(&self, owner: Weak<dyn Any + Send + Sync>) {
        let _ = self.owner.set(owner);
    }

    pub(crate) fn owner(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.owner.get()?.upgrade()
    }
}

/// Counts of a client's executor, at one moment.
pub(crate) struct Counts {
    pub(crate) slots: usize,
    pub(crate) free: usize,
    pub(crate) live: usize,
    pub(crate) queued: usize,
    pub(crate) running: usize,
    pub(crate) suspended: usize,
    pub(crate) threads: usize,
    pub(crate) lent: usize,
}

impl Executor {
    /// Waits for threads that have nothing more to do to be gone: they are on their way.
    fn settle(&self) {
        const LOOKS: u32 = 4_000;
        let all_gone = || self.occupied.load(Acquire) + self.lent.load(Acquire) == 0;
        for _ in 0..LOOKS {
            if self.permits.are_all_free() && all_gone() {
                return;
            }
            sync::pause(Duration::from_micros(50));
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let counts = || self.agenda.as_ref().map_or([0; 4], |a| a.counts());
        if counts() == [0; 4] {
            self.settle();
        }
        let [live, queued, running, suspended] = counts();
        let lent = self.lent.load(Acquire);
        Counts {
            slots: self.permits.slots(),
            free: self.permits.free(),
            live,
            queued,
            running,
            suspended,
            threads: self.occupied.load(Acquire) + lent,
            lent,
        }
    }
}

impl Drop for Executor {
    /// Everything was given back, whatever happened in between.
    fn drop(&mut self) {
        if cfg!(debug_assertions) && !std::thread::panicking() {
            let threads = (*self.occupied.get_mut(), *self.lent.get_mut());
            assert_eq!(threads, (0, 0), "threads counted as inside");
            self.permits.assert_at_rest();
            if let Some(resources) = &self.resources {
                resources.assert_at_rest();
            }
        }
    }
}
