//! Helpers shared by the integration tests: what bodies log, values that are counted, graph shapes.

pub mod built;
pub mod gallery;
pub mod recorder;
pub mod shapes;
pub mod tracked;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError, mpsc};
use std::time::{Duration, Instant};

use lazygraph::{Hasher128, Options, Scheduler, Token};

/// Long enough for anything that ends at all, on a busy machine, in a debug build.
pub const PATIENCE: Duration = Duration::from_secs(60);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the bodies of a test's nodes did, in the order in which they did it.
///
/// A node gets a clone of it as a plain argument, so the log never adds a node to the graph.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&self, entry: impl Into<String>) {
        locked(&self.0).push(entry.into());
    }

    /// The entries so far.
    pub fn entries(&self) -> Vec<String> {
        locked(&self.0).clone()
    }

    /// The entries so far; the log is empty afterwards.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.0))
    }

    /// How many entries are exactly `entry`.
    pub fn count(&self, entry: &str) -> usize {
        locked(&self.0).iter().filter(|e| *e == entry).count()
    }

    pub fn len(&self) -> usize {
        locked(&self.0).len()
    }
}

/// A log is no part of what a call computes: all logs are equal.
impl Token for Log {
    fn token(&self, _: &mut Hasher128) {}
}

/// A place where `size` bodies meet: proof that they run at the same time.
#[derive(Clone)]
pub struct Meeting(Arc<(Mutex<usize>, Condvar, usize)>);

impl Meeting {
    pub fn of(size: usize) -> Self {
        Self(Arc::new((Mutex::new(0), Condvar::new(), size)))
    }

    /// Waits until everybody is here. `false` if somebody never came.
    pub fn join(&self) -> bool {
        let (here, changed, size) = &*self.0;
        let mut guard = locked(here);
        *guard += 1;
        changed.notify_all();
        let due = Instant::now() + PATIENCE / 4;
        while *guard < *size {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            guard = changed
                .wait_timeout(guard, left)
                .map_or_else(|e| e.into_inner().0, |r| r.0);
        }
        true
    }
}

/// A counter that bodies share.
#[derive(Clone, Default)]
pub struct Tally(Arc<AtomicUsize>);

impl Tally {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; gives the count before.
    pub fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Something to write on, and to read afterwards.
#[derive(Clone, Default)]
pub struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&locked(&self.0)).into_owned()
    }
}

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        locked(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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

/// Runs `f` on its own thread and fails, instead of hanging, when it does not end.
pub fn ends<R: Send + 'static>(what: &str, f: impl FnOnce() -> R + Send + 'static) -> R {
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
    if receive.recv_timeout(2 * PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("{what}: did not end");
    }
    thread
        .join()
        .unwrap_or_else(|payload| std::panic::resume_unwind(payload))
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

/// The serial scheduler, and the parallel one with 1, 2 and 8 workers.
pub fn schedulers() -> Vec<(String, Options)> {
    let mut all = vec![(
        "serial".to_owned(),
        Options::new().scheduler(Scheduler::Serial),
    )];
    for threads in [1, 2, 8] {
        all.push((
            format!("{threads} threads"),
            Options::new().threads(threads),
        ));
    }
    all
}

/// Every scheduler, with the optimizer on and off: a rule of the library holds on all of them.
pub fn everywhere() -> Vec<(String, Options)> {
    let mut all = schedulers();
    for (name, options) in schedulers() {
        all.push((format!("{name}, not optimized"), options.optimize(false)));
    }
    all
}

/// What a planned panic says: [`quiet`] keeps these out of the output of the tests.
pub const PLANNED: &str = "planned panic";

/// Prints nothing for panics whose message holds [`PLANNED`], or begins as planned.
pub fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.payload();
            let text = text.downcast_ref::<&str>().copied();
            let text = text.or_else(|| info.payload().downcast_ref::<String>().map(|s| &**s));
            let planned = text.is_some_and(|s| s.contains(PLANNED) || s.starts_with("planned "));
            if !planned {
                usual(info);
            }
        }));
    });
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

/// Runs `test` on a thread of its own; a test that hangs fails.
pub fn within(seconds: u64, test: impl FnOnce() + Send + 'static) {
    let (tx, rx) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        let _ = tx.send(());
    });
    match rx.recv_timeout(std::time::Duration::from_secs(seconds)) {
        Ok(()) => thread.join().unwrap(),
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
        Err(_) => panic!("still not done after {seconds} s"),
    }
}
