//! The lines of the guide that stand beside those of Dask; `documents.rs` sees that all of them are here.

use common::{ends, on_built};
use lazygraph::{
    Client, ErrorKind, Handle, Status, as_completed, get_client, prelude::*, rejoin, secede, sync,
    worker_client,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[delayed(pure)]
fn square(x: i64) -> i64 {
    x * x
}

#[delayed]
fn total(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

#[delayed]
fn length(xs: &[i64]) -> usize {
    xs.len()
}

fn on_all(test: fn(&Client) -> Result<(), Error>) {
    on_built(
        &[1, 2, 4],
        |builder| builder.resource("gpu", 1),
        move |client| test(client).unwrap(),
    );
}

#[test]
fn delayed_values() {
    fn lines() -> Result<(), Error> {
        let y = inc(1);
        let z = call(|x: i64| 2 * x, (&y,));
        assert_eq!(z.compute()?, 4);
        let (a, b) = (inc(1), add(&y, &z));
        assert_eq!(compute!(a, b)?, (2, 6));
        assert_eq!((z.persist()? + 1).compute()?, 5);
        Ok(())
    }
    lines().unwrap();
}

#[test]
fn futures() {
    fn lines() -> Result<(), Error> {
        let client = Client::builder().threads(4).build()?;
        let x = client.submit(inc(1));
        let y = client.submit(add(&x, 10));
        assert_eq!((x.result()?, y.result()?), (2, 12));
        let apart = client.submit(square(3).impure());
        assert_eq!(
            (apart.result()?, x.result_timeout(Duration::from_secs(5))?),
            (9, 2)
        );
        let futures = client.map(inc, 0..10);
        let sum = client.submit(total(&futures));
        assert_eq!(client.gather(&futures)?.len(), 10);
        assert_eq!(client.gather_all(&futures).len(), 10);
        assert_eq!(sum.result()?, 55);
        let sums = client.starmap(add, (0..3).zip(10..));
        assert_eq!(client.gather(sums)?, [10, 12, 14]);
        let data = client.scatter(vec![1, 2, 3]);
        assert_eq!(client.submit(total(&data)).result()?, 6);
        let (a, b) = client.compute((inc(1), inc(2)));
        assert_eq!((a.result()?, b.result()?), (2, 3));
        let kept = client.persist(inc(1));
        assert_eq!(add(&kept, &kept).compute()?, 4);
        client.close();
        Ok(())
    }
    ends("it", || lines().unwrap());
}

#[test]
fn waits() {
    on_all(|client| {
        let futures = client.map(inc, 0..10);
        let (done, pending) = client.wait_all(&futures)?;
        assert_eq!((done.len(), pending.len()), (10, 0));
        let (done, _) = client.wait_any(&futures)?;
        assert_eq!(done.len(), 10);
        let (done, _) = client.wait_timeout(&futures, Duration::from_secs(5))?;
        assert_eq!(done.len(), 10);
        let mut seen = 0;
        for future in as_completed(&futures) {
            seen += future.result()?;
        }
        let mut queue = as_completed(&futures[..2]);
        queue.push(client.submit(inc(100)));
        seen += queue
            .map(|future| future.result())
            .sum::<Result<i64, _>>()?;
        assert_eq!(seen, 55 + 3 + 101);
        Ok(())
    });
}

#[test]
fn one_future() {
    on_all(|client| {
        let future = client.submit(inc(1));
        future.wait()?;
        assert_eq!(future.status(), Status::Finished);
        assert!(future.is_done() && future.error().is_none());
        let event = sync::Event::new();
        let told = event.clone();
        future.on_done(move |_| told.set());
        event.wait()?;
        let never = sync::Event::new();
        let future = client.submit(call(move || never.wait().is_ok(), ()));
        future.cancel();
        assert_eq!(future.result().unwrap_err().kind(), ErrorKind::Cancelled);
        client.submit(inc(1)).detach();
        let future = client.submit(inc(1));
        let value = pollster::block_on(async { Ok::<i64, Error>(future.await? + 1) })?;
        assert_eq!(value, 3);
        Ok(())
    });
}

#[test]
fn a_future_that_has_failed() {
    #[delayed]
    fn second_time(tries: Arc<AtomicU32>) -> Result<u32, &'static str> {
        match tries.fetch_add(1, SeqCst) {
            0 => Err("not yet"),
            n => Ok(n),
        }
    }
    on_all(|client| {
        let future = client.submit(second_time(Arc::default()));
        assert_eq!(future.result().unwrap_err().kind(), ErrorKind::Failed);
        future.retry()?;
        assert_eq!(future.result()?, 1);
        Ok(())
    });
}

#[test]
fn what_is_said_of_a_call() {
    on_all(|client| {
        let future = client.submit(inc(1).priority(10).retries(2));
        assert_eq!(future.result()?, 2);
        let future = client.submit(inc(1).resource("gpu", 1));
        assert_eq!(future.result()?, 2);
        let future = client.submit(inc(1).named("first"));
        assert_eq!(future.name(), "first");
        let two = sync::Semaphore::new(2);
        let _inside = two.acquire()?;
        Ok(())
    });
}

#[test]
fn tasks_from_tasks() {
    #[delayed]
    fn by_compute(n: i64) -> Result<i64, Error> {
        let (a, b) = compute!(inc(n), inc(n + 1))?;
        Ok(a + b)
    }
    #[delayed]
    fn by_client(n: i64) -> Result<i64, Error> {
        let client = get_client()?;
        let futures: Vec<Handle<i64>> = client.map(inc, n..n + 2);
        Ok(client.gather(futures)?.iter().sum())
    }
    #[delayed]
    fn by_secede(n: i64) -> Result<i64, Error> {
        let futures = get_client()?.map(inc, n..n + 2);
        let seceded = secede()?;
        let sum = futures.iter().map(Handle::result).sum::<Result<i64, _>>()?;
        rejoin(seceded);
        Ok(sum)
    }
    #[delayed]
    fn by_worker_client(n: i64) -> Result<i64, Error> {
        let all = worker_client(|client| client.gather(client.map(inc, n..n + 2)))?;
        Ok(all.iter().sum())
    }
    on_all(|client| {
        let (a, b, c, d) = client.compute((
            by_compute(1),
            by_client(1),
            by_secede(1),
            by_worker_client(1),
        ));
        assert_eq!(client.gather([a, b, c, d])?, [5; 4]);
        let list = client.submit(call(|| vec![1, 2, 3], ()));
        let n = client.submit(length(&list)).result()?;
        let each = client.map(|i| inc(list.to_delayed().at(i)), 0..n);
        assert_eq!(client.gather(each)?, [2, 3, 4]);
        Ok(())
    });
}
