//! What a thread sleeps on while others work for it, and who is to be woken when a run is stopped.

use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::atomic::Ordering::{Acquire, Release};
use crate::base::sync::{Condvar, Mutex, TimedWait, lock, unpoisoned};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Wakes one sleeper. A ring that comes before the sleeper listens is not lost.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
    /// Its sleeper sleeps, and it has not been rung.
    asleep: AtomicBool,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let mut rung = lock(&self.rung);
        *rung = true;
        self.asleep.store(false, Release);
        drop(rung);
        self.changed.notify_all();
    }

    /// Sleeps until the bell rings.
    pub(super) fn listen(&self) {
        let mut rung = lock(&self.rung);
        self.asleep.store(!*rung, Release);
        while !std::mem::take(&mut *rung) {
            rung = unpoisoned(self.changed.wait(rung));
        }
        self.asleep.store(false, Release);
    }

    /// Sleeps until the bell rings, or for so long; whether it rang.
    pub(super) fn listen_for(&self, time: Duration) -> bool {
        let mut patience = TimedWait::new(time);
        let mut rung = lock(&self.rung);
        self.asleep.store(!*rung, Release);
        let has_rung = loop {
            if std::mem::take(&mut *rung) {
                break true;
            }
            match patience.wait(&self.rung, &self.changed, rung) {
                Ok(held) => rung = held,
                Err(_) => break false,
            }
        };
        self.asleep.store(false, Release);
        has_rung
    }

    /// Sleeps until `is_so`, which is looked at again after every ring; the ring stays for the next listener.
    pub(super) fn until(&self, is_so: impl Fn() -> bool) {
        let mut rung = lock(&self.rung);
        while !is_so() {
            rung = unpoisoned(self.changed.wait(rung));
        }
    }
}

/// The bells of those who sleep and must be woken by a stop.
#[derive(Default)]
pub(super) struct Sleepers(Mutex<Vec<Weak<Bell>>>);

impl Sleepers {
    pub(super) fn add(&self, bell: &Arc<Bell>) {
        lock(&self.0).push(Arc::downgrade(bell));
    }

    pub(super) fn remove(&self, bell: &Arc<Bell>) {
        let bell = Arc::downgrade(bell);
        let mut bells = lock(&self.0);
        if let Some(at) = bells.iter().position(|b| b.ptr_eq(&bell)) {
            bells.swap_remove(at);
        }
    }

    /// How many are listed, if all of them sleep.
    pub(super) fn all_asleep(&self) -> Option<usize> {
        let bells = lock(&self.0);
        let awake = |bell: Arc<Bell>| !bell.asleep.load(Acquire);
        let any = bells.iter().filter_map(Weak::upgrade).any(awake);
        (!any).then_some(bells.len())
    }

    pub(super) fn wake(&self) {
        let bells = lock(&self.0).clone();
        for bell in bells.iter().filter_map(Weak::upgrade) {
            bell.ring();
        }
    }
}
