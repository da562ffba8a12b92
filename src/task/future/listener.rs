//! Callbacks for the end of a future.

use crate::base::error::drop_payload;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

/// Called once, when a future has ended. It must be quick and must not panic.
pub(crate) type OnEnd = Box<dyn FnOnce() + Send>;

/// A callback, and the owner that it is for.
pub(super) struct Listener {
    call: OnEnd,
    /// Without the owner the callback is of no use; `None` if it has no owner.
    owner: Option<Weak<dyn Any + Send + Sync>>,
    /// It calls user code, which may take its time, or wait for others that listen.
    is_users: bool,
}

impl Listener {
    pub(super) fn new(call: OnEnd) -> Listener {
        Listener {
            call,
            owner: None,
            is_users: false,
        }
    }

    pub(super) fn of_user(call: OnEnd) -> Listener {
        Listener {
            is_users: true,
            ..Listener::new(call)
        }
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
        Listener {
            call,
            owner,
            is_users: false,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        (self.owner.as_ref()).is_none_or(|owner| owner.strong_count() > 0)
    }

    /// A panic of one (a waker may be the user's) is no other's.
    pub(super) fn notify(self) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(self.call)) {
            drop_payload(payload);
        }
    }

    /// Notifies those of user code last.
    pub(super) fn notify_all(mut listeners: Vec<Listener>) {
        listeners.sort_by_key(|listener| listener.is_users);
        listeners.into_iter().for_each(Listener::notify);
    }
}
