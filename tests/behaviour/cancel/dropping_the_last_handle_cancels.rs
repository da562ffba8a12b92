//! When nobody wants a future any more, its work is cancelled: what has not begun never does, a body that runs is told. Not if
//! it is detached, or another future needs it.

use common::{close, ends, on, on_all, wait_until};
use lazygraph::sync::Event;
use lazygraph::{Client, ErrorKind, Handle, get_client, prelude::*};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// What happens to a body that runs until it is told to stop, or may end.
#[derive(Clone, Default)]
struct Fate(Arc<FateState>);

#[derive(Default)]
struct FateState {
    begun: AtomicUsize,
    told: AtomicUsize,
    ended: AtomicUsize,
    may_end: AtomicUsize,
}

#[delayed]
fn work(fate: Fate, x: i64) -> Result<i64, Error> {
    let FateState {
        begun,
        told,
        ended,
        may_end,
    } = &*fate.0;
    begun.fetch_add(1, SeqCst);
    while may_end.load(SeqCst) == 0 {
        if let Err(error) = lazygraph::check() {
            told.fetch_add(1, SeqCst);
            return Err(error);
        }
        std::thread::yield_now();
    }
    ended.fetch_add(1, SeqCst);
    Ok(x)
}

/// Waits for a future in its body.
#[delayed]
fn reads(x: Arc<Handle<i64>>) -> Result<i64, Error> {
    x.result()
}

#[delayed]
fn twice(x: i64) -> i64 {
    2 * x
}

impl Fate {
    fn has_begun(&self, n: usize) {
        assert!(wait_until(|| self.0.begun.load(SeqCst) >= n));
    }
    #[track_caller]
    fn is_told(&self, n: usize) {
        assert!(wait_until(|| self.0.told.load(SeqCst) >= n), "not told");
        assert_eq!(self.0.told.load(SeqCst), n);
        assert_eq!(self.0.ended.load(SeqCst), 0);
    }
    /// It goes on, and ends well.
    #[track_caller]
    fn goes_on(&self, n: usize) {
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(self.0.told.load(SeqCst), 0);
        self.0.may_end.store(1, SeqCst);
        assert!(wait_until(|| self.0.ended.load(SeqCst) == n));
    }
}

#[test]
fn of_a_call() {
    on_all(|client| {
        let fate = Fate::default();
        let future = client.submit(work(fate.clone(), 1));
        let other = future.clone();
        fate.has_begun(1);
        drop(future);
        assert_eq!(other.status(), lazygraph::Status::Running);
        drop(other);
        fate.is_told(1);
    });
}

#[test]
fn of_elements_of_a_map_that_nobody_wants() {
    on(&[2], |client| {
        let fate = Fate::default();
        let of = fate.clone();
        let mut futures = client.map(move |x| work(of.clone(), x), [1, 2, 3]);
        fate.has_begun(2);
        // One that has not begun, and the first; the second goes on.
        drop(futures.remove(2));
        drop(futures.remove(0));
        assert!(wait_until(|| fate.0.told.load(SeqCst) == 1));
        fate.0.may_end.store(1, SeqCst);
        assert_eq!(client.gather(futures).unwrap(), [2]);
        assert_eq!(fate.0.begun.load(SeqCst), 2);
    });
}

#[test]
fn of_a_body_that_waits() {
    on_all(|client| {
        let (begun, told) = (Event::new(), Event::new());
        let (begins, tells) = (begun.clone(), told.clone());
        let never = Event::new();
        let future = client.submit(call(
            move || {
                begins.set();
                let error = never.wait().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Cancelled);
                tells.set();
            },
            (),
        ));
        begun.wait().unwrap();
        drop(future);
        told.wait().unwrap();
    });
}

#[test]
fn of_a_request_that_is_not_awaited_any_more() {
    on(&[1], |client| {
        use std::future::IntoFuture;
        let fate = Fate::default();
        let mut request = Box::pin(client.submit(work(fate.clone(), 1)).into_future());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(request.as_mut().poll(&mut context).is_pending());
        fate.has_begun(1);
        drop(request);
        fate.is_told(1);
    });
}

#[test]
fn but_nothing_that_its_body_has_detached() {
    #[delayed]
    fn parent(child: Fate, own: Fate) -> Result<i64, Error> {
        let client = get_client()?;
        client.submit(work(child, 1)).detach();
        work::now(own, 2)
    }
    on(&[2], |client| {
        let (child, own) = (Fate::default(), Fate::default());
        let future = client.submit(parent(child.clone(), own.clone()));
        own.has_begun(1);
        child.has_begun(1);
        drop(future);
        own.is_told(1);
        child.goes_on(1);
    });
}

#[test]
fn and_what_its_body_waits_for() {
    #[delayed]
    fn parent(fate: Fate) -> Result<i64, Error> {
        let client = get_client()?;
        let children = client.map(move |x| work(fate.clone(), x), 0..2);
        Ok(client.gather(children)?.iter().sum())
    }
    on(&[2], |client| {
        let fate = Fate::default();
        let future = client.submit(parent(fate.clone()));
        fate.has_begun(2);
        drop(future);
        fate.is_told(2);
    });
}

#[test]
fn not_what_is_detached() {
    on_all(|client| {
        let fate = Fate::default();
        let (one, more) = (fate.clone(), fate.clone());
        client.submit(work(one, 1)).detach();
        client
            .map(move |x| work(more.clone(), x), 0..3)
            .into_iter()
            .for_each(Handle::detach);
        fate.has_begun(1);
        fate.goes_on(4);
    });
}

#[test]
fn not_what_others_need() {
    type Needs = fn(&Client, Handle<i64>) -> Handle<i64>;
    let needs: [Needs; 4] = [
        |client, x| client.submit(twice(&x)),
        |client, x| client.map(twice, [x]).remove(0),
        |client, x| client.submit(twice(21).after(&x.to_delayed())),
        |client, x| client.submit(reads(Arc::new(x))),
    ];
    on(&[1, 2], move |client| {
        for needs in needs {
            let fate = Fate::default();
            let x = client.submit(work(fate.clone(), 21));
            fate.has_begun(1);
            let y = needs(client, x);
            fate.goes_on(1);
            assert!([21, 42].contains(&y.result().unwrap()));
        }
    });
}

#[test]
fn not_an_output_that_another_output_needs_until_that_is_dropped() {
    on(&[1, 2], |client| {
        for is_wanted in [true, false] {
            let fate = Fate::default();
            let x = work(fate.clone(), 21);
            let (a, b, c) = client.compute((&x, twice(&x), twice(twice(&x))));
            fate.has_begun(1);
            drop(a);
            drop(b);
            if is_wanted {
                fate.goes_on(1);
                assert_eq!(c.result().unwrap(), 84);
            } else {
                drop(c);
                fate.is_told(1);
            }
        }
    });
}

#[test]
fn handles_may_be_dropped_at_any_time() {
    on_all(|client| {
        for round in 0..200 {
            let x = value(round).map(|x| x + 1);
            let (a, b) = client.compute((&x, twice_of(&x)));
            let threads: Vec<_> = [a, b]
                .into_iter()
                .map(|h| std::thread::spawn(move || drop(h)))
                .collect();
            threads.into_iter().for_each(|t| t.join().unwrap());
            let (a, b) = client.compute((&x, twice_of(&x)));
            drop(a);
            assert_eq!(b.result().unwrap(), 2 * (round + 1));
        }
    });
}

#[delayed]
fn twice_of(x: i32) -> i32 {
    2 * x
}

#[test]
fn a_closed_client_waits_for_those_that_were_told() {
    ends("it", || {
        let client = common::client_of(1);
        let fate = Fate::default();
        let future = client.submit(work(fate.clone(), 1));
        fate.has_begun(1);
        drop(future);
        close(&client);
        assert_eq!(fate.0.told.load(SeqCst), 1);
    });
}
