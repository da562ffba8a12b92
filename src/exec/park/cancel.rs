//! What can be told to stop, and what can be asked whether it was.

/// Something that can be told to stop.
pub(crate) trait Cancel: Send + Sync {
    fn cancel(&self);
}

/// Something that can be asked whether it was told to stop.
pub(crate) trait IsCancelled: Send + Sync {
    fn is_cancelled(&self) -> bool;
}

/// Something that is told when its context was stopped.
pub(in crate::exec) trait OnStop: Send + Sync {
    fn stopped(&self);
}
