//! What supplies runs with threads: a pool, its worker slots, and the counts of threads that are inside.

use super::headcount::Headcount;
use super::permits::Permits;
use super::pool::Pool;
use super::source::WorkSource;
use crate::base::error::{Error, ErrorKind};
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::{Acquire, SeqCst};
use crate::base::sync::{lock, shared_list};
use crate::exec::futures::{ClientProgress, Urgency};
use crate::exec::resources::Resources;
use std::any::Any;
use std::sync::{Arc, OnceLock, Weak};

/// What supplies runs with threads. A compute makes one for itself, a client has one for all its tasks.
pub(crate) struct Executor {
    pub(in crate::exec) pool: Pool,
    pub(in crate::exec) permits: Permits,
    /// Pool threads that have come, also those that wait, and those that were asked to.
    pub(in crate::exec) occupied: AtomicUsize,
    /// Threads of our own that stand in for pool threads that wait, and those that were started and have not come.
    pub(in crate::exec) lent: AtomicUsize,
    /// The most of them.
    pub(super) lendable: usize,
    /// Threads from outside of the pool that each began a compute and work on it.
    pub(in crate::exec) outside: AtomicUsize,
    pub(super) headcount: Headcount,
    /// Threads of our own that were started and have not asked for their permit yet.
    pub(super) coming: AtomicUsize,
    /// Threads that sleep, and would do some of what they wait for themselves if no other thread is to be had.
    pub(in crate::exec) helpful: AtomicUsize,
    /// Its client's; `None` where a compute waits for its one run.
    pub(in crate::exec) client: Option<ClientSide>,
    /// What a client's tasks may ask for.
    pub(crate) resources: Option<Arc<Resources>>,
    /// What `Client::current` finds.
    owner: OnceLock<Weak<dyn Any + Send + Sync>>,
}

/// The tasks of a client, as what supplies them with threads sees them.
pub(in crate::exec) struct ClientSide {
    pub(in crate::exec) progress: Arc<ClientProgress>,
    pub(in crate::exec) source: Arc<dyn WorkSource>,
}

// The executors of all clients. Nothing is waited for and nothing dropped under this lock.
shared_list!(CLIENTS: Weak<Executor>);

impl Executor {
    /// How many threads may stand in for those that wait, by default.
    pub(crate) const LENDABLE: usize = 256;

    /// For the runs of one compute: its caller works, and others are invited.
    pub(crate) fn of_compute(pool: Pool) -> Arc<Executor> {
        Executor::new(pool, Executor::LENDABLE, None, None)
    }

    /// `lendable`: how many threads may stand in for those that wait.
    pub(in crate::exec) fn new(
        pool: Pool,
        lendable: usize,
        client: Option<ClientSide>,
        resources: Option<Arc<Resources>>,
    ) -> Arc<Executor> {
        let is_client = client.is_some();
        let executor = Arc::new(Executor {
            permits: Permits::new(pool.slots()),
            pool,
            occupied: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            lendable,
            outside: AtomicUsize::new(0),
            headcount: Headcount::default(),
            coming: AtomicUsize::new(0),
            helpful: AtomicUsize::new(0),
            client,
            resources,
            owner: OnceLock::new(),
        });
        if is_client {
            let mut clients = lock(&CLIENTS);
            clients.retain(|client| client.strong_count() > 0);
            clients.push(Arc::downgrade(&executor));
        }
        executor
    }

    /// Those of all clients.
    pub(in crate::exec) fn of_clients() -> Vec<Arc<Executor>> {
        let clients = lock(&CLIENTS);
        clients.iter().filter_map(Weak::upgrade).collect()
    }

    pub(crate) fn set_owner(&self, owner: Weak<dyn Any + Send + Sync>) {
        let _ = self.owner.set(owner);
    }

    pub(crate) fn owner(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.owner.get()?.upgrade()
    }

    // -------------------------------------------------------------- permits

    /// A permit, which the caller has, is for a thread that will come.
    pub(super) fn promise(&self) {
        self.headcount.promise();
    }

    /// Whether for every promised permit a thread of ours is on its way, with that of the caller.
    pub(super) fn are_lent_coming(&self) -> bool {
        self.coming.load(SeqCst) >= self.headcount.promised()
    }

    /// Takes a permit that is for a thread that has not come yet: for that thread, or for one that is here already.
    pub(in crate::exec) fn take_promised(&self) -> bool {
        self.headcount.take_promised()
    }

    /// Takes a permit back after a wait, ahead of threads that have not come yet.
    pub(in crate::exec) fn take_back(&self) {
        if !self.take_promised() {
            self.permits.take_back();
        }
    }

    /// Threads that work or wait inside, and how many of them are lent.
    pub(in crate::exec) fn threads_inside(&self) -> (usize, usize) {
        self.headcount.taking_part()
    }

    /// The calling thread has found a run. From here on it is counted, if it came to look for work.
    #[inline]
    pub(in crate::exec) fn caller_takes_part(&self) {
        self.headcount.caller_takes_part();
    }

    /// Whether no thread is inside, not even one that only looks for work.
    pub(in crate::exec) fn is_empty(&self) -> bool {
        self.headcount.is_empty()
    }

    /// Nobody needs the threads that were asked to come, and have not.
    pub(in crate::exec) fn uninvite(&self) {
        while self.take_promised() {
            self.permits.give();
        }
    }

    /// Permits that no thread works with, those included that threads were invited with which have not come yet or found
    /// nothing.
    pub(in crate::exec) fn unused_permits(&self) -> usize {
        // In this order: what a thread gives up meanwhile is counted twice rather than not at all.
        let unused = self.headcount.unused();
        (unused + self.permits.free()).min(self.permits.slots())
    }

    // -------------------------------------------------------------- help

    /// Where the work of a client is found.
    pub(in crate::exec) fn client_source(&self) -> Option<Arc<dyn WorkSource>> {
        Some(self.client.as_ref()?.source.clone())
    }

    fn progress(&self) -> Option<&ClientProgress> {
        self.client.as_ref().map(|client| &*client.progress)
    }

    /// How urgent the client's first task is that waits for a thread.
    #[inline]
    pub(in crate::exec) fn urgency(&self) -> Urgency {
        self.progress()
            .map_or(Urgency::MIN, ClientProgress::urgency)
    }

    /// A body needs one more thread, there is none, and nothing runs: asks the sleeping threads to do themselves what they
    /// wait for; `false` if they have been asked, and could not.
    pub(in crate::exec) fn ask_for_help(&self) -> bool {
        let progress = self.progress();
        self.helpful.load(Acquire) > 0 && progress.is_some_and(ClientProgress::ask_for_help)
    }

    pub(in crate::exec) fn is_asked_for_help(&self) -> bool {
        self.progress()
            .is_some_and(ClientProgress::is_asked_for_help)
    }

    /// Whether all slots are in use, and the client has not got on for a while.
    pub(in crate::exec) fn is_stuck(&self) -> bool {
        let progress = self.progress();
        progress.is_some_and(|progress| !self.permits.may_be_free() && progress.is_stuck())
    }

    /// No thread is left to go on.
    pub(in crate::exec) fn exhausted(&self) -> Error {
        let limit = self.lendable;
        let cure = match self.client {
            Some(_) => "; raise `ClientBuilder::max_lent_threads`",
            None => "",
        };
        let message = format!(
            "all threads are blocked and the limit of {limit} substitute threads is reached{cure}"
        );
        Error::run(ErrorKind::ThreadsExhausted, message)
    }
}

impl Drop for Executor {
    /// Checks that everything was given back.
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
