//! Where an invited thread looks for work.

/// The runs of a compute, or the tasks of a client.
pub(in crate::exec) trait WorkSource: Send + Sync {
    /// Whether a thread that came now would find something. A guess.
    fn has_work(&self) -> bool;
    /// Works on what it finds; `false`: there was nothing.
    fn work(&self) -> bool;
    /// Whether the stack of this thread is no body's, so that any work may start on it (promise P5).
    fn may_start_here(&self) -> bool;
    /// Whether no other thread might look for the work if an invitation is declined.
    fn must_be_answered(&self) -> bool;
    /// Whether the calling thread will probably do the work itself.
    fn is_caller_helping(&self) -> bool;
}
