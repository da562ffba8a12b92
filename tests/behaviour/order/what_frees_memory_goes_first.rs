//! A task that reads the result of a future goes before one that makes a new result, at equal priority: of a hundred results
//! that are made and used up, a few are alive at once.

use common::tracked::{Meter, Tracked};
use common::{client_of, close, ends};
use lazygraph::sync::Event;
use lazygraph::{Client, Handle, get_client, prelude::*};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

const N: i64 = 100;

#[delayed]
fn load(meter: Meter, i: i64) -> Tracked {
    Tracked::new(&meter, i)
}

#[delayed]
fn parse(x: &Tracked) -> Tracked {
    x.like(x.value() + 1)
}

#[delayed]
fn write(x: &Tracked) -> i64 {
    x.value()
}

#[delayed]
fn both(x: &Tracked, y: &Tracked) -> i64 {
    x.value() + y.value()
}

/// Takes all slots of a client until it is dropped.
struct Busy(Event);

impl Busy {
    fn start(client: &Client) -> Busy {
        let go = Event::new();
        for _ in 0..client.stats().slots {
            let (begun, waits) = (Event::new(), go.clone());
            let begins = begun.clone();
            let hold = move || {
                begins.set();
                lazygraph::hold_slot(|| waits.wait()).unwrap();
            };
            client.submit(call(hold, ())).detach();
            begun.wait().unwrap();
        }
        Busy(go)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set();
    }
}

fn loads(client: &Client, meter: &Meter) -> Vec<Handle<Tracked>> {
    let meter = meter.clone();
    client.map(move |i| load(meter.clone(), i), 0..N)
}

/// The most results that are alive at once while `pipeline` runs on so many slots.
fn peak(
    slots: usize,
    pipeline: impl Fn(&Client, &Meter) -> Vec<Handle<i64>> + Send + 'static,
) -> usize {
    ends("it", move || {
        let (client, meter) = (client_of(slots), Meter::new());
        let busy = Busy::start(&client);
        let written = pipeline(&client, &meter);
        drop(busy);
        client.gather(&written).unwrap();
        close(&client);
        assert_eq!(meter.live(), 0);
        meter.peak()
    })
}

fn check(most: usize, pipeline: fn(&Client, &Meter) -> Vec<Handle<i64>>) {
    for slots in [1, 2, 4] {
        // One that is made and one that is used by each thread, and what stands between them.
        let (peak, most) = (peak(slots, pipeline), most * slots + 2 * (slots - 1));
        assert!(peak <= most, "{slots} slots: {peak} > {most}");
    }
}

#[test]
fn a_map_over_a_map_holds_a_few() {
    check(3, |client, meter| client.map(write, &loads(client, meter)));
}

#[test]
fn so_does_a_chain_of_maps() {
    check(4, |client, meter| {
        let parsed = client.map(parse, &loads(client, meter));
        client.map(write, &client.map(parse, &parsed))
    });
}

#[test]
fn so_do_consumers_that_are_submitted_one_by_one() {
    check(3, |client, meter| {
        let loaded = loads(client, meter);
        loaded.iter().map(|x| client.submit(write(x))).collect()
    });
}

#[test]
fn so_do_consumers_of_two() {
    check(4, |client, meter| {
        let loaded = loads(client, meter);
        let pairs = loaded.iter().zip(&loaded[1..]);
        client.starmap(both, pairs)
    });
}

#[test]
fn so_do_several_pipelines_at_once() {
    check(6, |client, meter| {
        let of = |_| client.map(write, &loads(client, meter));
        (0..3).flat_map(of).collect()
    });
}

#[test]
fn so_do_those_that_a_task_starts() {
    #[delayed]
    fn pipeline(meter: Meter) -> Result<i64, Error> {
        let client = get_client()?;
        let written = client.map(write, &loads(&client, &meter));
        Ok(client.gather(written)?.iter().sum())
    }
    // On more slots, some are loaded before there is somebody to read them.
    let peak = peak(1, |client, meter| {
        vec![client.submit(pipeline(meter.clone()))]
    });
    assert!(peak <= 3, "{peak}");
}

#[test]
fn consumers_of_what_was_there_before_them_go_first() {
    let peak = peak(1, |client, meter| {
        // They were loaded before by another client: the one slot here is taken.
        let before = client_of(1);
        let loaded = loads(&before, meter);
        before.wait_all(&loaded).unwrap();
        let (more, written) = (loads(client, meter), client.map(write, &loaded));
        written
            .into_iter()
            .chain(client.map(write, &more))
            .collect()
    });
    let n = N as usize;
    assert!((n..n + 3).contains(&peak), "{peak}");
}

#[test]
fn a_result_is_dropped_when_its_last_reader_has_ended_though_others_have_not() {
    let (client, meter) = (client_of(1), Meter::new());
    let (go, begun) = (Event::new(), Event::new());
    let loaded = loads(&client, &meter);
    client.wait_all(&loaded).unwrap();
    let (waits, begins) = (go.clone(), begun.clone());
    let written = client.map(
        move |(i, x): (i64, Handle<Tracked>)| {
            let (waits, begins) = (waits.clone(), begins.clone());
            let last = move |x: &Tracked| {
                if i == N - 1 {
                    begins.set();
                    waits.wait().unwrap();
                }
                x.value()
            };
            x.to_delayed().map(last)
        },
        (0..).zip(loaded),
    );
    ends("the last", move || {
        begun.wait().unwrap();
        assert_eq!(meter.live(), 1);
        go.set();
        assert_eq!(client.gather(written).unwrap().len(), N as usize);
        close(&client);
        assert_eq!(meter.live(), 0);
    });
}

#[test]
fn what_may_be_read_again_stays() {
    static FAILS: AtomicBool = AtomicBool::new(true);
    #[delayed]
    fn read(x: &Tracked) -> Result<i64, &'static str> {
        match x.value() == 3 && FAILS.load(SeqCst) {
            true => Err("not now"),
            false => Ok(x.value()),
        }
    }
    ends("it", || {
        let (client, meter) = (client_of(2), Meter::new());
        let loaded = loads(&client, &meter);
        // A graph that is used twice reads its future twice.
        let twice = read(&loaded[7]);
        let read = client.map(
            |x| {
                if x == loaded[7] {
                    twice.clone()
                } else {
                    read(x)
                }
            },
            loaded.clone(),
        );
        drop(loaded);
        let _ = client.wait_all(&read).unwrap();
        assert!(read[3].result().is_err());
        assert_eq!(
            (read[4].result().unwrap(), twice.compute().unwrap()),
            (4, 7)
        );
        // What a failed one reads is there when it is tried again.
        FAILS.store(false, SeqCst);
        read[3].retry().unwrap();
        assert_eq!(read[3].result().unwrap(), 3);
        drop(twice);
        close(&client);
        drop(read);
        assert_eq!(meter.live(), 0);
    });
}
