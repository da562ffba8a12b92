//! `as_completed`, `wait_all`, `wait_any`, `wait_timeout`: nothing is lost, whatever ends first.

use common::on;
use lazygraph::sync::Event;
use lazygraph::{Handle, as_completed, get_client, prelude::*};
use std::time::Duration;

#[delayed]
fn when(event: Event, x: usize) -> Result<usize, Error> {
    event.wait()?;
    Ok(x)
}

#[test]
fn in_the_order_in_which_they_end() {
    on(&[1, 2, 4], |client| {
        let events: Vec<Event> = (0..4).map(|_| Event::new()).collect();
        let futures: Vec<_> = (0..4)
            .map(|i| client.submit(when(events[i].clone(), i)))
            .collect();
        let mut completed = as_completed(&futures);
        assert!(completed.try_next().is_none());
        for i in [2, 0, 3, 1] {
            events[i].set();
            assert_eq!(completed.next().unwrap().result().unwrap(), i);
        }
        assert!(completed.next().is_none());
    });
}

#[test]
fn more_may_be_pushed_and_failures_are_given_too() {
    #[delayed]
    fn collatz(n: u64) -> Result<u64, String> {
        match n {
            7 => Err("seven".into()),
            n if n % 2 == 0 => Ok(n / 2),
            n => Ok(3 * n + 1),
        }
    }
    on(&[1, 2, 4], |client| {
        let mut completed = as_completed(client.map(collatz, [6, 7, 5]));
        let (mut failed, mut ones) = (0, 0);
        while let Some(future) = completed.next() {
            match future.result() {
                Ok(1) => ones += 1,
                Ok(n) => completed.push(client.submit(collatz(n))),
                Err(_) => failed += 1,
            }
        }
        assert_eq!((failed, ones), (1, 2));
    });
}

#[test]
fn inside_a_task_it_gives_the_slot_up() {
    #[delayed]
    fn square(x: u64) -> u64 {
        x * x
    }
    #[delayed]
    fn task(n: u64) -> Result<u64, Error> {
        let client = get_client()?;
        let each: Vec<Handle<u64>> = (0..n).map(|x| client.submit(square(x))).collect();
        let mut sum = 0;
        for future in as_completed(each) {
            sum += future.result()?;
        }
        for future in as_completed(client.map(square, 0..n)) {
            sum += future.result()?;
        }
        let each: Vec<Handle<u64>> = (0..n).map(|x| client.submit(square(x))).collect();
        let (mut done, mut pending) = client.wait_any(each)?;
        while !pending.is_empty() {
            let (more, rest) = client.wait_any(pending)?;
            assert!(!more.is_empty());
            done.extend(more);
            pending = rest;
        }
        for future in done {
            sum += future.result()?;
        }
        Ok(sum)
    }
    on(&[1, 2, 4], |client| {
        let one = (0..10).map(|x| x * x).sum::<u64>();
        let all = client.gather(client.map(task, [10; 8])).unwrap();
        assert_eq!(all, [3 * one; 8]);
    });
}

#[test]
fn the_waits_always_give_both_parts() {
    on(&[1, 2, 4], |client| {
        let go = Event::new();
        let slow = client.submit(when(go.clone(), 0));
        let quick = client.submit(call(|| 1usize, ()));
        let (done, pending) = client.wait_any([&slow, &quick]).unwrap();
        assert_eq!((done, pending), (vec![&quick], vec![&slow]));
        let (done, pending) = client
            .wait_timeout([&slow, &quick], Duration::from_millis(5))
            .unwrap();
        assert_eq!((done.len(), pending.len()), (1, 1));
        go.set();
        let (done, pending) = client.wait_all(vec![slow.clone(), quick.clone()]).unwrap();
        assert_eq!((done, pending), (vec![slow, quick], vec![]));
        let none: [Handle<usize>; 0] = [];
        assert_eq!(client.wait_any(none).unwrap(), (vec![], vec![]));
    });
}

#[cfg(feature = "async")]
#[test]
fn they_are_a_stream_as_well() {
    use futures_core::Stream;
    use std::pin::pin;
    on(&[1, 2], |client| {
        let mut stream = pin!(as_completed(client.map(|x: u64| value(x), 0..10)));
        let mut sum = 0;
        pollster::block_on(async {
            while let Some(future) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await
            {
                sum += future.await.unwrap();
            }
        });
        assert_eq!(sum, 45);
    });
}
