//! P9: `Duration::MAX` and its like mean no limit, wherever a duration is taken.

use std::time::Duration;

use common::{client_of, close, ends, quiet};
use lazygraph::sync::Event;
use lazygraph::{CancelToken, Client, ErrorKind, Options, as_completed, prelude::*};

const ENDLESS: [Duration; 4] = [
    Duration::MAX,
    Duration::from_secs(u64::MAX / 2),
    Duration::from_secs(i64::MAX as u64),
    Duration::from_secs(i64::MAX as u64 - 1_000_000_000),
];

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[delayed(pure)]
fn pure_inc(x: u64) -> u64 {
    x + 1
}

#[delayed]
fn fails(x: u64) -> Result<u64, String> {
    Err(format!("no {x}"))
}

/// A use of a duration that gives 2.
type Use = fn(&Client, Duration) -> Result<u64, Error>;

const USES: &[(&str, Use)] = &[
    ("the limit of a compute", |_, time| {
        inc(1).compute_with(&Options::new().timeout(time))
    }),
    ("the limit of a call", |_, time| {
        inc(1).timeout(time).compute()
    }),
    ("of two equal calls", |_, time| {
        let (a, b) = compute!(pure_inc(1).timeout(time), pure_inc(1))?;
        Ok(a.min(b))
    }),
    ("the limit of a task", |client, time| {
        client.submit(inc(1).timeout(time)).result()
    }),
    ("the pause between attempts", |_, time| {
        inc(1).retries(3).backoff(time).compute()
    }),
    ("result_timeout", |client, time| {
        client.submit(inc(1)).result_timeout(time)
    }),
    ("wait_timeout", |client, time| {
        let handle = client.submit(inc(1));
        let (done, left) = client.wait_timeout([&handle], time)?;
        assert_eq!((done.len(), left.len()), (1, 0));
        handle.result()
    }),
    ("next_timeout", |client, time| {
        let mut all = as_completed([client.submit(inc(1))]);
        all.next_timeout(time)?.expect("one").result()
    }),
    ("Event::wait_timeout", |client, time| {
        let event = Event::new();
        let other = event.clone();
        let set = client.submit(lazygraph::call(move |(): ()| other.set(), ((),)));
        assert!(event.wait_timeout(time)?);
        set.result()?;
        Ok(2)
    }),
];

#[test]
fn wherever_a_duration_is_taken() {
    quiet();
    ends("endless durations", || {
        let client = client_of(2);
        for (what, use_of) in USES {
            for time in ENDLESS {
                let got = use_of(&client, time);
                assert_eq!(got.unwrap(), 2, "{what}, {time:?}");
            }
        }
        close(&client);
    });
}

#[test]
fn an_endless_pause_ends_with_a_cancel() {
    quiet();
    for time in ENDLESS {
        ends("an endless pause", move || {
            let token = CancelToken::new();
            let cancel = token.clone();
            let options = Options::new().cancel(&token);
            let x = fails(1).retries(3).backoff(time);
            let waiting = std::thread::spawn(move || x.compute_with(&options));
            std::thread::sleep(Duration::from_millis(5));
            cancel.cancel();
            let e = waiting.join().unwrap().unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Cancelled, "{e:?}");

            let client = client_of(1);
            let handle = client.submit(fails(1).retries(3).backoff(time));
            std::thread::sleep(Duration::from_millis(5));
            handle.cancel();
            assert_eq!(handle.result().unwrap_err().kind(), ErrorKind::Cancelled);
            assert_eq!(client.submit(inc(1)).result().unwrap(), 2);
            close(&client);
        });
    }
}
