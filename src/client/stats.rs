//! A snapshot of a client.

use crate::exec::ClientCounts;

/// A snapshot of what a [`Client`](crate::Client) is doing: [`Client::stats`](crate::Client::stats).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ClientStats {
    /// How many tasks may run at once.
    pub slots: usize,
    /// Free slots: how many more tasks may start now.
    pub permits: usize,
    /// Futures that have not completed; if there are none, tasks whose bodies have not returned, and threads
    /// that have not left.
    pub live: usize,
    /// Of these: not started, because they wait for other futures or for a slot.
    pub queued: usize,
    /// Of these: running, and not waiting.
    pub running: usize,
    /// Tasks that wait for something and have given their slot up.
    pub suspended: usize,
    /// Threads that run tasks or wait inside them.
    pub threads: usize,
    /// Of these: substitutes for threads that wait.
    pub lent: usize,
}

impl ClientStats {
    pub(super) fn of(counts: &ClientCounts) -> ClientStats {
        ClientStats {
            slots: counts.slots,
            permits: counts.free,
            live: counts.live,
            queued: counts.queued,
            running: counts.running,
            suspended: counts.suspended,
            threads: counts.threads,
            lent: counts.lent,
        }
    }
}
