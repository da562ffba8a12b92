//! Wakers that several may call, each once in all.

use crate::base::sync::{Mutex, lock};
use std::sync::{Arc, Weak};

/// A waker that is called by whoever comes first.
#[derive(Clone)]
pub(in crate::exec) struct WakeOnce(Arc<Mutex<Option<Wake>>>);

type Wake = Box<dyn FnOnce() + Send>;

impl WakeOnce {
    pub(in crate::exec) fn new(wake: Wake) -> WakeOnce {
        WakeOnce(Arc::new(Mutex::new(Some(wake))))
    }

    pub(in crate::exec) fn wake(&self) {
        let wake = lock(&self.0).take();
        wake.into_iter().for_each(|wake| wake());
    }

    pub(in crate::exec) fn has_woken(&self) -> bool {
        lock(&self.0).is_none()
    }
}

/// Those that have not woken, to wake them all.
#[derive(Default)]
pub(in crate::exec) struct WakeOnceList(Mutex<Vec<Weak<Mutex<Option<Wake>>>>>);

impl WakeOnceList {
    pub(in crate::exec) fn add(&self, waker: &WakeOnce) {
        let mut list = lock(&self.0);
        if list.len() == list.capacity() {
            list.retain(|waker| waker.strong_count() > 0);
        }
        list.push(Arc::downgrade(&waker.0));
    }

    pub(in crate::exec) fn wake_all(&self) {
        let list = std::mem::take(&mut *lock(&self.0));
        let wakers = list.iter().filter_map(Weak::upgrade);
        wakers.for_each(|waker| WakeOnce(waker).wake());
    }
}
