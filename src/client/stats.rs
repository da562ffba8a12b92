//! What a client is doing.

use crate::exec::ClientCounts;

/// What a [`Client`](crate::Client) is doing, at one moment: [`Client::stats`](crate::Client::stats).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ClientStats {
    /// How many tasks may work at once.
    pub slots: usize,
    /// How many more may begin now: free permits.
    pub permits: usize,
    /// Futures that have not ended; if there are none, tasks whose bodies have not returned, and threads that have not left.
    pub live: usize,
    /// Of these: not begun, for they wait for others or for a slot.
    pub queued: usize,
    /// Of these: begun, and not waiting.
    pub running: usize,
    /// Tasks that wait for something and have given their slot up.
    pub suspended: usize,
    /// Threads that work or wait inside tasks.
    pub threads: usize,
    /// Of these: threads that stand in for others that wait.
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
