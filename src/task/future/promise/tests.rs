//! Tests of a single future.

use super::*;
use crate::base::error::ErrorKind;

#[test]
fn listeners_that_are_gone_make_room_for_others() {
    let promise = Promise::new();
    let stays = Arc::new(AtomicU32::new(0));
    for _ in 0..100_000 {
        promise.on_end_for(&Arc::new(()), |_| panic!("its owner is gone"));
        promise.on_end_for(&stays, |stays| _ = stays.fetch_add(1, AcqRel));
        if Arc::weak_count(&stays) == 200 {
            break;
        }
    }
    let listeners = lock(promise.locked()).listeners.len();
    // Each listener that stays counts twice, as the owner and in its call.
    assert!((100..=512).contains(&listeners), "{listeners}");
    let error = Error::run(ErrorKind::Cancelled, "");
    let failure = RetryableError {
        error,
        retry_with: None,
    };
    promise.complete(0, Err(failure), || (), |_| ());
    assert_eq!(stays.load(Acquire), 100);
}
