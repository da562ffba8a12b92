//! The constants that tune the executor, each with what set it. Limits that users can meet are named where they are enforced.
//!
//! Models run small graphs, and their clock goes as it likes: hence the second values.

use std::time::Duration;

const MODEL: bool = cfg!(lazygraph_shuttle);

// ------------------------------------------------------------------ looking for work

/// How often a participant that finds nothing looks again before it leaves, and how many pauses of the processor lie between.
/// Together about as long as it takes to have a thread come again.
pub(super) const LOOKS: u32 = if MODEL { 1 } else { 48 };
pub(super) const SPINS: u32 = if MODEL { 1 } else { 32 };

/// The most sources of a plan that a participant takes at once: a take is one contended atomic operation.
pub(super) const SOURCE_CHUNK: usize = 32;

// ------------------------------------------------------------------ beginning alone (`drive/probe.rs`)

/// With fewer units than this, the first might be most of the work, and is not to keep others waiting.
pub(super) const PROBE_UNITS: usize = if MODEL { 12 } else { 1024 };
/// How long a thread executes nodes alone before it decides, in nanoseconds: about as long as it takes to have another come.
pub(super) const PROBE_TIME: f64 = if MODEL { 5e3 } else { 20e3 };
/// Less work than this, in nanoseconds, is left to one thread.
pub(super) const WORTH_SHARING: f64 = if MODEL { 20e3 } else { 150e3 };
/// Nodes that take longer than this, in nanoseconds, are handed out one by one. On two threads, in ns per independent node,
/// groups and one by one: 27 and 74 (nodes of 40 ns), 50 and 90 (85 ns), 93 and 130 (170 ns), 183 and 215 (350 ns).
pub(super) const WORTH_A_UNIT: f64 = if MODEL { 10e3 } else { 500.0 };
/// How long a group of tiny nodes takes, in nanoseconds: so long that handing it over does not count.
pub(super) const GROUP_TIME: f64 = 20e3;
/// Fewer groups than this that could run at once are left to one thread.
pub(super) const GROUPS_AT_ONCE: f64 = if MODEL { 1.0 } else { 1.5 };
/// The most nodes between two looks at the clock while a thread begins alone.
pub(super) const PROBE_SLICE: usize = 1 << 12;

/// How many nodes lie between two looks at the clock where others wait for what a thread executes. A look takes 27 ns, so it
/// is 1.7 ns per node.
pub(super) const LOOK_AFTER: u32 = if MODEL { 2 } else { 16 };
/// Nodes that take longer than this on the average, in nanoseconds, are shared, though those before were tiny.
pub(super) const SLOW_NODE: f64 = 5e3;

// ------------------------------------------------------------------ executing nodes

/// So many nodes before it runs, a node is brought into the cache.
pub(super) const PREFETCH_NODES: usize = 12;
/// With fewer pure nodes a ledger costs more than the entries that it saves.
pub(super) const LEDGER_NODES: usize = if MODEL { 2 } else { 8 };

// ------------------------------------------------------------------ waiting

/// How long a thread that comes back from a wait waits for a free slot before it goes on with one too many: the holders of all
/// slots may want a lock that it holds.
pub(super) const RETURN_PATIENCE: Duration = Duration::from_millis(2);
/// The same where one is too many already, doubled with each further one, so many times: bodies that hold locks which others
/// want are told from those that take long only by that nothing moves.
pub(super) const LONG_PATIENCE: Duration = Duration::from_millis(100);
pub(super) const PATIENCE_DOUBLINGS: usize = 3;
/// How long a waiting body sleeps before it looks again for work that it waits for. It is woken by what it waits for itself;
/// this is for what that needs in turn. Doubled after each look, up to `LONGEST_SLEEP`: a thread that sleeps for long costs
/// nothing.
pub(super) const FIRST_SLEEP: Duration = Duration::from_millis(10);
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// For how long a client must not have got on before a thread too many is started; doubled each time, `STUCK_DOUBLINGS` times.
pub(super) const STUCK_AFTER: Duration = Duration::from_millis(50);
pub(super) const STUCK_DOUBLINGS: u32 = 5;
/// The most futures that a waiting body follows to find work: the rest is other threads' work.
pub(super) const FUTURES_FOLLOWED: usize = 256;
/// How long a lent thread leaves its slot to a body that has seceded and launches tasks: most then wait for these, and do them
/// themselves.
pub(super) const LENT_GRACE: Duration = Duration::from_micros(500);

// ------------------------------------------------------------------ pools

/// The most threads of a pool of our own, and for each core where that is more. Each that starts looks for work at all others: on
/// two cores 500 take half a second, 1000 take 2, and 2000 take 10.
pub(super) const MOST_THREADS: usize = 512;
pub(super) const THREADS_PER_CORE: usize = 8;
/// How many pools are kept for computes that ask for a number of threads.
pub(super) const POOLS_KEPT: usize = 4;

// ------------------------------------------------------------------ stacks

/// How much stack a nested compute wants to see, and how much it is given where there is less. The first is what its body is sure
/// of, and a little: half of what a thread of the standard library has, so that what begins on such a thread stays there. The
/// second is address space: pages that are not touched take no memory.
pub(super) const STACK_LEFT: usize = (1 << 20) + (64 << 10);
pub(super) const STACK_MORE: usize = 8 << 20;
/// What the depths of two jobs in the main loop of a pool thread may differ by.
pub(super) const BOTTOM_SLACK: usize = 256;

// ------------------------------------------------------------------ what is kept of a task

/// The most futures of one task whose transitions are recorded: 24 bytes for each transition.
pub(super) const FUTURES_RECORDED: usize = 4096;
