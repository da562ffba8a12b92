//! Tests that hang fail instead; what they wait for comes about soon or not at all.

use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Long enough for anything that ends at all, on a busy machine, in a debug build.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `f` on its own thread and fails, instead of hanging, when it does not end.
pub fn ends<R: Send + 'static>(what: &str, f: impl FnOnce() -> R + Send + 'static) -> R {
    ends_within(2 * PATIENCE, what, f)
}

/// The same for what takes longer.
pub fn ends_within<R: Send + 'static>(
    limit: Duration,
    what: &str,
    f: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (send, receive) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name(what.to_owned())
        .spawn(move || {
            let result = f();
            // The receiver is gone only when the test has failed already.
            let _ = send.send(());
            result
        })
        .expect("a thread can be started");
    if receive.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("{what}: did not end within {} s", limit.as_secs());
    }
    thread
        .join()
        .unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

/// Waits until `done`, at most [`PATIENCE`] / 4; says whether it came about.
pub fn wait_until(done: impl Fn() -> bool) -> bool {
    let due = Instant::now() + PATIENCE / 4;
    while !done() {
        if Instant::now() > due {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Runs `f` on a thread with a stack of 512 KiB.
pub fn on_a_small_stack<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    std::thread::Builder::new()
        .stack_size(512 << 10)
        .spawn(f)
        .expect("a thread can be started")
        .join()
        .unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

/// Threads of this process, as the system counts them.
#[cfg(target_os = "linux")]
pub fn thread_count() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system tells");
    status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"))
        .and_then(|n| n.trim().parse().ok())
        .expect("a number of threads")
}
