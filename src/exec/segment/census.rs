//! For models: where segments are alive, so that a look at one that was reclaimed is found out.

use ahash::AHashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

fn alive() -> MutexGuard<'static, AHashSet<usize>> {
    static ALIVE: LazyLock<Mutex<AHashSet<usize>>> = LazyLock::new(Mutex::default);
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn born(address: usize) {
    alive().insert(address);
}

pub(super) fn assert_alive(address: usize) {
    let is_alive = alive().contains(&address);
    assert!(is_alive, "a look at a segment that was reclaimed");
}

pub(super) fn ended(address: usize) {
    assert!(alive().remove(&address), "a segment is reclaimed twice");
}
