//! Units that are worked off last in, first out: a deque for each participant, and what comes from outside.

use super::ready_unit::ReadyUnit;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::atomic::Ordering::Relaxed;
use crate::base::sync::{OnceLock, RwLock, unpoisoned};
use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use std::cell::OnceCell;

/// The deques of all participants, as thieves see them, and the injector.
#[derive(Default)]
pub(super) struct Deques {
    stealers: RwLock<Vec<(usize, Stealer<ReadyUnit>)>>,
    entered: AtomicUsize,
    /// What comes from outside the participants: units woken from the memo. Made when there is some: it is large, and few runs
    /// need it.
    injector: OnceLock<Box<Injector<ReadyUnit>>>,
}

/// A participant's own end of the queue.
pub(in crate::exec) struct WorkerDeque {
    /// Made when there is something to put into it: many runs are one unit.
    deque: OnceCell<Worker<ReadyUnit>>,
    number: usize,
}

impl WorkerDeque {
    pub(super) fn pop(&self) -> Option<ReadyUnit> {
        self.deque.get().and_then(Worker::pop)
    }
}

impl Deques {
    pub(super) fn enter(&self) -> WorkerDeque {
        WorkerDeque {
            deque: OnceCell::new(),
            number: self.entered.fetch_add(1, Relaxed),
        }
    }

    /// What is left in the deque is put where others find it.
    pub(super) fn exit(&self, local: &WorkerDeque) {
        let Some(deque) = local.deque.get() else {
            return;
        };
        while let Some(item) = deque.pop() {
            self.inject(item);
        }
        unpoisoned(self.stealers.write()).retain(|(number, _)| *number != local.number);
    }

    fn deque<'l>(&self, local: &'l WorkerDeque) -> &'l Worker<ReadyUnit> {
        local.deque.get_or_init(|| {
            let deque = Worker::new_lifo();
            unpoisoned(self.stealers.write()).push((local.number, deque.stealer()));
            deque
        })
    }

    pub(super) fn push(&self, local: &WorkerDeque, item: ReadyUnit) {
        self.deque(local).push(item);
    }

    pub(super) fn inject(&self, item: ReadyUnit) {
        self.injector.get_or_init(Box::default).push(item);
    }

    /// An item from the injector.
    pub(super) fn take_injected(&self) -> Option<ReadyUnit> {
        let injector = self.injector.get()?;
        loop {
            match injector.steal() {
                Steal::Success(item) => return Some(item),
                Steal::Retry => {}
                Steal::Empty => return None,
            }
        }
    }

    /// Whether there are items from outside. A guess.
    pub(super) fn have_injected(&self) -> bool {
        self.injector
            .get()
            .is_some_and(|injector| !injector.is_empty())
    }

    /// An item from the injector or another participant's deque, with a batch of others for the caller's own.
    pub(super) fn steal(&self, local: &WorkerDeque) -> Option<ReadyUnit> {
        let any = !unpoisoned(self.stealers.read()).is_empty();
        let own = any.then(|| self.deque(local));
        loop {
            let mut retry = false;
            match self.injector.get().map(|injector| injector.steal()) {
                Some(Steal::Success(item)) => return Some(item),
                Some(Steal::Retry) => retry = true,
                Some(Steal::Empty) | None => {}
            }
            if let Some(own) = own {
                for (_, stealer) in unpoisoned(self.stealers.read()).iter() {
                    match stealer.steal_batch_and_pop(own) {
                        Steal::Success(item) => return Some(item),
                        Steal::Retry => retry = true,
                        Steal::Empty => {}
                    }
                }
            }
            if !retry {
                return None;
            }
        }
    }

    /// Whether a thief would find something. A guess.
    pub(super) fn have_items(&self) -> bool {
        let stealers = unpoisoned(self.stealers.read());
        let injected = self.injector.get().is_some_and(|i| !i.is_empty());
        injected || stealers.iter().any(|(_, s)| !s.is_empty())
    }
}
