//! What a thread sleeps on while others work for it.

use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::atomic::Ordering::{Acquire, Release};
use crate::base::sync::{Condvar, Mutex, TimedWait, lock, unpoisoned};
use std::time::Duration;

/// Wakes one sleeping thread. An `unpark` that comes before the thread parks is not lost.
#[derive(Default)]
pub(crate) struct Parker {
    unparked: Mutex<bool>,
    changed: Condvar,
    /// Its thread sleeps, and has not been woken.
    asleep: AtomicBool,
}

impl Parker {
    pub(crate) fn unpark(&self) {
        let mut unparked = lock(&self.unparked);
        *unparked = true;
        self.asleep.store(false, Release);
        drop(unparked);
        self.changed.notify_all();
    }

    /// Sleeps until `unpark`.
    pub(in crate::exec) fn park(&self) {
        let mut unparked = lock(&self.unparked);
        self.asleep.store(!*unparked, Release);
        while !std::mem::take(&mut *unparked) {
            unparked = unpoisoned(self.changed.wait(unparked));
        }
        self.asleep.store(false, Release);
    }

    /// Sleeps until `unpark`, or for `time`; whether it was `unpark`.
    pub(in crate::exec) fn park_timeout(&self, time: Duration) -> bool {
        let mut patience = TimedWait::new(time);
        let mut unparked = lock(&self.unparked);
        self.asleep.store(!*unparked, Release);
        let was_unparked = loop {
            if std::mem::take(&mut *unparked) {
                break true;
            }
            match patience.wait(&self.unparked, &self.changed, unparked) {
                Ok(held) => unparked = held,
                Err(_) => break false,
            }
        };
        self.asleep.store(false, Release);
        was_unparked
    }

    /// Sleeps until `condition` holds, which is asked again after every `unpark`; the token stays for the next who parks.
    pub(in crate::exec) fn park_until(&self, condition: impl Fn() -> bool) {
        let mut unparked = lock(&self.unparked);
        while !condition() {
            unparked = unpoisoned(self.changed.wait(unparked));
        }
    }

    pub(super) fn is_asleep(&self) -> bool {
        self.asleep.load(Acquire)
    }
}
