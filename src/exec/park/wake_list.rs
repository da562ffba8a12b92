//! Who sleeps and must be woken when a run is stopped.

use super::parker::Parker;
use crate::base::sync::{Mutex, lock};
use std::sync::{Arc, Weak};

/// The parkers of sleeping threads that a stop wakes.
#[derive(Default)]
pub(in crate::exec) struct WakeList(Mutex<Vec<Weak<Parker>>>);

impl WakeList {
    pub(in crate::exec) fn add(&self, parker: &Arc<Parker>) {
        lock(&self.0).push(Arc::downgrade(parker));
    }

    pub(in crate::exec) fn remove(&self, parker: &Arc<Parker>) {
        let parker = Arc::downgrade(parker);
        let mut parkers = lock(&self.0);
        if let Some(at) = parkers.iter().position(|p| p.ptr_eq(&parker)) {
            parkers.swap_remove(at);
        }
    }

    /// How many are listed, if all of them sleep.
    pub(in crate::exec) fn count_if_all_asleep(&self) -> Option<usize> {
        let parkers = lock(&self.0);
        let awake = |parker: Arc<Parker>| !parker.is_asleep();
        let any = parkers.iter().filter_map(Weak::upgrade).any(awake);
        (!any).then_some(parkers.len())
    }

    pub(in crate::exec) fn wake_all(&self) {
        let parkers = lock(&self.0).clone();
        for parker in parkers.iter().filter_map(Weak::upgrade) {
            parker.unpark();
        }
    }
}
