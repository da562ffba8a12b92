//! `Client::spawn`: async work on the user's runtime, as a future that graphs can use. It takes no slot.
#![cfg(feature = "async")]

use common::{PLANNED, on_all, wait_until};
use lazygraph::{AsyncWork, ErrorKind, Status, Transition, get_client, prelude::*, sync::Event};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// A thread for each.
fn threads(work: AsyncWork) {
    std::thread::spawn(|| pollster::block_on(work));
}

/// The smallest executor that is one: a queue of tasks, which `run` polls on the calling thread.
#[derive(Clone, Default)]
struct Runtime(Arc<Mutex<VecDeque<Arc<Task>>>>);

struct Task {
    work: Mutex<Option<AsyncWork>>,
    of: Runtime,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.of.0.lock().unwrap().push_back(self.clone());
    }
}

impl Runtime {
    fn spawn(&self, work: AsyncWork) {
        let (work, of) = (Mutex::new(Some(work)), self.clone());
        Arc::new(Task { work, of }).wake();
    }

    /// Polls whatever was woken, until nothing is; gives how often it has.
    fn run(&self) -> usize {
        self.run_some(usize::MAX)
    }

    fn run_some(&self, most: usize) -> usize {
        for polls in 0..most {
            let Some(task) = self.0.lock().unwrap().pop_front() else {
                return polls;
            };
            let mut work = task.work.lock().unwrap();
            if let Some(at) = &mut *work {
                let waker = Waker::from(task.clone());
                if Pin::new(at)
                    .poll(&mut Context::from_waker(&waker))
                    .is_ready()
                {
                    *work = None;
                }
            }
        }
        most
    }

    /// Runs until `done`.
    fn run_until(&self, done: impl Fn() -> bool) {
        assert!(wait_until(|| {
            self.run();
            done()
        }));
    }
}

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn wait_for(event: Event, x: i64) -> Result<i64, Error> {
    event.wait()?;
    Ok(x)
}

/// Counts when it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Work that never ends, and a count of those that were dropped.
fn endless() -> (
    impl Future<Output = Result<i64, Error>> + Send,
    Arc<AtomicUsize>,
) {
    let dropped = Arc::new(AtomicUsize::new(0));
    let inside = Dropped(dropped.clone());
    let work = async move {
        std::future::pending::<()>().await;
        drop(inside);
        Ok(1)
    };
    (work, dropped)
}

#[test]
fn graphs_use_it_and_it_uses_futures() {
    on_all(|client| {
        let go = Event::new();
        let x = client.submit(wait_for(go.clone(), 1));
        let y = client.spawn(threads, {
            let x = x.clone();
            async move { Ok::<_, Error>(x.await? + 10) }
        });
        let z = client.submit(inc(&y));
        let w = client.spawn(threads, {
            let (z, client) = (z.clone(), client.clone());
            async move {
                let more = client.map(inc, 0..3);
                let mut sum = (&z).await?;
                for x in more {
                    sum += x.await?;
                }
                Ok::<_, Error>(sum)
            }
        });
        assert_eq!(z.status(), Status::Waiting);
        go.set();
        assert_eq!(client.gather([&y, &z, &w]).unwrap(), [11, 12, 18]);
        assert_eq!(
            (inc(&w).compute().unwrap(), w.status()),
            (19, Status::Finished)
        );
        assert_eq!(y.name(), "spawn");
        use Transition::*;
        let chapters: Vec<_> = y.story().into_iter().map(|(_, c)| c).collect();
        assert_eq!(chapters, [Submitted, Started, Finished]);
    });
}

#[test]
fn it_takes_no_slot() {
    on_all(|client| {
        let runtime = Runtime::default();
        let open = Arc::new(AtomicUsize::new(0));
        let gate = open.clone();
        let gate = client.spawn(
            |work| runtime.spawn(work),
            poll_fn(move |context| match gate.load(SeqCst) {
                0 => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                n => Poll::Ready(Ok::<_, Error>(n as i64)),
            }),
        );
        let spawn = |i: i64| {
            let gate = gate.clone();
            let work = async move { Ok::<_, Error>(gate.await? + i) };
            client.spawn(|work| runtime.spawn(work), work)
        };
        let waits: Vec<_> = (0..100).map(spawn).collect();
        assert!(waits.iter().all(|w| w.status() == Status::Queued));
        runtime.run_some(300);
        assert!(waits.iter().all(|w| w.status() == Status::Running));
        let stats = client.stats();
        assert_eq!(
            (stats.permits, stats.suspended, stats.live),
            (stats.slots, 0, 101)
        );
        // A task has the slots for itself.
        assert_eq!(client.submit(inc(1)).result().unwrap(), 2);
        open.store(1, SeqCst);
        runtime.run();
        let sum: i64 = client.gather(waits).unwrap().iter().sum();
        assert_eq!(sum, 4950 + 100);
    });
}

#[test]
fn tasks_that_wait_for_it_give_their_slot_up() {
    #[delayed]
    fn parent(runtime: fn(AsyncWork), x: i64) -> Result<i64, Error> {
        let client = get_client()?;
        let y = client.submit(inc(x));
        client.spawn(runtime, async move { y.await }).result()
    }
    on_all(|client| {
        let parents = client.map(|x| parent(threads as fn(AsyncWork), x), 0..20);
        let sum: i64 = client.gather(parents).unwrap().iter().sum();
        assert_eq!(sum, 210);
    });
}

#[test]
fn its_failures_and_panics_are_errors_with_the_place() {
    on_all(|client| {
        let fails = client.spawn(threads, async { Err::<i64, _>("no") });
        let line = line!() - 1;
        let e = fails.result().unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Failed, "spawn"));
        assert_eq!(format!("{e:#}"), "task `spawn(..)` failed: no");
        assert!(
            e.location().contains(&format!(":{line}:")),
            "{}",
            e.location()
        );
        let io = client.spawn(threads, async { std::fs::read("/no/such/file") });
        let e = io.result_arc().unwrap_err();
        assert!(e.downcast_ref::<std::io::Error>().is_some());
        let panics = client.spawn(threads, async {
            match true {
                true => panic!("{PLANNED}"),
                false => Ok::<i64, Error>(1),
            }
        });
        assert_eq!(panics.result().unwrap_err().panic_message(), Some(PLANNED));
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("{PLANNED} in a drop");
            }
        }
        let bomb = Mutex::new(Some(Bomb));
        let drops = client.spawn(threads, {
            let mut first = true;
            poll_fn(move |_| {
                let _keep = &bomb;
                match std::mem::take(&mut first) {
                    true => Poll::Ready(Ok::<i64, Error>(1)),
                    false => Poll::Pending,
                }
            })
        });
        assert!(drops.result().unwrap_err().is_panic());
        assert_eq!(
            client.submit(inc(&fails)).result().unwrap_err().task(),
            "spawn"
        );
        assert_eq!(fails.retry().unwrap_err().kind(), ErrorKind::Invalid);
    });
}

#[test]
fn a_cancel_wakes_the_runtime_which_drops_it() {
    on_all(|client| {
        let runtime = Runtime::default();
        let (work, dropped) = endless();
        let x = client.spawn(|work| runtime.spawn(work), work);
        let other = x.clone();
        let user = client.submit(inc(&x));
        assert_eq!((runtime.run(), x.status()), (1, Status::Running));
        x.cancel();
        assert_eq!(x.status(), Status::Cancelled);
        assert_eq!(other.result().unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(user.result().unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!((runtime.run(), dropped.load(SeqCst)), (1, 1));
        // Before it was ever polled.
        let (work, dropped) = endless();
        let x = client.spawn(|work| runtime.spawn(work), work);
        x.cancel();
        assert_eq!((runtime.run(), dropped.load(SeqCst)), (1, 1));
        let (work, dropped) = endless();
        client.spawn(threads, work).cancel();
        assert!(wait_until(|| dropped.load(SeqCst) == 1));
    });
}

#[test]
fn the_last_handle_cancels_it_and_a_detached_one_does_not() {
    on_all(|client| {
        let runtime = Runtime::default();
        let (work, dropped) = endless();
        let x = client.spawn(|work| runtime.spawn(work), work);
        assert_eq!(runtime.run(), 1);
        drop(x.clone());
        assert_eq!((runtime.run(), client.stats().live), (0, 1));
        drop(x);
        assert_eq!((runtime.run(), dropped.load(SeqCst)), (1, 1));
        assert_eq!(client.stats().live, 0);
        let done = Arc::new(AtomicUsize::new(0));
        let counts = Dropped(done.clone());
        let go = client.submit(inc(1));
        let work = async move {
            let x = go.await;
            drop(counts);
            x
        };
        client.spawn(|work| runtime.spawn(work), work).detach();
        runtime.run_until(|| done.load(SeqCst) == 1 && client.stats().live == 0);
    });
}

#[test]
fn a_runtime_that_drops_it_cancels_it() {
    on_all(|client| {
        let x = client.spawn(drop, async { Ok::<_, Error>(1) });
        let e = x.result().unwrap_err();
        assert_eq!(
            (e.kind(), e.to_string().as_str()),
            (
                ErrorKind::Cancelled,
                "the runtime dropped the future before it completed"
            )
        );
        let runtime = Runtime::default();
        let x = client.spawn(|work| runtime.spawn(work), async { Ok::<_, Error>(1) });
        runtime.0.lock().unwrap().clear();
        assert_eq!(x.status(), Status::Cancelled);
    });
}

#[test]
fn it_is_cancelled_with_the_task_that_has_spawned_it_and_with_the_client() {
    #[delayed]
    fn parent(dropped: Arc<AtomicUsize>, begun: Event) -> Result<i64, Error> {
        let inside = Dropped(dropped);
        let x = get_client()?.spawn(threads, async move {
            std::future::pending::<()>().await;
            drop(inside);
            Ok::<_, Error>(1)
        });
        begun.set();
        x.result()
    }
    on_all(|client| {
        let (dropped, begun) = (Arc::new(AtomicUsize::new(0)), Event::new());
        let x = client.submit(parent(dropped.clone(), begun.clone()));
        begun.wait().unwrap();
        x.cancel();
        assert!(wait_until(|| dropped.load(SeqCst) == 1));
        // Closing does not wait for a runtime, which may be this very thread's.
        let runtime = Runtime::default();
        let (work, dropped) = endless();
        let x = client.spawn(|work| runtime.spawn(work), work);
        runtime.run();
        client.close();
        assert_eq!(x.result().unwrap_err().kind(), ErrorKind::Cancelled);
        runtime.run();
        assert_eq!(dropped.load(SeqCst), 1);
        let (work, dropped) = endless();
        let late = client.spawn(|_: AsyncWork| panic!("it is closed"), work);
        assert_eq!(dropped.load(SeqCst), 1);
        assert_eq!(late.error().unwrap().to_string(), "the client is closed");
    });
}

#[test]
fn one_thread_may_drive_a_thousand_that_wait_for_each_other() {
    on_all(|client| {
        let runtime = Runtime::default();
        let mut last = client.submit(value(0i64));
        for _ in 0..1000 {
            let before = last;
            last = client.spawn(|work| runtime.spawn(work), async move {
                Ok::<_, Error>(before.await? + 1)
            });
        }
        runtime.run_until(|| last.is_done());
        assert_eq!(last.result().unwrap(), 1000);
    });
}
