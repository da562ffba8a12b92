//! Callbacks for the end of a future.

use std::any::Any;
use std::sync::{Arc, Weak};

/// Called once, when a future has ended. It must be quick and must not panic.
pub(crate) type OnEnd = Box<dyn FnOnce() + Send>;

/// A callback, and the owner that it is for.
pub(super) struct Listener {
    call: OnEnd,
    /// Without the owner the callback is of no use; `None` if it has no owner.
    owner: Option<Weak<dyn Any + Send + Sync>>,
}

impl Listener {
    pub(super) fn new(call: OnEnd) -> Listener {
        Listener { call, owner: None }
    }

    pub(super) fn for_owner<L: Send + Sync + 'static>(
        owner: &Arc<L>,
        call: impl FnOnce(Arc<L>) + Send + 'static,
    ) -> Listener {
        let weak = Arc::downgrade(owner);
        let owner = Some(weak.clone() as Weak<dyn Any + Send + Sync>);
        let call = Box::new(move || {
            if let Some(owner) = weak.upgrade() {
                call(owner);
            }
        });
        Listener { call, owner }
    }

    pub(super) fn is_alive(&self) -> bool {
        (self.owner.as_ref()).is_none_or(|owner| owner.strong_count() > 0)
    }

    pub(super) fn notify(self) {
        (self.call)();
    }
}
