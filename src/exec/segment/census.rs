//! For models: which segments there are, so that a look at one that was reclaimed is found out.

use super::SegmentPtr;
use ahash::AHashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

fn alive() -> MutexGuard<'static, AHashSet<SegmentPtr>> {
    static ALIVE: LazyLock<Mutex<AHashSet<SegmentPtr>>> = LazyLock::new(Mutex::default);
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn born(segment: SegmentPtr) {
    alive().insert(segment);
}

pub(super) fn assert_alive(segment: SegmentPtr) {
    let is_alive = alive().contains(&segment);
    assert!(is_alive, "a look at a segment that was reclaimed");
}

pub(super) fn ended(segment: SegmentPtr) {
    assert!(alive().remove(&segment), "a segment is reclaimed twice");
}
