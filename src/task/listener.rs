//! Who is told when a future has ended.

use std::any::Any;
use std::sync::{Arc, Weak};

/// Called once, when a future has come to its end. It must be quick and must not panic.
pub(crate) type OnEnd = Box<dyn FnOnce() + Send>;

pub(super) struct Listener {
    call: OnEnd,
    /// For whom it is: `None`, or gone, or there.
    of: Option<Weak<dyn Any + Send + Sync>>,
}

impl Listener {
    pub(super) fn new(call: OnEnd) -> Listener {
        Listener { call, of: None }
    }

    /// One that is of no use when `of` is gone.
    pub(super) fn of<L: Send + Sync + 'static>(
        of: &Arc<L>,
        call: impl FnOnce(Arc<L>) + Send + 'static,
    ) -> Listener {
        let weak = Arc::downgrade(of);
        let of = Some(weak.clone() as Weak<dyn Any + Send + Sync>);
        let call = Box::new(move || {
            if let Some(of) = weak.upgrade() {
                call(of);
            }
        });
        Listener { call, of }
    }

    pub(super) fn is_there(&self) -> bool {
        self.of.as_ref().is_none_or(|of| of.strong_count() > 0)
    }

    pub(super) fn tell(self) {
        (self.call)();
    }
}
